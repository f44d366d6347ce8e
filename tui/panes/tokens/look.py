"""What the views of the Tokens pane look at: the batch, and the token under the cursor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from core.text.counts import Counter
from core.text.detail import DetailReader
from core.text.encoding import Batch, Encoding
from core.text.options import EncodeOptions
from core.text.sentences import Sentence
from core.text.stages import StageReader
from core.text.tokenizer import TextTokenizer


class Readers:
    """What looks into one tokenizer; each part is made when it is first asked for."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self.tokenizer = tokenizer
        self.counter = Counter(tokenizer)
        self.stages = StageReader(tokenizer)

    @cached_property
    def detail(self) -> DetailReader:
        """Looks up single tokens."""
        return DetailReader(self.tokenizer)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The batch as it is laid out with the tokenizer of model `name`, and the cursor in it.

    `row` and `column` are a cell of the padded batch, `number` is the sentence (from 0) that the
    row is of. `wholes` are the encodings of all sentences before anything was cut or padded;
    `typing` is whether keys go into the editor.
    """

    name: str
    batch: Batch
    options: EncodeOptions
    readers: Readers
    wholes: tuple[Encoding, ...]
    number: int
    row: int
    column: int
    typing: bool

    @property
    def encoding(self) -> Encoding:
        """The row under the cursor."""
        return self.batch.encodings[self.row]

    @property
    def whole(self) -> Encoding:
        """The sentence under the cursor, nothing cut."""
        return self.wholes[self.number]

    @property
    def sentence(self) -> Sentence:
        """The sentence under the cursor."""
        return self.whole.sentence

    @property
    def position(self) -> int | None:
        """The place of the token under the cursor in its row; None on padding."""
        position = self.column - self.batch.lead(self.row)
        return position if 0 <= position < len(self.encoding) else None

    @property
    def place(self) -> tuple[int, int]:
        """The text (0 or 1) and the character of it that the cursor's token begins with.

        For a token that stands for none, and for padding: those of the nearest one before it.
        """
        encoding = self.encoding
        position = min(max(0, self.column - self.batch.lead(self.row)), len(encoding) - 1)
        while position > 0 and encoding.sequence_ids[position] is None:
            position -= 1
        sequence = encoding.sequence_ids[position] if len(encoding) else None
        return (0, 0) if sequence is None else (sequence, encoding.span(position)[0])
