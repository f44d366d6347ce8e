"""Many texts from a file, classified while one goes on looking around."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core.classification import ClassifiedText, classified_text
from core.engine.client import EngineClient
from core.engine.protocol import (
    Cancelled,
    ClassificationDone,
    Classified,
    Classify,
    Failed,
    Loading,
    ModelInfo,
    Overtaken,
    Reply,
    RowsClassified,
)
from core.errors import TermformerError
from core.text.lines import LineReader
from core.text.sentences import Sentence, parse_sentence
from core.text.visible import visible
from core.typed_paths import typed_path
from tui.panes.pipeline.answers import Item

MOST_LINES = 200_000
"""Lines of a file that are classified."""


@dataclass(frozen=True)
class ManyTexts:
    """The texts of a file; `left_out` says that it has more lines than are classified."""

    path: Path
    sentences: list[Sentence]
    left_out: bool = False
    invalid: bool = False
    """Whether it held bytes that are no UTF-8; they are replaced."""


async def read_texts(path: Path) -> ManyTexts:
    """The lines of a file that hold text, read in a thread. Raises `TermformerError`."""
    return await asyncio.to_thread(_read, path)


def _read(path: Path) -> ManyTexts:
    sentences: list[Sentence] = []
    try:
        with typed_path(path).open("rb") as file:
            reader = LineReader(file)
            for block in reader.whole_lines():
                sentences += [parse_sentence(line) for line in block.lines if line.strip()]
                if len(sentences) > MOST_LINES:
                    break
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TermformerError(f"{visible(str(path))} could not be read: {reason}.") from error
    if not sentences:
        raise TermformerError(f"{visible(str(path))} holds no text: choose another file.")
    return ManyTexts(
        path,
        sentences[:MOST_LINES],
        len(sentences) > MOST_LINES,
        reader.invalid_from is not None,
    )


@dataclass
class ManyAnswers:
    """What came of the texts so far; rows come in no particular order."""

    texts: ManyTexts
    info: ModelInfo
    """The model that was asked."""
    items: list[Item] = field(default_factory=list)
    state: Literal["running", "done", "cancelled", "failed"] = "running"
    done: int = 0
    stage: str = ""
    """What the engine does before the first row."""
    problem: str = ""
    seconds: float = 0.0
    _request: int | None = None

    @property
    def refused(self) -> bool:
        """Whether nothing came of any text."""
        return bool(self.problem) and not self.done

    def start(self, engine: EngineClient) -> None:
        """Asks for all of them, those that were answered before too."""
        self.items = [Item(sentence) for sentence in self.texts.sentences]
        self.state, self.done, self.problem = "running", 0, ""
        pairs = [(each.text, each.text_pair) for each in self.texts.sentences]
        self._request = engine.post(Classify(id=0, model=self.info.name, sentences=pairs))

    def cancel(self, engine: EngineClient) -> None:
        """Gives the rest up; what was answered stays."""
        if self._request is not None and self.state == "running":
            engine.cancel(self._request)

    def take(self, reply: Reply) -> bool:
        """Takes `reply` if it is to these texts; returns whether it is."""
        if self._request is None or reply.id != self._request:
            return False
        match reply:
            case Loading(stage=stage):
                self.stage = stage
            case RowsClassified():
                self._hold(reply)
            case ClassificationDone(seconds=seconds):
                self.state, self.seconds = "done", seconds
            case Failed(message=message):
                self.state, self.problem = "failed", message
            case Cancelled() | Overtaken():
                self.state = "cancelled"
            case _:
                return False
        return True

    def _hold(self, reply: RowsClassified) -> None:
        self.stage, self.done = "", reply.done
        cut = set(reply.truncated)
        for index, row in zip(reply.indices, reply.rows, strict=True):
            sentence = self.texts.sentences[index]
            self.items[index] = Item(sentence, classified=row, holds=True, truncated=index in cut)

    def rows(self, order: list[int]) -> list[ClassifiedText]:
        """What was answered, in `order`, as it is written to a file."""
        found: list[tuple[Sentence, Classified]] = [
            (self.items[place].sentence, said)
            for place in order
            if (said := self.items[place].classified) is not None
        ]
        return [classified_text(sentence, said) for sentence, said in found]
