"""`termformer train` with a real worker on a tiny model."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from transformers import AutoModelForSequenceClassification

from core import paths
from core.runs.config import RunConfig, Scratch, read_config
from core.runs.events import RunFinished, Step
from core.runs.folder import EVENTS
from core.runs.log import EventReader
from tests.tui.commands.command import Here
from tests.tui.commands.test_runs import STARTED, make_run
from tui.commands import train

ROWS = [
    ("What a lovely film", "positive"),
    ("I hate this so much", "negative"),
    ("Not bad at all", "positive"),
    ("A waste of time", "negative"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "opinions.csv"
    lines = [f"{text} {number},{label}" for number in range(12) for text, label in ROWS]
    file.write_text("\n".join(["text,label", *lines]) + "\n")
    return file


@pytest.mark.slow
def test_a_run_from_start_to_a_model_that_plain_transformers_loads(
    termformer: Here, tiny_classifier: Path, data: Path, tmp_path: Path
) -> None:
    arguments = ["--model", str(tiny_classifier), "--data", str(data), "--run-dir"]
    summary = termformer(
        "train", *arguments, str(tmp_path / "run"), "--json", "--max-steps", "3",
        "--batch-size", "4", "--seed", "7", "--learning-rate", "1e-4",
    ).document  # fmt: skip
    assert list(summary) == [
        "name",
        "path",
        "status",
        "global_step",
        "max_steps",
        "loss",
        "evaluations",
        "seconds",
        "model",
        "message",
    ]
    assert summary["status"] == "finished"
    assert summary["path"] == str(tmp_path / "run")
    assert summary["global_step"] == summary["max_steps"] == 3
    assert summary["loss"] > 0
    assert "validation" in [result["split"] for result in summary["evaluations"]]
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["batch_size"], config["seed"], config["learning_rate"]) == (4, 7, 1e-4)
    model = AutoModelForSequenceClassification.from_pretrained(summary["model"])
    assert model.config.num_labels == 2

    taken = termformer("train", *arguments, str(tmp_path / "run"))
    assert taken.code == 1
    assert "not empty" in taken.complaint


@pytest.mark.slow
def test_a_detached_run_is_listed_and_can_be_stopped(
    termformer: Here, tiny_classifier: Path
) -> None:
    finished = termformer("train", "--model", str(tiny_classifier), "--detach", "--epochs", "50")
    assert finished.code == 0
    folder = Path(finished.output.rstrip("\n"))
    assert folder.parent == paths.runs_dir()
    (row,) = termformer("runs", "--json").document
    assert row["name"] == folder.name
    assert row["status"] in {"starting", "running"}
    stopped = termformer("stop", "--json", folder.name).document
    assert stopped["status"] == "stopped"


@pytest.mark.slow
def test_a_run_that_fails_is_exit_code_one_with_its_reason(
    termformer: Here, tiny_classifier: Path, tmp_path: Path
) -> None:
    data = tmp_path / "gap.csv"
    data.write_text("text,label\n" + "fine,1\ndull,0\n" * 20 + ",1\n")
    finished = termformer("train", "-m", str(tiny_classifier), "-d", str(data), "--json")
    assert finished.code == 1
    summary = json.loads(finished.output)
    assert summary["status"] == "failed"
    assert summary["model"] is None
    assert "gap.csv has 1 row that cannot be trained on: line 42 has no text" in summary["message"]
    assert summary["message"] in finished.complaint
    assert finished.complaint.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--data", "nothing.csv"], "There is no data named 'nothing.csv': no such file."),
        (["--label-column", "x"], "opinions.csv has no column 'x'; it has 'text', 'label'."),
        (["--label-name", "x"], "1 name was given for 2 labels ("),
    ],
)
def test_data_that_cannot_be_trained_on_makes_no_run(
    termformer: Here, data: Path, arguments: list[str], reason: str
) -> None:
    finished = termformer("train", "--data", str(data), *arguments)
    assert (finished.code, finished.output) == (1, "")
    assert reason in finished.complaint
    assert not paths.runs_dir().exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--epochs", "0"], "Epochs must be at least 1."),
        (["--epochs", "many"], "many"),
        (["--learning-rate", "2"], "The learning rate must be above 0 and at most 1."),
        (["--batch-size", "0"], "The batch size must be between 1 and 4096."),
        (["--seed", "-1"], "The seed must be between"),
        (["--max-steps", "0"], "The number of steps must be at least 1."),
        (["--data", " "], "Data must be named."),
        (["--scratch", "layer=6,hidden=64"], "A shape has no layer. Write layers=2,hidden=128"),
        (["--scratch", "layers=many"], "Write layers=2,hidden=128"),
        (["extra"], "extra"),
        (["--name", "../x"], "A run's name begins with a letter or digit"),
        (["--name", "x", "--run-dir", "y"], "--run-dir names the run too"),
    ],
)
def test_wrong_usage_makes_no_run(termformer: Here, arguments: list[str], reason: str) -> None:
    finished = termformer("train", *arguments)
    assert finished.code == 2
    assert reason in finished.complaint
    assert not paths.runs_dir().exists()


def test_a_model_that_can_be_nothing_makes_no_run(termformer: Here) -> None:
    finished = termformer("train", "-m", "./nowhere")
    assert finished.code == 1
    assert "./nowhere" in finished.complaint
    assert not paths.runs_dir().exists()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    """What workers were to be started with; none is."""
    found: list[RunConfig] = []
    monkeypatch.setattr(train, "start_run", lambda config, _folder: found.append(config))
    return found


def test_every_option_is_a_field_of_the_configuration(
    termformer: Here, asked: list[RunConfig]
) -> None:
    finished = termformer(
        "train", "--detach", "--epochs", "3", "--gradient-accumulation-steps", "2", "--plain",
        "--adapter", "full", "--label-name", "bad", "--label-name", "good", "--probe", "Fine.",
        "--eval-steps", "5", "--save-steps", "7", "--scratch", "layers=1,hidden=32,heads=2",
        "--num-processes", "2", "--route", "loop", "--pair-column", "", "--no-fused",
        "--group-by-length", "--mixed-precision", "bf16", "--data-workers", "0",
    )  # fmt: skip
    assert finished.code == 0, finished.complaint
    (config,) = asked
    assert (config.epochs, config.gradient_accumulation_steps, config.plain) == (3, 2, True)
    assert (config.adapter, config.probes) == ("full", ["Fine."])
    assert config.label_names == ["bad", "good"]
    assert (config.eval_steps, config.save_steps, config.num_processes) == (5, 7, 2)
    assert config.scratch == Scratch(layers=1, hidden=32, heads=2)
    assert (config.fused, config.group_by_length) == (False, True)
    assert (config.mixed_precision, config.data_workers) == ("bf16", 0)
    assert (config.route, config.pair_column, config.text_column) == ("loop", "", None)
    assert read_config(Path(finished.output.strip())).epochs == 3


def test_what_is_not_said_is_the_workers_to_choose(
    termformer: Here, asked: list[RunConfig]
) -> None:
    assert termformer("train", "--detach").code == 0
    (config,) = asked
    chosen = ("threads", "fused", "group_by_length", "mixed_precision", "data_workers")
    assert [getattr(config, name) for name in chosen] == [None] * len(chosen)


def test_the_help_lists_every_option_once_under_a_heading(termformer: Here) -> None:
    text = termformer("train", "--help").output
    heading, found = "", {}
    for line in text.splitlines():
        if line and not line.startswith(" ") and line.endswith(":"):
            heading = line
        elif line.startswith("  -"):
            option = next(word for word in line.replace(",", " ").split() if word[:2] == "--")
            assert option not in found
            found[option] = heading
    assert found.pop("--help") == "Other options:"
    assert found["--fused"] == found["--data-workers"] == found["--threads"]
    assert found["--num-processes"] == found["--config-file"] == "Several processes and machines:"
    fields = {"--" + name.replace("_", "-") for name in RunConfig.__struct_fields__}
    # Named in the singular, or given otherwise, or written by the program alone.
    fields -= {"--label-names", "--probes", "--version", "--machine"}
    assert fields <= found.keys()
    assert len(set(found.values())) == 8


def test_a_configuration_is_repeated_but_for_what_other_options_say(
    termformer: Here, asked: list[RunConfig], tmp_path: Path
) -> None:
    file = tmp_path / "once.json"
    once = RunConfig(
        name="old-name", model="mini", epochs=7, seed=3, threads=1, fused=True, version="0.0.1"
    )
    file.write_bytes(msgspec.json.encode(once))
    assert termformer("train", "--detach", "--config", str(file), "--seed", "4").code == 0
    (config,) = asked
    assert config == msgspec.structs.replace(once, name="", seed=4, version="")
    assert termformer("train", "--detach", "--config", str(file), "--name", "twice").code == 0
    assert asked[-1] == msgspec.structs.replace(once, name="twice", version="")
    file.write_text('{"name": 3}')
    wrong = termformer("train", "--config", str(file))
    assert wrong.code == 1
    assert "not a run's configuration" in wrong.complaint


def test_a_run_is_repeated_plain_without_what_was_found_to_be_fast(
    termformer: Here, asked: list[RunConfig], tmp_path: Path
) -> None:
    file = tmp_path / "once.json"
    once = RunConfig(
        name="old-name", model="mini", epochs=7, threads=1, fused=True, group_by_length=True,
        mixed_precision="bf16", data_workers=2, machine="this one",
    )  # fmt: skip
    file.write_bytes(msgspec.json.encode(once))
    repeated = ("train", "--detach", "--config", str(file), "--plain")
    assert termformer(*repeated).code == 0
    assert termformer(*repeated, "--threads", "2", "--fused").code == 0
    plain = RunConfig(name="", model="mini", epochs=7, plain=True)
    given = msgspec.structs.replace(plain, threads=2, fused=True)
    # One that was plain is repeated as it was, whatever was said beside it then.
    file.write_bytes(msgspec.json.encode(given))
    assert termformer(*repeated).code == 0
    assert asked == [plain, given, given]


def test_an_accelerate_configuration_says_how_many_processes(
    termformer: Here, asked: list[RunConfig], tmp_path: Path
) -> None:
    file = tmp_path / "machines.yaml"
    file.write_text("num_machines: 2\nnum_processes: 4\n")
    assert termformer("train", "--detach", "--config-file", str(file)).code == 0
    (config,) = asked
    assert (config.num_processes, config.config_file) == (4, str(file))


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        (b"- nothing", "does not say num_processes, as accelerate's"),
        (b"num_processes: many", "does not say num_processes as accelerate's"),
        (b"num_processes: 2\nmachine_rank: [", "is not YAML, as its line 2 shows: write one"),
        (b"num_processes: 2 \xff", "is not YAML: write one with accelerate config."),
    ],
)
def test_a_file_that_is_no_accelerate_configuration_is_told_in_a_sentence(
    termformer: Here, tmp_path: Path, written: bytes, wrong: str
) -> None:
    file = tmp_path / "machines.yaml"
    file.write_bytes(written)
    finished = termformer("train", "--detach", "--config-file", str(file))
    assert finished.code == 2
    last = finished.complaint.splitlines()[-1]
    assert f"{file} {wrong}" in last
    assert last.endswith("with accelerate config.")


@pytest.mark.slow
def test_a_configuration_repeats_a_run_exactly(
    termformer: Here, tiny_classifier: Path, data: Path, tmp_path: Path
) -> None:
    arguments = ["--model", str(tiny_classifier), "--data", str(data), "--batch-size", "4"]
    first = tmp_path / "first"
    assert termformer("train", *arguments, "--max-steps", "5", "--run-dir", str(first)).code == 0
    config = str(first / "config.json")
    again = termformer("train", "--json", "--config", config).document
    curves = [
        [
            (event.global_step, event.loss, event.grad_norm)
            for batch in EventReader(folder / EVENTS).drain()
            for event in batch.events
            if isinstance(event, Step)
        ]
        for folder in (first, Path(again["path"]))
    ]
    assert len(curves[0]) == 5
    assert curves[0] == curves[1]


@pytest.mark.parametrize(("best", "is_told"), [(12, True), (40, False)])
def test_a_finished_run_names_the_best_checkpoint_where_its_model_is_another(
    termformer: Here, monkeypatch: pytest.MonkeyPatch, best: int, is_told: bool
) -> None:
    finished = RunFinished(global_step=40, seconds=1.0, best=f"checkpoints/step-{best}")
    folder = make_run("calm-otter", STARTED, finished)
    monkeypatch.setattr(train, "create_run", lambda *_: folder)
    monkeypatch.setattr(train, "start_run", lambda *_: None)
    last = termformer("train").output.splitlines()[-1]
    told = f"the lowest validation loss had {folder / 'checkpoints' / f'step-{best}'}."
    assert last.endswith(told) == is_told
    assert last.startswith("Its model:") == (not is_told)
