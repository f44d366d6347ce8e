"""The log: append-only, readable at every moment, and never a reason to fail."""

from __future__ import annotations

import errno
import json
import math
import os
import resource
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.runs.events import Event, Heartbeat, Step, Warned, number
from core.runs.log import (
    EventBatch,
    EventReader,
    EventWriter,
    LogProblem,
    last_seq,
    lines_backwards,
)


def _step(global_step: int, loss: float = 0.5) -> Step:
    return Step(
        global_step=global_step,
        epoch=global_step / 10,
        loss=number(loss),
        learning_rate=1e-5,
        grad_norm=1.0,
        samples_per_second=40.0,
    )


def _write(path: Path, count: int) -> None:
    writer = EventWriter(path)
    for global_step in range(1, count + 1):
        writer.append(_step(global_step))
    writer.close()


def _drain(reader: EventReader) -> tuple[list[Event], list[LogProblem]]:
    events: list[Event] = []
    problems: list[LogProblem] = []
    for batch in reader.drain():
        events += batch.events
        problems += batch.problems
    return events, problems


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_what_was_written_is_read(log: Path) -> None:
    _write(log, 5)
    events, problems = _drain(EventReader(log))
    assert problems == []
    assert [event.seq for event in events] == [0, 1, 2, 3, 4]
    assert [event.global_step for event in events if isinstance(event, Step)] == [1, 2, 3, 4, 5]
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_loss_that_is_not_a_number_is_shown(log: Path) -> None:
    writer = EventWriter(log)
    writer.append(_step(1, float("nan")))
    writer.append(_step(2, float("inf")))
    writer.close()
    events, problems = _drain(EventReader(log))
    assert [event.loss for event in events if isinstance(event, Step)] == ["NaN", "Infinity"]
    assert problems == []


def test_a_log_that_is_not_there_yet_is_empty(log: Path) -> None:
    reader = EventReader(log)
    assert reader.read().events == []
    _write(log, 1)
    assert len(reader.read().events) == 1


def test_a_growing_file_is_read_once(log: Path) -> None:
    reader = EventReader(log)
    writer = EventWriter(log)
    seen: list[int] = []
    for global_step in range(1, 30):
        writer.append(_step(global_step))
        if global_step % 7 == 0:
            seen += [event.seq for event in reader.read().events]
    seen += [event.seq for event in reader.read().events]
    assert seen == list(range(29))
    assert reader.read().events == []


def test_a_torn_last_line_waits_for_its_rest(log: Path) -> None:
    _write(log, 3)
    whole = log.read_bytes()
    log.write_bytes(whole[:-10])
    reader = EventReader(log)
    events, problems = _drain(reader)
    assert (len(events), problems) == (2, [])
    with log.open("ab") as file:
        file.write(whole[-10:])
    events, problems = _drain(reader)
    assert [event.seq for event in events] == [2]
    assert problems == []


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 1))
def test_every_cut_loses_only_the_line_it_cuts(
    tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    """A SIGKILL in the middle of a write, at any byte; then a writer that comes back."""
    log = tmp_path_factory.mktemp("cut") / "events.jsonl"
    _write(log, 4)
    whole = log.read_bytes()
    cut = round(share * len(whole))
    log.write_bytes(whole[:cut])
    before = whole[:cut].count(b"\n")
    writer = EventWriter(log)
    writer.append(Warned(message="back"))
    writer.close()
    events, problems = _drain(EventReader(log))
    assert log.read_bytes().startswith(whole[:cut])
    assert isinstance(events[-1], Warned)
    assert [event.seq for event in events] == list(range(len(events)))
    # A line that lacked nothing but its end is whole once it is closed.
    torn = len(whole[:cut].rpartition(b"\n")[2])
    assert len(events) - 1 in {before, before + 1}
    assert len(problems) == (1 if torn and len(events) - 1 == before else 0)


def test_bad_lines_unknown_types_and_holes_are_counted_where_they_stand(log: Path) -> None:
    _write(log, 6)
    lines = log.read_bytes().splitlines(keepends=True)
    lines[1] = b"not json at all\n"
    lines[2] = lines[2].replace(b'"type":"step"', b'"type":"hologram"')
    lines[3] = b'{"type":"step","seq":3,"loss":"soup"}\n'
    del lines[4]
    lines.insert(0, b"\xff\xfe\x00\n")
    log.write_bytes(b"".join(lines))
    reader = EventReader(log)
    events, problems = _drain(reader)
    assert [event.seq for event in events] == [0, 5]
    assert [(problem.line, problem.kind) for problem in problems] == [
        (1, "bad_line"),
        (3, "bad_line"),
        (4, "unknown_type"),
        (4, "hole"),
        (5, "bad_line"),
        (6, "hole"),
    ]
    assert reader.problem_count == len(problems)


def _with(log: Path, **fields: object) -> tuple[list[Event], list[LogProblem]]:
    """What is read of a log of one step, to which an earlier version gave other fields."""
    line = {**msgspec.to_builtins(_step(7)), "seq": 0, "time": 50.0, **fields}
    kept = {name: value for name, value in line.items() if value is not msgspec.UNSET}
    log.write_text(json.dumps(kept) + "\n")
    return _drain(EventReader(log))


@pytest.mark.parametrize("field", ["epoch", "loss", "learning_rate", "grad_norm"])
@pytest.mark.parametrize("value", [msgspec.UNSET, None, [1], "much"])
def test_a_step_keeps_what_is_good_where_a_field_is_not(
    log: Path, field: str, value: object
) -> None:
    (step,), (problem,) = _with(log, **{field: value})
    assert isinstance(step, Step)
    assert math.isnan(float(getattr(step, field)))
    others = {"epoch": 0.7, "loss": 0.5, "learning_rate": 1e-5, "grad_norm": 1.0, "global_step": 7}
    del others[field]
    assert {name: getattr(step, name) for name in others} == others
    assert (problem.line, problem.kind) == (1, "partial")
    assert problem.message == f"{field} cannot be read: the rest of it is taken."


def test_numbers_that_json_has_no_words_for_are_taken(log: Path) -> None:
    (step,), problems = _with(log, loss=math.nan, grad_norm=math.inf, padding=None)
    assert isinstance(step, Step)
    assert math.isnan(float(step.loss)) and step.grad_norm == math.inf and step.padding == 0
    assert problems == []


def test_lines_without_a_seq_are_taken_in_their_order(log: Path) -> None:
    lines = [{**msgspec.to_builtins(_step(step)), "time": 1.0} for step in (1, 2, 3)]
    for line in lines:
        del line["seq"]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    events, problems = _drain(EventReader(log))
    assert [event.seq for event in events] == [0, 1, 2]
    assert [problem.message for problem in problems] == ["It has no seq: the rest is taken."] * 3
    assert last_seq(log) == -1


def test_what_an_event_says_nothing_without_is_no_event(log: Path) -> None:
    events, (problem,) = _with(log, global_step="seven")
    assert (events, problem.kind) == ([], "bad_line")


def test_a_mark_at_the_beginning_and_a_text_of_another_code_lose_no_line(log: Path) -> None:
    warned = b'\xef\xbb\xbf{"seq":0,"time":1,"type":"warning","message":"caf\xe9"}\r\n'
    log.write_bytes(warned + b'{"seq": 1, "time": 2, "type": "heartbeat", "mood": "good"}\r\n')
    (first, second), problems = _drain(EventReader(log))
    assert isinstance(first, Warned) and first.message == "caf\ufffd"
    assert isinstance(second, Heartbeat)
    assert problems == []


def test_lines_that_come_again_are_left_out(log: Path) -> None:
    _write(log, 6)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:5], *lines[2:]]))
    events, problems = _drain(EventReader(log))
    assert [event.seq for event in events] == list(range(6))
    assert [(problem.line, problem.kind) for problem in problems] == [
        (6, "repeated"),
        (7, "repeated"),
        (8, "repeated"),
    ]
    assert problems[0].message == "seq 5 was expected, 2 came again: it is left out."


def test_an_end_within_a_line_is_torn_however_long_it_is(log: Path) -> None:
    _write(log, 2)
    reader = EventReader(log)
    for length in (0, 10, 1024, 5_000):
        log.write_bytes(log.read_bytes() + b"x" * length)
        while reader.read(limit=1024).more:
            pass
        assert reader.is_torn == (length > 0)


def test_a_file_of_noise_is_read_to_its_end(log: Path) -> None:
    log.write_bytes(os.urandom(1 << 16) + b"\n")
    events, problems = _drain(EventReader(log))
    assert events == []
    assert all(problem.kind == "bad_line" for problem in problems)


def test_a_large_log_is_read_in_bounded_pieces(log: Path) -> None:
    _write(log, 500)
    reader = EventReader(log)
    batches = []
    while True:
        batch = reader.read(limit=4096)
        batches.append(len(batch.events))
        if not batch.more:
            break
    assert sum(batches) == 500
    assert max(batches) < 50


def test_a_line_longer_than_a_piece_is_one_problem(log: Path) -> None:
    writer = EventWriter(log)
    writer.append(Heartbeat())
    writer.append(Warned(message="x" * 10_000))
    writer.append(Heartbeat())
    writer.close()
    reader = EventReader(log)
    seen: list[int] = []
    problems: list[LogProblem] = []
    while (batch := reader.read(limit=1024)).more or batch.events or batch.problems:
        seen += [event.seq for event in batch.events]
        problems += batch.problems
    assert seen == [0, 2]
    assert [(problem.line, problem.kind) for problem in problems] == [(2, "long_line"), (3, "hole")]


def test_a_file_that_was_truncated_or_replaced_is_read_anew(log: Path) -> None:
    _write(log, 5)
    reader = EventReader(log)
    reader.read()
    log.write_bytes(b"")
    _write(log, 2)
    batch = reader.read()
    assert batch.restarted
    assert len(batch.events) == 2
    beside = log.with_name("other.jsonl")
    _write(beside, 9)
    beside.replace(log)
    batch = reader.read()
    assert batch.restarted
    assert len(batch.events) == 9
    log.unlink()
    assert reader.read() == EventBatch([], [])
    assert reader.missing
    _write(log, 3)
    batch = reader.read()
    assert batch.restarted
    assert len(batch.events) == 3


def test_a_file_that_is_away_for_a_while_is_read_on(log: Path) -> None:
    _write(log, 3)
    reader = EventReader(log)
    reader.read()
    log.rename(log.with_name("away"))
    assert reader.read() == EventBatch([], [])
    log.with_name("away").rename(log)
    assert reader.read() == EventBatch([], [])
    assert not reader.missing


def test_a_file_overwritten_in_place_by_a_longer_one_is_noticed(log: Path) -> None:
    _write(log, 3)
    reader = EventReader(log)
    reader.read()
    content = log.read_bytes().replace(b"0.5", b"0.7")
    log.write_bytes(content + content)
    assert reader.read().restarted


def test_a_full_disk_is_an_error_and_leaves_a_log_that_goes_on(log: Path) -> None:
    writer = EventWriter(log)
    writer.append(_step(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 20, hard))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            writer.append(_step(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    writer.append(_step(2))
    writer.close()
    events, problems = _drain(EventReader(log))
    assert [event.seq for event in events] == [0, 1]
    assert [problem.kind for problem in problems] == ["bad_line"]


def test_lines_come_backwards_across_blocks(log: Path) -> None:
    _write(log, 40)
    expected = log.read_bytes().splitlines()
    with log.open("ab") as file:
        file.write(b'{"torn')
    assert list(lines_backwards(log, block=97))[::-1] == expected
    assert last_seq(log) == 39
