"""A run that is resumed when something of it is no longer as it was."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch

from core.runs.config import RunConfig, read_config, write_config
from core.runs.events import RunFailed, Step, Warned
from core.runs.folder import CHECKPOINTS, EVENTS, create_run, saved_steps
from core.runs.status import run_status
from core.training import checkpoints
from tests.core.training.replay import Killed, assert_same, carry_out, events_of


@pytest.fixture
def stopped(config: RunConfig, die_after: Callable[..., None]) -> Path:
    """A run with a checkpoint of step 4 that was killed after step 6."""
    folder = create_run(msgspec.structs.replace(config, save_steps=4))
    die_after(Step, 6)
    with pytest.raises(Killed):
        carry_out(folder)
    return folder


def _rows(config: RunConfig, split: str) -> Path:
    return Path(config.data) / f"{split}.tsv"


@pytest.mark.parametrize(
    ("split", "change", "words"),
    [
        ("train", lambda text: text + "positive\tOne more\n", "41 rows to train on instead of 40"),
        ("train", lambda text: text.replace("take 7", "take 77"), "not the same ones"),
        ("train", lambda text: text.replace("positive", "negative", 1), "not the same ones"),
        ("validation", lambda text: text.replace("take 7", "take 77"), "not the same ones"),
    ],
)
def test_a_run_whose_data_has_changed_is_not_resumed_until_it_is_back(
    config: RunConfig, stopped: Path, split: str, change: Callable[[str], str], words: str
) -> None:
    reference = create_run(msgspec.structs.replace(config, save_steps=4))
    carry_out(reference)
    file = _rows(config, split)
    original = file.read_text()
    file.write_text(change(original))
    carry_out(stopped, resume=True)
    failed = events_of(stopped)[-1]
    assert isinstance(failed, RunFailed)
    assert words in failed.message
    assert config.data in failed.message
    assert "put the data back" in failed.message
    assert str(stopped / CHECKPOINTS / "step-4") in failed.message
    # The same rows, though the file is another one.
    file.unlink()
    file.write_text(original)
    carry_out(stopped, resume=True)
    assert_same(stopped, reference)


@pytest.mark.parametrize("appended", ["", "positive\tOne more\n"])
def test_a_log_without_a_fingerprint_is_compared_by_its_counts(
    config: RunConfig, stopped: Path, appended: str
) -> None:
    log = (stopped / EVENTS).read_text()
    (stopped / EVENTS).write_text(re.sub(r'"data_fingerprint":"\w+"', '"notes":[]', log))
    assert "data_fingerprint" not in (stopped / EVENTS).read_text()
    with _rows(config, "train").open("a") as file:
        file.write(appended)
    carry_out(stopped, resume=True)
    assert run_status(stopped).status == ("failed" if appended else "finished")


def test_a_run_with_other_epochs_is_not_resumed(stopped: Path) -> None:
    write_config(stopped, msgspec.structs.replace(read_config(stopped), epochs=9))
    carry_out(stopped, resume=True)
    status = run_status(stopped)
    assert status.status == "failed"
    assert "27 steps" in status.message
    assert "instead of 24" in status.message


def test_a_run_that_goes_on_elsewhere_says_that_exactness_is_not_promised(stopped: Path) -> None:
    here = read_config(stopped).machine
    write_config(stopped, msgspec.structs.replace(read_config(stopped), machine="a slide rule"))
    carry_out(stopped, resume=True)
    (warned,) = [event for event in events_of(stopped) if isinstance(event, Warned)]
    assert "a slide rule" in warned.message
    assert here in warned.message
    assert "not promised" in warned.message


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("model.safetensors", "the file is shorter than its beginning says"),
        (checkpoints.STATE, f"{checkpoints.STATE} cannot be read"),
    ],
)
def test_a_damaged_checkpoint_is_named_and_the_one_before_goes_on(
    config: RunConfig, die_after: Callable[..., None], file: str, why: str
) -> None:
    config = msgspec.structs.replace(config, save_steps=4)
    reference, folder = create_run(config), create_run(config)
    carry_out(reference)
    die_after(Step, 9)
    with pytest.raises(Killed):
        carry_out(folder)
    newest, before, *_ = (folder / CHECKPOINTS / f"step-{step}" for step in saved_steps(folder))
    whole = (newest / file).read_bytes()
    (newest / file).write_bytes(whole[: len(whole) // 2])
    carry_out(folder, resume=True)
    assert run_status(folder).message == (
        f"The checkpoint {newest} is damaged: {why}. Remove this folder and resume {folder.name}, "
        f"and it goes on from {before.name}, the one before."
    )
    shutil.rmtree(newest)
    carry_out(folder, resume=True)
    assert_same(folder, reference)


def of_something_else(state: Path) -> None:
    torch.save({"adapter": None, "optimizer": {}}, state)


@pytest.mark.parametrize(
    ("spoil", "why"), [(Path.unlink, "is missing"), (of_something_else, "does not fit the run")]
)
def test_a_damaged_checkpoint_without_another_leads_back_to_the_start(
    stopped: Path, spoil: Callable[[Path], None], why: str
) -> None:
    newest, *others = (stopped / CHECKPOINTS / f"step-{step}" for step in saved_steps(stopped))
    for other in others:
        shutil.rmtree(other)
    spoil(newest / checkpoints.STATE)
    carry_out(stopped, resume=True)
    message = run_status(stopped).message
    assert f"{newest} is damaged: {checkpoints.STATE} {why}." in message
    assert "from the start" in message
