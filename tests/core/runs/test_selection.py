"""Which runs of a list are shown, and in which order."""

from __future__ import annotations

import pytest

from core.runs.events import Evaluation
from core.runs.notes import RunNotes
from core.runs.overview import RunOverview
from core.runs.selection import ORDERS, RunSelection
from core.runs.status import RunStatus, Status


def run(
    name: str,
    status: Status = "finished",
    *,
    accuracy: float | None = None,
    loss: float | None = None,
    size: int | None = None,
    note: str = "",
    tags: tuple[str, ...] = (),
) -> RunOverview:
    best = None
    if accuracy is not None:
        best = Evaluation(global_step=1, epoch=1, split="validation", loss=0.5, accuracy=accuracy)
    return RunOverview(
        status=RunStatus(name=name, path=f"runs/{name}", status=status, loss=loss),
        created=0.0,
        config=None,
        best=best,
        size=size,
        notes=RunNotes(note=note, tags=list(tags)),
    )


RUNS = [
    run("calm-otter", accuracy=0.8, loss=0.4, size=10, note="as the Paper has it"),
    run("bold-falcon", "crashed", loss=0.0, size=30, tags=("paper", "lora")),
    run("slow-snail", accuracy=0.9, loss=0.2, tags=("Papers",)),
    run("otter-two", "running"),
]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", ["calm-otter", "bold-falcon", "slow-snail", "otter-two"]),
        ("otter", ["calm-otter", "otter-two"]),
        ("PAPER", ["calm-otter", "bold-falcon", "slow-snail"]),
        ("#paper", ["bold-falcon", "slow-snail"]),
        ("#aper", []),
        ("otter  running", ["otter-two"]),
        ("crashed #lora", ["bold-falcon"]),
        ("no such run", []),
    ],
)
def test_all_words_are_in_what_is_listed(words: str, names: list[str]) -> None:
    assert [each.name for each in RunSelection(words=words).of(RUNS)] == names


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("newest", ["calm-otter", "bold-falcon", "slow-snail", "otter-two"]),
        ("best", ["slow-snail", "calm-otter", "bold-falcon", "otter-two"]),
        ("loss", ["bold-falcon", "slow-snail", "calm-otter", "otter-two"]),
        ("size", ["bold-falcon", "calm-otter", "slow-snail", "otter-two"]),
    ],
)
def test_runs_without_a_figure_come_last(order: str, names: list[str]) -> None:
    assert [each.name for each in RunSelection(order=order).of(RUNS)] == names


def test_the_orders_follow_one_another_round() -> None:
    selection, seen = RunSelection(words="otter"), []
    for _ in ORDERS:
        seen.append(selection.order)
        selection = selection.reordered()
    assert seen == list(ORDERS)
    assert selection == RunSelection(words="otter")
