"""One text's way through the pipeline: preprocess, forward, postprocess, each as it is."""

from __future__ import annotations

from collections.abc import Sequence

from core.engine.protocol import CheckedRow, Classified, Entity, PipelineRan, PipelineRow
from core.sizes import percent
from core.text.sentences import Sentence
from core.text.visible import fit, visible, width
from tui.panes.pipeline.answers import Item
from tui.sources import WITHHELD
from tui.widgets import numbers
from tui.widgets.headline import wrap
from tui.widgets.lines import Row
from tui.widgets.rows import Part
from tui.widgets.tensors import tensor_rows

_INDENT = 3
_NAME = 16
_LABEL = 24
_BAR = 40
_WIDEST = 132
"""Cells beyond which a row is no wider, as in the table of the texts."""
_FUNCTIONS = {
    "softmax": "softmax: labels that exclude each other, together 100 %",
    "sigmoid": "sigmoid: each label for itself, none or several apply",
    "none": "none: this head predicts numbers, not probabilities",
}


def stages(item: Item, ran: PipelineRan, left: int, cells: int) -> list[Row]:
    """All three stages of `item`, the first token in view being number `left`."""
    row = item.row
    if row is None:
        return []
    cells = min(cells, _WIDEST)
    return [
        _title(1, "preprocess", "tokenizer(texts, padding=True)", ran.preprocess_ms, cells),
        *_tensors(row, left, cells),
        *_withheld(ran),
        [],
        _title(2, "forward", f"model(**inputs).logits   shape {ran.shape}", ran.forward_ms, cells),
        *_logits(row, ran, cells),
        [],
        _title(3, "postprocess", _postprocess(ran), ran.postprocess_ms, cells),
        *_result(item.sentence, row, ran, cells),
        *_check(item.check, ran, cells),
    ]


def _title(number: int, name: str, what: str, milliseconds: float, cells: int) -> Row:
    took = f"{milliseconds:,.1f} ms"
    room = cells - _INDENT - 13 - width(took) - 2
    shown = fit(what, room)
    return [
        (f" {number} ", "lines--accent"),
        (f"{name:<13}", "lines--title"),
        (shown + " " * (room - width(shown) + 1), "lines--label"),
        (took, "lines--quiet"),
    ]


def _postprocess(ran: PipelineRan) -> str:
    if ran.task == "text-classification":
        return _FUNCTIONS[ran.postprocess]
    if ran.task == "fill-mask":
        return "softmax over the vocabulary where the mask stands"
    return "softmax for each token; neighbours make an entity"


def _tensors(row: PipelineRow, left: int, cells: int) -> list[Row]:
    given = row.preprocessed
    tensors: list[tuple[str, Sequence[str]]] = [
        ("tokens", [visible(token) for token in given.tokens]),
        ("input_ids", list(map(str, given.input_ids))),
        ("attention_mask", list(map(str, given.attention_mask))),
    ]
    if row.token_labels:
        tensors.append(("label", [each.label for each in row.token_labels]))

    def style(name: str, place: int) -> str:
        return "" if given.attention_mask[place] else "lines--padding"

    return list(tensor_rows(tensors, style, left, cells, name=_INDENT + _NAME, gap=1))


def _withheld(ran: PipelineRan) -> list[Row]:
    """What the tokenizer makes for nothing."""
    return [
        [(f"{'':{_INDENT}}{name:<{_NAME}}", "lines--name"), (f" {WITHHELD}", "lines--quiet")]
        for name in ran.model.withheld
    ]


def _logits(row: PipelineRow, ran: PipelineRan, cells: int) -> list[Row]:
    if row.classified is None:
        each = "entry of the vocabulary" if ran.task == "fill-mask" else "label"
        text = f"{ran.shape[-1]:,} numbers for each token, one for each {each}"
        return [[(" " * _INDENT, ""), (text, "lines--quiet")]]
    words: list[Part] = []
    pairs = zip(_labels(ran), row.classified.logits, strict=False)
    for number, (label, value) in enumerate(pairs):
        gap = "   " if number else ""
        name = visible(label).replace(" ", "\u00a0")
        words.append((f"{gap}{name}\u00a0", "lines--label"))
        words.append((numbers.logit(value).strip(), ""))
    return _wrapped(words, cells)[:3]


def _wrapped(words: Sequence[Part], cells: int) -> list[Row]:
    """`words` in rows; where a no-break space stands, they are not broken."""
    return [
        [(" " * _INDENT, ""), *((text.replace("\u00a0", " "), name) for text, name in parts)]
        for parts in wrap(words, cells - _INDENT - 1)
    ]


def _labels(ran: PipelineRan) -> Sequence[str]:
    return ran.model.labels


def _result(sentence: Sentence, row: PipelineRow, ran: PipelineRan, cells: int) -> list[Row]:
    if row.classified is not None:
        return _classified(row.classified, ran, cells)
    if ran.task == "token-classification":
        return _entities(sentence.text, row.entities, cells)
    return _masks(row, cells)


def _classified(said: Classified, ran: PipelineRan, cells: int) -> list[Row]:
    pairs = list(zip(_labels(ran), said.probabilities, strict=False))
    if ran.postprocess == "none":
        return [
            [
                (f"{'':{_INDENT}}{fit(visible(label), _LABEL):<{_LABEL}}", "lines--label"),
                (numbers.logit(value).rjust(12), ""),
            ]
            for label, value in pairs
        ]
    if ran.postprocess == "softmax":
        pairs.sort(key=lambda pair: -pair[1])
        return [_share(*pair, cells, won=not place) for place, pair in enumerate(pairs)]
    # Of labels that do not exclude each other each applies from one half on.
    return [_share(*pair, cells, won=pair[1] >= 0.5) for pair in pairs]


def _share(label: str, share: float, cells: int, *, won: bool) -> Row:
    """`label`, its percentage and a bar; the one that counts is marked."""
    bar = max(0, min(_BAR, cells - _INDENT - 2 - _LABEL - 9 - 3))
    filled, rest = numbers.bar(share, bar)
    shown = fit(visible(label), _LABEL)
    return [
        (f"{'':{_INDENT}}{'›' if won else ' '} ", "lines--accent"),
        (shown + " " * (_LABEL - width(shown)), "lines--title" if won else "lines--label"),
        (f"{numbers.percent(share):>9}  ", "lines--title" if won else ""),
        (filled, "lines--fill"),
        (rest, "lines--track"),
    ]


def _masks(row: PipelineRow, cells: int) -> list[Row]:
    if not row.masks:
        mask = "This text holds no mask token: write one where a word is to be guessed."
        return [[(" " * _INDENT, ""), (mask, "lines--quiet")]]
    rows: list[Row] = []
    for number, mask_ in enumerate(row.masks, start=1):
        if len(row.masks) > 1:
            rows.append([(f"{'':{_INDENT}}mask {number}, place {mask_.position}", "lines--name")])
        rows += [
            _share(each.label, each.score, cells, won=place == 0)
            for place, each in enumerate(mask_.candidates)
        ]
    return rows


def _entities(text: str, entities: Sequence[Entity], cells: int) -> list[Row]:
    """The text with its entities on a tint, each followed by what it is."""
    if not entities:
        return [[(" " * _INDENT, ""), ("No entity: every token is labelled O.", "lines--quiet")]]
    words: list[Part] = []
    end = 0
    for number, entity in enumerate(sorted(entities, key=lambda each: each.start)):
        words.append((visible(text[end : entity.start]), ""))
        tint = "lines--even" if number % 2 else "lines--odd"
        words.append((visible(text[entity.start : entity.end]), tint))
        score = percent(entity.score, 0).replace(" ", "\u00a0")
        words.append((f"[{visible(entity.label)}\u00a0{score}]", "lines--accent"))
        end = entity.end
    words.append((visible(text[end:]), ""))
    return _wrapped(words, cells)


def _check(check: CheckedRow | None, ran: PipelineRan, cells: int) -> list[Row]:
    """What transformers' own pipeline says."""
    if check is None:
        words = "  asking transformers' pipeline…"
        return [[(f" {words}", "lines--quiet")]]
    task = "sentiment-analysis" if ran.task == "text-classification" else ran.task
    if check.problem:
        text = f'pipeline("{task}") refuses it: {visible(check.problem)}'
        return [[("   – ", "lines--name"), (fit(text, cells - 6), "lines--quiet")]]
    said = ", ".join(f"{visible(each.label)} {each.score:.4f}" for each in check.said[:3]) + (
        ", …" if len(check.said) > 3 else ""
    )
    text = f'pipeline("{task}") says {said or "nothing"}'
    if check.agrees:
        return [[(f"   ✓ {fit(text, cells - 15)}: the same", "lines--good")]]
    return [[(f"   ≠ {fit(text, cells - 19)}: not the same", "lines--bad")]]
