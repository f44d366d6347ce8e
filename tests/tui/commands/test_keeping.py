"""`termformer runs rename`, `note`, `tag`, `delete`, `restore`, `differ` and `repeat`."""

from __future__ import annotations

import shlex

import msgspec

from core.runs import events
from core.runs.config import RunConfig, read_config
from core.runs.folder import create_run
from tests.tui.commands.command import Here
from tests.tui.commands.test_runs import STARTED, make_run, step


def test_notes_tags_and_the_best_accuracy_stand_in_the_list(termformer: Here) -> None:
    best = events.Evaluation(global_step=1, epoch=1, split="validation", loss=0.5, accuracy=0.815)
    make_run("calm-otter", STARTED, step(1), best)
    assert termformer("runs", "note", "calm-otter", "the", "good one").code == 0
    assert termformer("runs", "tag", "calm-otter", "paper", "slow").code == 0
    assert termformer("runs", "tag", "calm-otter", "--remove", "slow").code == 0
    (row,) = termformer("runs", "--json").document
    assert (row["note"], row["tags"], row["best_accuracy"]) == ("the good one", ["paper"], 0.815)
    plain = termformer("runs").output
    assert "#paper the good one" in plain
    assert "81.5 %" in plain
    assert termformer("runs", "note", "calm-otter", "--json").document == {
        "name": "calm-otter",
        "note": "the good one",
        "tags": ["paper"],
    }
    assert "is no tag" in termformer("runs", "tag", "calm-otter", "x" * 50).complaint


def test_deleted_runs_come_back(termformer: Here) -> None:
    folder = make_run("calm-otter", STARTED, step(1))
    said = termformer("runs", "delete", "calm-otter").output
    assert "termformer runs restore calm-otter" in said
    assert termformer("runs", "--json").document == []
    assert [row["name"] for row in termformer("runs", "--trash", "--json").document] == [
        "calm-otter"
    ]
    assert termformer("runs", "restore", "calm-otter").code == 0
    assert folder.is_dir()
    make_run("busy-bee", STARTED, step(1), alive=True)
    refused = termformer("runs", "delete", "busy-bee")
    assert refused.code == 1
    assert "stop it first" in refused.complaint
    assert termformer("runs", "rename", "calm-otter", "best").code == 0
    assert "best" in termformer("runs").output


def test_what_differs_and_what_repeats(termformer: Here) -> None:
    first = make_run("first", STARTED)
    create_run(msgspec.structs.replace(read_config(first), name="second", epochs=5))
    assert termformer("runs", "differ", "first", "second", "--json").document == [
        {"field": "epochs", "values": ["2", "5"]}
    ]
    assert termformer("runs", "differ", "first").code == 2
    words = shlex.split(termformer("runs", "repeat", "first").output)
    assert words == ["termformer", "train", "--config", str(first / "config.json")]
    create_run(RunConfig(name="third", model="mini-base"))
    assert "set alike" in termformer("runs", "differ", "first", "third").output
