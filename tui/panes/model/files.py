"""What the pane shows, as Python and as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence

import msgspec

from core.engine.protocol import (
    Compared,
    ConfigsCompared,
    ParameterInspected,
    Reply,
    StructureRead,
    WeightsRead,
)
from core.model_document import document_of
from core.structure import Structure
from tui.panes.model import both
from tui.plan import Plan
from tui.widgets.pane import Export

_Rows = Callable[[], Iterable[Sequence[object]]]


def json_of(reply: Reply, about: str) -> Export:
    """The engine's whole answer; numbers that are not finite become `null`."""
    return Export("json", about, lambda: _formatted(msgspec.json.encode(reply)))


def of_model(read: StructureRead | WeightsRead) -> Sequence[Export]:
    """The tree: as `termformer model --json` prints it, and a line a tensor."""
    count = f"{read.structure.root.parameters:,} parameters"
    return (
        Export(
            "json",
            f"Modules, {count}, what loading found",
            lambda: _formatted(msgspec.json.encode(document_of(read))),
        ),
        _csv("A line a tensor: name, shape, dtype, trainable", lambda: _tensors(read.structure)),
    )


def of_config(read: StructureRead) -> Sequence[Export]:
    """The config as `config.json` has it, and its fields beside their defaults."""
    fields = read.config.fields

    def make() -> bytes:
        values = {each.name: json.loads(each.value) for each in fields}
        return _formatted(json.dumps(values).encode())

    def rows() -> Iterable[Sequence[object]]:
        yield ["field", "value", "default", "differs"]
        for each in fields:
            yield [each.name, each.value, each.default or "", int(each.differs)]

    return (
        Export("json", "Every field of the config", make),
        _csv("Every field beside its class's default", rows),
    )


def of_configs(compared: ConfigsCompared) -> Sequence[Export]:
    """Two configs beside each other."""

    def rows() -> Iterable[Sequence[object]]:
        yield ["field", compared.model, compared.other, "differs"]
        for each in compared.fields:
            yield [each.name, each.value or "", each.other or "", int(each.differs)]

    return (
        _csv("Every field of both configs", rows),
        json_of(compared, "Every field of both configs"),
    )


def of_parameter(inspected: ParameterInspected) -> Sequence[Export]:
    """A tensor's figures, and its histogram."""

    def rows() -> Iterable[Sequence[object]]:
        yield ["from", "to", "count"]
        histogram = inspected.figures.histogram
        counts = histogram.counts if histogram else []
        for number, count in enumerate(counts):
            assert histogram is not None
            step = (histogram.high - histogram.low) / len(counts)
            yield [histogram.low + number * step, histogram.low + (number + 1) * step, count]

    return (
        json_of(inspected, f"The figures of {inspected.name}"),
        _csv("Its histogram, a line a bin", rows),
    )


def of_both(plan: Plan, answers: Sequence[Compared | None]) -> Sequence[Export]:
    """The logits of both, where they are there."""
    if None in answers:
        return ()
    return (_csv("The logits by both, two lines a sentence", lambda: both.csv_rows(plan, answers)),)


def _tensors(structure: Structure) -> Iterable[Sequence[object]]:
    yield ["name", "class", "shape", "parameters", "dtype", "bytes", "trainable", "tied_to"]
    for module in structure.modules:
        for each in module.own:
            shape = "x".join(map(str, each.shape))
            yield [
                module.name_of(each), module.class_name, shape, each.count, each.dtype,
                each.bytes, int(each.trainable), each.tied_to or "",
            ]  # fmt: skip


def _csv(about: str, rows: _Rows) -> Export:
    def make() -> str:
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows(rows())
        return file.getvalue()

    return Export("csv", about, make)


def _formatted(encoded: bytes) -> bytes:
    return msgspec.json.format(encoded, indent=2) + b"\n"
