"""Runs renamed, deleted to the trash and out of it again; notes and tags that go with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import RunError
from core.runs.config import RunConfig, read_config
from core.runs.folder import create_run, find_run, list_runs
from core.runs.notes import LONGEST_NOTE, MOST_TAGS, RunNotes, read_notes, write_notes
from core.runs.process import write_process
from core.runs.shelf import delete_run, erase_run, list_trash, rename_run, restore_run


def made(name: str) -> Path:
    return create_run(RunConfig(name=name, model="mini-base"))


def ended(name: str) -> Path:
    """A run whose worker is no more."""
    folder = made(name)
    (folder / "process.json").write_text('{"pid":1,"started":-1.0,"host":"h","boot_id":"b"}')
    return folder


def test_a_run_is_renamed_with_its_folder_and_stands_where_it_stood() -> None:
    first, second = ended("first"), ended("second")
    renamed = rename_run(first, "best-one")
    assert read_config(renamed).name == renamed.name == "best-one"
    assert find_run("best-one") == renamed
    assert list_runs() == [second, renamed]
    with pytest.raises(RunError, match="There is a run named second already"):
        rename_run(renamed, "second")
    with pytest.raises(RunError, match="cannot name a run"):
        rename_run(renamed, "../out")
    assert list_runs() == [second, renamed]


def test_a_run_that_goes_on_stays_where_it_is() -> None:
    folder = made("busy")
    write_process(folder)
    for move in (lambda: rename_run(folder, "other"), lambda: delete_run(folder)):
        with pytest.raises(RunError, match="busy is starting: stop it first"):
            move()
    assert list_runs() == [folder]


def test_the_trash_gives_back_what_it_was_given() -> None:
    folder = ended("calm-otter")
    write_notes(folder, RunNotes(note="the good one", tags=["paper"]))
    kept = delete_run(folder)
    assert list_runs() == []
    assert list_trash() == [kept]
    again = ended("calm-otter")
    second = delete_run(again)
    assert {each.name for each in list_trash()} == {"calm-otter", "calm-otter-2"}
    assert restore_run("calm-otter") == folder
    assert read_notes(folder) == RunNotes(note="the good one", tags=["paper"])
    # Its name is taken by now.
    assert restore_run(second.name).name == "calm-otter-2"
    assert list_trash() == []
    with pytest.raises(RunError, match=r"no run 'gone' in the trash\. The trash is empty"):
        restore_run("gone")


def test_only_what_is_in_the_trash_can_be_erased() -> None:
    folder = ended("calm-otter")
    with pytest.raises(RunError, match="no run 'calm-otter' in the trash"):
        erase_run("calm-otter")
    with pytest.raises(RunError, match=r"no run '\.\./calm-otter' in the trash"):
        erase_run("../calm-otter")
    delete_run(folder)
    erase_run("calm-otter")
    assert list_trash() == list_runs() == []


def test_a_run_outside_the_runs_folder_is_not_deleted(tmp_path: Path) -> None:
    folder = create_run(RunConfig(name="", model="mini-base"), tmp_path / "mine")
    (folder / "process.json").write_text('{"pid":1,"started":-1.0,"host":"h","boot_id":"b"}')
    with pytest.raises(RunError, match="is not in the runs folder"):
        delete_run(folder)
    assert folder.is_dir()


def test_tags_are_added_once_and_taken_away() -> None:
    notes = RunNotes().with_tags("paper, #slow paper").with_tags("-slow good")
    assert notes.tags == ["paper", "good"]
    with pytest.raises(RunError, match="is no tag"):
        notes.with_tags("x" * 40)


def test_a_run_has_so_many_tags_and_so_long_a_note_at_most() -> None:
    full = RunNotes().with_tags(" ".join(f"t{n}" for n in range(MOST_TAGS)))
    assert len(full.tags) == MOST_TAGS
    with pytest.raises(RunError, match="at most 16 tags"):
        full.with_tags("another")
    assert full.with_tags("-t0 another").tags[-1] == "another"
    assert full.with_note("x" * LONGEST_NOTE).tags == full.tags
    with pytest.raises(RunError, match=r"at most 1,000 characters"):
        full.with_note("x" * (LONGEST_NOTE + 1))
    assert full.with_tags("-never").tags == full.tags


def test_notes_that_are_none_are_read_as_none(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_bytes(b"\xff{")
    assert read_notes(tmp_path) == RunNotes()
    write_notes(tmp_path, RunNotes(note="x"))
    write_notes(tmp_path, RunNotes())
    assert not (tmp_path / "notes.json").exists()
