"""What `termformer model` prints for people: the folded tree, the load report, what was saved."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from core.engine.protocol import ModelSaved, StructureRead, WeightsRead
from core.engine.protocol.checkpoint import Config, KeyGroup, LoadReport
from core.sizes import count_of, part_of, size_of
from core.structure import Branch, Module, Structure, fold
from tui.commands.output import GAP, Column, Table, console, print_table, print_text

_MOST_KEYS = 4
_ABSENT = "–"
_LEAST_WEIGHT = 18
"""Cells below which shapes say nothing any more."""


def show_structure(read: StructureRead | WeightsRead) -> None:
    """The model in one line, its tree, and what its config sets."""
    root = read.structure.root
    print_text(
        f"{read.model} · {read.class_name} · {count_of(root.parameters)} parameters · "
        f"{size_of(root.bytes)} · {', '.join(read.structure.dtypes)}",
        "bold",
    )
    if root.trainable < root.parameters:
        print_text(f"{root.trainable:,} parameters are trainable, the others frozen.")
    lines = list(_lines(fold(read.structure), "", "", 1))
    print_table(_table(read.structure, lines))
    if any(branch.count > 1 for _, branch, _ in lines):
        print_text(
            "×N: N alike modules in one line. Parameters are those of one, the share is of all.",
            prose=True,
        )
    if any(each.tied_to for module in read.structure.modules for each in module.own):
        print_text("= NAME: the same tensor as there, counted once in the whole.", prose=True)
    print_text(_config_line(read.config), prose=True)


def _table(structure: Structure, lines: list[tuple[str, Branch, int]]) -> Table:
    """The tree as a table that no line of a terminal breaks, with fewer columns if need be."""
    modules = [structure.modules[branch.first] for _, branch, _ in lines]
    labels = [f"{guide}{_label(branch)}" for guide, branch, _ in lines]
    shares = [structure.share(structure.modules[b.first]) * repeats for _, b, repeats in lines]
    room = console().width if sys.stdout.isatty() else None

    def table(*, with_class: bool, most: int | None) -> Table:
        made = Table(
            [
                Column("module"),
                *([Column("class")] if with_class else []),
                Column("parameters", "right"),
                Column("share", "right"),
                *([Column("weight")] if most != 0 else []),
            ]
        )
        for label, module, share in zip(labels, modules, shares, strict=True):
            made.add(
                label,
                *([module.class_name] if with_class else []),
                f"{module.parameters:,}" if module.parameters else _ABSENT,
                part_of(share),
                *([_cut(_weight(module), most)] if most != 0 else []),
                style="" if module.parameters else "dim",
            )
        return made

    whole = table(with_class=True, most=None)
    if room is None or whole.width <= room:
        return whole
    for with_class in (True, False):
        left = room - table(with_class=with_class, most=0).width - GAP
        if left >= _LEAST_WEIGHT:
            return table(with_class=with_class, most=left)
    return table(with_class=False, most=0)


def _label(branch: Branch) -> str:
    label = branch.label or "(the model)"
    return f"{label} ×{branch.count}" if branch.count > 1 else label


def _cut(text: str, most: int | None) -> str:
    return text if most is None or len(text) <= most else f"{text[: most - 1]}…"


def _lines(
    branch: Branch, guide: str, below: str, repeats: int
) -> Iterator[tuple[str, Branch, int]]:
    """Every branch with the lines drawn before it, and how often it stands in the model."""
    repeats *= branch.count
    yield guide, branch, repeats
    for child in branch.children:
        last = child is branch.children[-1]
        corner, pipe = ("└ ", "  ") if last else ("├ ", "│ ")
        yield from _lines(child, below + corner, below + pipe, repeats)


def _weight(module: Module) -> str:
    """The shapes of a module's own tensors, `[768, 768] + [768]`; else what it says of itself."""
    if not module.own:
        return module.detail
    return " + ".join(
        f"{each.shape}"
        + (f" = {each.tied_to}" if each.tied_to else "")
        + ("" if each.trainable else " frozen")
        for each in module.own
    )


def _config_line(config: Config) -> str:
    told = {"architectures", "dtype", "transformers_version", "id2label", "label2id"}
    differs = [
        f"{each.name} {each.value}"
        for each in config.fields
        if each.differs and each.default is not None and each.name not in told
    ]
    if not differs:
        return f"Config: {config.class_name} with its defaults."
    return f"Config: {config.class_name}, other than its defaults: {', '.join(differs)}."


def show_report(report: LoadReport | None, notes: list[str]) -> None:
    """How the weights found their places, and what is to be said of them."""
    if report:
        print_text(f"Weights: {', '.join(report.files)}. {report.summary}")
        for title, groups in (
            ("Missing, newly initialised", report.missing),
            ("Unexpected, not used", report.unexpected),
            ("Of another shape, newly initialised", report.mismatched),
        ):
            for group in groups:
                print_text(f"{title}: {_keys(group)}", "bold", prose=True)
                print_text(group.meaning, prose=True)
    for note in notes:
        print_text(note, prose=True)


def _keys(group: KeyGroup) -> str:
    shown = ", ".join(group.keys[:_MOST_KEYS])
    more = len(group.keys) - _MOST_KEYS
    return f"{shown} and {more} more" if more > 0 else shown


def show_saved(saved: ModelSaved) -> None:
    """The files that appeared."""
    table = Table([Column("file"), Column("size", "right"), Column("holds")])
    for file in saved.files:
        table.add(file.name, size_of(file.bytes), file.holds)
    print_text(f"{'Replaced' if saved.replaced else 'Saved'}: {saved.folder}", "bold")
    print_table(table)
    print_text(
        f"Read back and compared: all {saved.compared_tensors} tensors are identical, bit by bit."
    )
