"""Other tokenizers beside the model's own, while each is still on its way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import OpenApp, until
from tests.tui.logits import bench_of


def stand_beside(pilot: Pilot[None], *names: str) -> bool:
    """Whether the tokenizers of all `names` are compared."""
    code = bench_of(pilot).pane_in_view.code()
    return code is not None and all(name in code.python for name in names)


@pytest.mark.slow
async def test_several_that_the_engine_has_to_make_are_all_made(
    open_app: OpenApp, tiny_classifier: Path, tmp_path: Path
) -> None:
    """The engine is asked for all of them before it has answered for the first."""
    names = [str(tmp_path / name) for name in ("own", "second", "third")]
    for name in names:
        shutil.copytree(tiny_classifier, name)
    own, *others = names
    options = {"tokens": {"view": "beside", "beside": "\n".join(others)}}
    async with open_app(model=own, text="Hugging Face", options=options) as pilot:
        await until(lambda: stand_beside(pilot, *names), pilot)
        # Dropped and chosen once more, while it was on its way: the newer request counts.
        fourth, fifth = (str(tmp_path / name) for name in ("fourth", "fifth"))
        for name in (fourth, fifth):
            shutil.copytree(tiny_classifier, name)
        sides = bench_of(pilot).pane_in_view._choice.sides
        sides.add(fourth)
        await pilot.press("escape", "B")
        sides.remove_last()
        for name in (fourth, fifth):
            sides.add(name)
        await pilot.press("B")
        await until(lambda: stand_beside(pilot, *names, fourth, fifth), pilot)
