"""What the pipeline says, as files and as Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from core.classification import ClassifiedText, classified_text, csv_pieces, json_pieces
from core.engine.protocol import ModelInfo, PipelineRan
from core.snippets.pipeline import file_code, stages_code
from core.text.sentences import Sentence
from core.typed_paths import typed_path
from tui.panes.pipeline.many import ManyAnswers
from tui.panes.pipeline.texts import ShownTexts
from tui.sources import checkpoint_of, takes_token_types
from tui.widgets.pane import Code, Export


def code_of(texts: ShownTexts) -> Code | None:
    """The Python that gives what is shown; None where nothing holds."""
    tokenizer = texts.document.tokenizer
    end_pads = tokenizer is not None and tokenizer.padding is None
    if texts.many:
        return None if texts.many.refused else _of_file(texts.many, end_pads=end_pads)
    if texts.ran is None or not texts.hold:
        return None
    return _of_stages(texts.ran, end_pads=end_pads)


def _of_stages(ran: PipelineRan, *, end_pads: bool) -> Code:
    """The three stages on the texts of `ran`."""
    checkpoint = checkpoint_of(ran.model)
    python = stages_code(
        checkpoint,
        ran.task,
        ran.postprocess,
        ran.sentences,
        end_pads=end_pads,
        token_types=takes_token_types(ran.model),
    )
    return Code("The pipeline's stages", python, checkpoint.note)


def _of_file(many: ManyAnswers, *, end_pads: bool) -> Code:
    """The lines of the file by transformers' own pipeline."""
    texts, info = many.texts, many.info
    checkpoint = checkpoint_of(info)
    python = file_code(
        checkpoint,
        str(typed_path(texts.path).absolute()),
        pairs=any(each.text_pair for each in texts.sentences),
        most=len(texts.sentences) if texts.left_out else None,
        longest=info.max_positions,
        several=info.postprocess == "none" and len(info.labels) > 1,
        end_pads=end_pads,
    )
    return Code("A file of texts", python, checkpoint.note)


def exports_of(texts: ShownTexts) -> Sequence[Export]:
    """The files that what is shown can be written to."""
    ran = texts.ran
    if texts.many:
        return _classified_exports(texts.many.info, texts.many.rows(texts.places))
    if ran is None or not texts.hold or len(ran.rows) != len(texts.items):
        return ()
    return _typed_exports(ran, texts.places)


def _classified_exports(info: ModelInfo, rows: Sequence[ClassifiedText]) -> Sequence[Export]:
    """Texts with label, score, logits and probabilities, as `termformer classify` writes them."""
    if not rows:
        return ()
    count = f"{len(rows):,} text{'' if len(rows) == 1 else 's'} with label, score and logits"

    def whole(pieces: Iterable[bytes]) -> bytes:
        return b"".join(pieces)

    return (
        Export("json", count, lambda: whole(json_pieces(info.name, rows))),
        Export("csv", f"{count}, a line each", lambda: whole(csv_pieces(info.labels, rows))),
    )


def _typed_exports(ran: PipelineRan, order: Sequence[int]) -> Sequence[Export]:
    """Typed texts: for labels as a file of texts is written, for other tasks all that was said."""
    if ran.task == "text-classification":
        rows = [
            classified_text(Sentence(*ran.sentences[place]), said)
            for place in order
            if (said := ran.rows[place].classified) is not None
        ]
        return _classified_exports(ran.model, rows)

    def make() -> bytes:
        return msgspec.json.format(msgspec.json.encode(ran), indent=2) + b"\n"

    return (Export("json", "Tokens, ids and what the head says of each text", make),)
