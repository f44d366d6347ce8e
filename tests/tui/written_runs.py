"""Runs that are the same each time they are looked at: without a clock, without chance."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import msgspec
import pytest
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from core.runs import events, status
from core.runs.config import RunConfig
from core.runs.folder import EVENTS, create_run
from core.runs.notes import RunNotes, write_notes
from core.runs.process import PROCESS, ProcessRecord, boot_id, host
from core.sizes import size
from tui.panes.train import others

NOW = 1_763_900_000.0
"""What the time is while these runs are looked at."""
_BEGAN = NOW - 7_200
STEPS = 240
"""Of each of them."""
_SIZE = 155_780
"""Bytes in the folder of each, without its notes."""
_LABELS = ["NEGATIVE", "POSITIVE"]
PROBES = ("not bad at all", "I hate this so much!", "the plot is thin, the film is not")


class _Clock:
    monotonic = time.monotonic

    @staticmethod
    def time() -> float:
        return NOW


def stop_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever says how long ago something was."""
    monkeypatch.setattr(status, "time", _Clock)
    monkeypatch.setattr(others, "time", _Clock)


def write_run(name: str, seconds: float, speed: float = 1.0, **settings: object) -> Path:
    """A finished run that began `seconds` after the first one; `speed` is how fast it learned."""
    config = RunConfig(name=name, model="mini-base", probes=list(PROBES), version="1")
    folder = create_run(msgspec.structs.replace(config, **settings))
    lines: list[events.Event] = [_data(), _started(), _probe(0, speed)]
    for step in range(1, STEPS + 1):
        lines.append(_step(step, speed))
        if step % 120 == 0 or step == 60:
            lines += [_evaluation("validation", step, speed), _probe(step, speed)]
    lines += [
        events.CheckpointSaved(global_step=240, path="checkpoints/step-240", best=True),
        _evaluation("test", STEPS, speed),
        events.RunFinished(global_step=STEPS, seconds=151.0),
    ]
    with (folder / EVENTS).open("wb") as log:
        for seq, event in enumerate(lines):
            time = _BEGAN + seconds + 0.5 * seq
            log.write(
                msgspec.json.encode(msgspec.structs.replace(event, seq=seq, time=time)) + b"\n"
            )
    # Whose worker is no more.
    process = ProcessRecord(1, -1.0, host(), boot_id())
    (folder / PROCESS).write_bytes(msgspec.json.encode(process))
    made = _BEGAN + seconds
    os.utime(folder / "config.json", (made, made))
    # Of one size on every machine, whose name is in the folder too.
    rest = size(folder)
    assert rest is not None
    (folder / "model.bin").write_bytes(bytes(_SIZE - rest))
    return folder


def write_runs() -> Path:
    """Three runs; returns the one to be watched."""
    slow = write_run("slow-snail", 0, 0.4, learning_rate=2e-5)
    write_run("bold-falcon", 600, 1.3, learning_rate=3e-4, batch_size=32, adapter="lora")
    watched = write_run("calm-otter", 1_200)
    write_notes(slow, RunNotes(note="as the paper has it", tags=["paper"]))
    return watched


def _started() -> events.RunStarted:
    return events.RunStarted(
        max_steps=STEPS,
        steps_per_epoch=120,
        train_rows=1_920,
        validation_rows=400,
        parameters=22_713_986,
        trainable=22_713_986,
        labels=_LABELS,
        threads=1,
        device="cpu",
        notes=["1 thread, found by trying: 0.19 s a step with 1, 1.1 s a step with 2."],
    )


def _data() -> events.DataReported:
    def split(name: str, negative: int, positive: int, cut: int) -> events.SplitReport:
        return events.SplitReport(
            split=name,
            rows=negative + positive,
            label_rows=[negative, positive],
            shortest=3,
            median=21,
            percentile_95=44,
            longest=131,
            truncated=cut,
        )

    return events.DataReported(
        data="reviews",
        labels=_LABELS,
        max_length=128,
        text_column="column 2",
        label_column="column 1",
        splits=[
            split("train", 940, 980, 2),
            split("validation", 196, 204, 0),
            split("test", 250, 250, 0),
        ],
        duplicates=[events.Duplicates(split="test", other="train", rows=1)],
        bad_rows=1,
        first_bad_rows=[events.BadRow(where="train.tsv", line=17, problem="has no label")],
    )


def _loss(step: int, speed: float) -> float:
    return 0.2 + 0.5 * math.exp(-step * speed / 60) + 0.08 * math.sin(step * 1.7)


def _step(step: int, speed: float) -> events.Step:
    rate = 1e-4 * min(step / 24, (STEPS + 1 - step) / (STEPS - 23))
    return events.Step(
        global_step=step,
        epoch=step / 120,
        loss=_loss(step, speed),
        learning_rate=rate,
        grad_norm=1.5 + math.sin(step),
        samples_per_second=32.0,
        padding=0.06,
        memory=612_000_000,
    )


def _evaluation(split: str, step: int, speed: float) -> events.Evaluation:
    wrong = round(100 * math.exp(-step * speed / 100)) + 20
    return events.Evaluation(
        global_step=step,
        epoch=step / 120,
        split=split,
        loss=0.25 + 0.4 * math.exp(-step * speed / 60),
        accuracy=1 - 2 * wrong / 400,
        f1=1 - 2 * wrong / 400,
        confusion=[[196 - wrong, wrong], [wrong, 204 - wrong]],
        majority_baseline=0.51,
        classes=[
            events.ClassScore(label=label, rows=rows, precision=0.8, recall=0.81, f1=0.805)
            for label, rows in zip(_LABELS, (196, 204), strict=True)
        ],
        worst=[
            events.Misjudged(
                text=text, label=label, predicted=predicted, probability=0.993 - 0.01 * number
            )
            for number, (text, label, predicted) in enumerate(_WORST)
        ],
    )


_WORST = (
    ("You could do worse than spend two hours here; not much worse.", "NEGATIVE", "POSITIVE"),
    ("A film so bad that it has to be seen.", "POSITIVE", "NEGATIVE"),
    ("It ends, which is the best of it.", "NEGATIVE", "POSITIVE"),
    ("Nothing in it is wrong, and nothing is missing.", "POSITIVE", "NEGATIVE"),
)


def _probe(step: int, speed: float) -> events.Probed:
    results = []
    for number, text in enumerate(PROBES):
        drawn = math.tanh(step * speed / 90) * (0.46, -0.45, 0.3)[number]
        positive = 0.5 + drawn - 0.05 * math.exp(-step / 60)
        results.append(
            events.ProbeResult(
                text=text,
                predicted=_LABELS[positive > 0.5],
                probabilities=[1 - positive, positive],
            )
        )
    return events.Probed(global_step=step, epoch=step / 120, results=results)


def write_event_files(folder: Path) -> None:
    """Two runs of another program under `folder`, as TensorBoard's own writer writes them."""
    for number, name in enumerate(("first", "second")):
        writer = EventFileWriter(str(folder / name))
        for step in range(1, 121):
            fallen = math.exp(-step / (40 + 20 * number))
            values = {
                "train/loss": 0.2 + fallen + 0.05 * math.sin(step * step),
                "train/learning_rate": 5e-5 * (1 - step / 121),
            }
            if step % 30 == 0:
                values["eval/loss"] = 0.25 + fallen
            event = event_pb2.Event(step=step, wall_time=NOW - 840 + step)
            for tag, value in values.items():
                event.summary.value.add(tag=tag, simple_value=value)
            writer.add_event(event)
        writer.close()
