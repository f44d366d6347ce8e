"""Two machines train one run: two launchers that meet on this one, as the README says."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from core.runs.events import (
    Event,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunStopped,
    Step,
)
from core.runs.folder import EVENTS, saved_steps
from core.runs.log import EventReader
from core.runs.process import is_alive, read_process
from core.runs.status import run_status
from tests.tui.commands.command import COMMAND, ROOT, Here

PATIENCE = 240.0


@dataclass(frozen=True, slots=True)
class Machine:
    """A configuration of its own, and folders that no other machine sees."""

    configuration: Path
    folders: Mapping[str, str]
    said: Path

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.said.open("ab") as file:
            return subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=ROOT,
                env={**os.environ, **self.folders},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )


def _until(reached: Callable[[], bool], machines: list[Machine]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > deadline:
            logs = [
                log.read_text()[-2000:]
                for one in machines
                for log in one.said.parent.rglob("*.log")
            ]
            pytest.fail("\n".join([*(one.said.read_text() for one in machines), *logs]))
        time.sleep(0.05)


def _events(folder: Path) -> list[Event]:
    return [event for batch in EventReader(folder / EVENTS).drain() for event in batch.events]


def _steps(folder: Path) -> list[Step]:
    return [event for event in _events(folder) if isinstance(event, Step)]


@pytest.fixture
def sober(tiny_classifier: Path, tmp_path: Path) -> Path:
    """Without dropout, which is another one in each process."""
    settings = AutoConfig.from_pretrained(
        tiny_classifier, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier, config=settings)
    model.save_pretrained(tmp_path / "sober")
    AutoTokenizer.from_pretrained(tiny_classifier).save_pretrained(tmp_path / "sober")
    return tmp_path / "sober"


@pytest.fixture
def machines(tmp_path: Path) -> list[Machine]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    found = []
    for rank in range(2):
        place = tmp_path / f"machine-{rank}"
        place.mkdir()
        configuration = place / "cluster.yaml"
        configuration.write_text(
            "compute_environment: LOCAL_MACHINE\n"
            "distributed_type: MULTI_GPU\n"
            "num_machines: 2\n"
            "num_processes: 2\n"
            f"machine_rank: {rank}\n"
            "main_process_ip: 127.0.0.1\n"
            f"main_process_port: {port}\n"
            "rdzv_backend: static\n"
            "same_network: true\n"
        )
        folders = {
            "TERMFORMER_RUNS_DIR": str(place / "runs"),
            "TERMFORMER_STATE_DIR": str(place / "state"),
        }
        found.append(Machine(configuration, folders, place / "said"))
    return found


@pytest.fixture
def started() -> Iterator[list[int]]:
    """Launchers and commands that are ended at the test's end, should they still be there."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.long
def test_two_machines_train_one_run_which_the_first_one_has(
    termformer: Here, sober: Path, tmp_path: Path, machines: list[Machine], started: list[int]
) -> None:
    first, second = machines
    data = tmp_path / "opinions.csv"
    rows = [f"{'so ' * (n % 5)}{('bad', 'good')[n % 2]} {n},{n % 2}" for n in range(60)]
    data.write_text("\n".join(["text,label", *rows]) + "\n")
    options = ["--model", str(sober), "--data", str(data), "--batch-size", "6", "--threads", "1",
               "--fused", "--no-group-by-length", "--data-workers", "0", "--epochs", "6",
               "--learning-rate", "1e-3", "--save-steps", "3"]  # fmt: skip
    alone = tmp_path / "alone"
    assert termformer("train", *options, "--run-dir", str(alone)).code == 0

    run = tmp_path / "machine-0" / "runs" / "together"
    launched = [
        first.start(
            "train", *options, "--config-file", str(first.configuration), "--run-dir", str(run)
        ),
        # Only the first one's options count.
        second.start("train", "--config-file", str(second.configuration)),
    ]
    started += [process.pid for process in launched]
    _until(lambda: run.exists() and bool(saved_steps(run)), machines)
    words = second.said.read_text()
    assert "machine 2 of 2 · waiting for the first one, 127.0.0.1" in words
    assert f"the run together is kept on {os.uname().nodename} in {run}" in words
    # The second machine is lost.
    for process in reversed(psutil.Process(launched[1].pid).children(recursive=True)):
        process.kill()
    assert launched[1].wait(PATIENCE) == 1
    assert "did not reach its end with this machine" in second.said.read_text()
    assert launched[0].wait(PATIENCE) == 1
    failed = _events(run)[-1]
    assert isinstance(failed, RunFailed)
    assert "Another process of the run ended" in failed.message

    # Taken up on the first one, and the same command once more on the second one, which has
    # nothing of the run.
    launched = [
        first.start("resume", str(run)),
        second.start("train", "--json", "--config-file", str(second.configuration)),
    ]
    started += [process.pid for process in launched]
    _until(
        lambda: not run_status(run).is_live and isinstance(_events(run)[-1], RunFinished), machines
    )
    assert launched[1].wait(PATIENCE) == 0
    assert f'"path":"{run}"' in second.said.read_text()
    (begun,) = [event for event in _events(run) if isinstance(event, RunStarted)]
    assert begun.world_size == 2
    assert len([event for event in _events(run) if isinstance(event, RunResumed)]) == 1
    expected, found = _steps(alone), _steps(run)
    assert [step.global_step for step in found] == [step.global_step for step in expected]
    assert [float(step.loss) for step in found] == pytest.approx(
        [float(step.loss) for step in expected], abs=1e-5
    )
    assert not (tmp_path / "machine-1" / "runs").exists()
    kept = [path for path in (tmp_path / "machine-1").rglob("*") if path.name.startswith("step-")]
    assert kept == []


@pytest.mark.slow
def test_the_first_machine_is_stopped_while_it_waits_for_the_second(
    termformer: Here, sober: Path, tmp_path: Path, machines: list[Machine], started: list[int]
) -> None:
    first = machines[0]
    run = tmp_path / "machine-0" / "runs" / "alone-yet"
    launched = first.start(
        "train", "--model", str(sober), "--config-file", str(first.configuration),
        "--run-dir", str(run),
    )  # fmt: skip
    started.append(launched.pid)
    _until(lambda: read_process(run) is not None, [first])
    launcher = read_process(run)
    assert launcher is not None
    started.append(launcher.pid)
    _until(lambda: bool(psutil.Process(launcher.pid).net_connections()), [first])
    assert run_status(run).status == "starting"
    row = termformer("stop", "--json", str(run)).document
    assert (row["status"], row["global_step"]) == ("stopped", 0)
    assert not is_alive(launcher)
    assert [type(event) for event in _events(run)] == [RunStopped]
    launched.wait(PATIENCE)
    assert "Stopped before its machines had met" in first.said.read_text()
