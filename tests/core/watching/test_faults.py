"""What cannot be read, or not yet: it is said while it is so, and the rest is told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.watching.client import ForeignReader
from core.watching.event_files import EventFile, Scalar
from core.watching.protocol import CaughtUp, Rewound, Trouble
from core.watching.reader import FolderReader
from tests.core.watching.test_watching import Writer, curves, sweep


def troubles(reader: FolderReader) -> list[str]:
    """What a look says of what cannot be read; an empty word takes an earlier one back."""
    return [found.message for found in sweep(reader) if isinstance(found, Trouble)]


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_a_file_that_may_not_be_read_keeps_no_other_from_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        Writer(tmp_path / name).plain("loss", [3.0, 2.0])
    locked = only_file(tmp_path / "b")
    read = EventFile.read

    def read_or_refuse(file: EventFile, most: int) -> Iterator[Scalar]:
        if file.path == locked:
            raise PermissionError(13, "Permission denied")
        return read(file, most)

    reader = FolderReader(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(EventFile, "read", read_or_refuse)
        told = sweep(reader)
        assert sorted(curves(told)) == [("a", "loss"), ("c", "loss")]
        said = [found.message for found in told if isinstance(found, Trouble)]
        assert said == [f"b/{locked.name} cannot be read: Permission denied."]
        assert troubles(reader) == []
    told = sweep(reader)
    assert curves(told) == {("b", "loss"): [(1, 3), (2, 2)]}
    assert [found.message for found in told if isinstance(found, Trouble)] == [""]


def test_a_record_that_is_not_whole_is_said_when_its_writer_is_silent(tmp_path: Path) -> None:
    Writer(tmp_path).plain("loss", [3.0, 2.0, 1.0])
    file = only_file(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])
    reader = FolderReader(tmp_path)
    # Writers write in blocks: the rest may be minutes away.
    assert troubles(reader) == []
    os.utime(file, (1, 1))
    (said,) = troubles(reader)
    assert said.startswith(f"{file.name} ends within a record")
    file.write_bytes(whole)
    told = sweep(reader)
    assert curves(told) == {(tmp_path.name, "loss"): [(3, 1)]}
    assert [found.message for found in told if isinstance(found, Trouble)] == [""]


def test_a_name_of_another_code_ends_no_reading(tmp_path: Path) -> None:
    Writer(tmp_path / "good").plain("loss", [1.0])
    (file,) = (tmp_path / "good").iterdir()
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    odd.mkdir()
    (odd / "events.out.tfevents.1.x").write_bytes(file.read_bytes())
    (odd / "trainer_state.json").write_text('{"log_history": [{"step": 1, "\\ud800": 3}]}')
    reader = ForeignReader(tmp_path, once=True)
    try:
        told = reader.all()
    finally:
        reader.close()
    assert set(curves(told)) == {("good", "loss"), (r"caf\udce9", r"train/\ud800")}
    (said,) = [found.message for found in told if isinstance(found, Trouble)]
    assert said == (
        r"caf\udce9/events.out.tfevents.1.x cannot be read: "
        "TensorBoard's reader opens no path that is not UTF-8."
    )


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    Writer(tmp_path).plain("", [3.0])
    os.mkfifo(tmp_path / "events.out.tfevents.1.pipe")
    (tmp_path / "events.out.tfevents.2.x.profile-empty").write_bytes(b"")
    (tmp_path / "checkpoint-1").mkdir()
    os.mkfifo(tmp_path / "checkpoint-1/trainer_state.json")
    told = sweep(FolderReader(tmp_path, once=True))
    assert curves(told) == {(tmp_path.name, "(without a name)"): [(1, 3)]}
    assert [found.message for found in told if isinstance(found, Trouble)] == [
        "events.out.tfevents.1.pipe cannot be read: Not an ordinary file."
    ]


def test_damage_is_said_however_fast_the_file_grows(tmp_path: Path) -> None:
    writer = Writer(tmp_path).plain("loss", [3.0, 2.0, 1.0])
    file = only_file(tmp_path)
    bytes_ = bytearray(file.read_bytes())
    bytes_[-10] ^= 0xFF
    file.write_bytes(bytes_)
    reader = FolderReader(tmp_path)
    writer.plain("loss", [0.5], first=4)
    (said,) = troubles(reader)
    assert said.startswith(f"{file.name} is damaged at byte ")


def test_a_file_that_is_copied_anew_is_followed(tmp_path: Path) -> None:
    Writer(tmp_path / "from").plain("loss", [5.0, 4.0, 3.0, 2.0])
    file = only_file(tmp_path / "from")
    whole = file.read_bytes()
    run = tmp_path / "logs"
    run.mkdir()

    def copied(data: bytes) -> None:
        """As rsync does it: beside, then in its place."""
        (run / "beside").write_bytes(data)
        (run / "beside").rename(run / file.name)

    copied(whole[:-40])
    reader = FolderReader(run)
    first = curves(sweep(reader))["logs", "loss"]
    copied(whole)
    assert first + curves(sweep(reader))["logs", "loss"] == [(1, 5), (2, 4), (3, 3), (4, 2)]
    copied(whole[:-40])
    told = sweep(reader)
    assert Rewound("logs", "loss", 1) in told
    assert troubles(reader) == []


def test_a_folder_that_is_away_for_a_while_is_said_to_be(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    Writer(folder).plain("loss", [2.0, 1.0])
    reader = FolderReader(folder)
    sweep(reader)
    folder.rename(tmp_path / "away")
    told = sweep(reader)
    assert told[-1] == CaughtUp(0)
    assert [found.message for found in told if isinstance(found, Trouble)] == [
        f"{folder} cannot be read: No such file or directory. What was read of it is shown."
    ]
    (tmp_path / "away").rename(folder)
    assert troubles(reader) == [""]


def test_a_trainer_s_state_takes_nothing_from_the_curve_of_its_event_file(tmp_path: Path) -> None:
    Writer(tmp_path).plain("train/loss", [1 / step for step in range(1, 43)])
    reader = FolderReader(tmp_path)
    sweep(reader)
    history = [{"step": step, "loss": 1 / step, "grad_norm": 2.0} for step in range(1, 33)]
    (tmp_path / "checkpoint-32").mkdir()
    state = json.dumps({"log_history": history, "max_steps": 100})
    (tmp_path / "checkpoint-32/trainer_state.json").write_text(state)
    told = sweep(reader)
    assert not any(isinstance(message, Rewound) for message in told)
    assert [tag for _, tag in curves(told)] == ["train/grad_norm"]
