"""`runs export` and `watch --export`: the chart and its numbers as files."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from core.runs import events
from tests.tui.commands.command import Here
from tests.tui.commands.test_runs import STARTED, make_run, step


def losses() -> list[events.Event]:
    values: list[events.Number] = ["NaN" if at == 20 else 1 / at for at in range(1, 41)]
    return [STARTED, *(step(at, value) for at, value in enumerate(values, 1))]


def test_a_run_is_written_in_every_format(termformer: Here, tmp_path: Path) -> None:
    make_run("calm-otter", *losses())
    make_run("brave-heron", STARTED, *(step(at, 0.5) for at in range(1, 41)))
    for suffix in ("svg", "png", "txt", "csv", "jsonl"):
        assert termformer("runs", "export", "calm-otter", str(tmp_path / f"a.{suffix}")).code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    loss = [row for row in rows if row["name"] == "loss"]
    assert [int(row["step"]) for row in loss] == list(range(1, 41))
    assert math.isnan(float(loss[19]["value"]))
    assert float(loss[2]["value"]) == 1 / 3
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert len(lines) == len(rows)
    assert lines[2] | {"seconds": 0} == {
        "run": "calm-otter", "name": "loss", "step": 3, "seconds": 0, "value": 1 / 3
    }  # fmt: skip
    text = (tmp_path / "a.txt").read_text()
    assert "calm-otter: loss" in text
    assert "×" in text
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width == 1920
        assert len(picture.getcolors(1 << 24) or []) > 10
    assert (
        termformer("runs", "export", "calm-otter", "brave-heron", str(tmp_path / "b.svg")).code == 0
    )
    root = ElementTree.parse(tmp_path / "b.svg").getroot()
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "brave-heron" in words
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) > 10


def test_a_run_that_is_named_twice_is_written_once(termformer: Here, tmp_path: Path) -> None:
    folder = make_run("calm-otter", *losses())
    file = tmp_path / "a.csv"
    assert termformer("runs", "export", "calm-otter", str(folder), str(file)).code == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert len([row for row in rows if row["name"] == "loss"]) == 40


def test_a_picture_says_what_its_marks_and_axes_are(termformer: Here, tmp_path: Path) -> None:
    def evaluation(split: str) -> events.Evaluation:
        return events.Evaluation(global_step=40, epoch=2, split=split, loss=0.4, accuracy=0.5)

    make_run("calm-otter", *losses(), evaluation("validation"), evaluation("test"))
    file = tmp_path / "a.svg"
    assert termformer("runs", "export", "calm-otter", str(file)).code == 0
    root = ElementTree.parse(file).getroot()
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "diamonds: evaluations, hollow on the test split, x: steps" in words
    assert "calm-otter: gradient norm" in words
    shapes = list(root.iter("{http://www.w3.org/2000/svg}polyline"))
    diamonds = [shape for shape in shapes if len(shape.attrib["points"].split()) == 5]
    # Both evaluations; the points that are the whole of a curve are filled, too.
    assert [shape.attrib["fill"] != "none" for shape in diamonds[:2]] == [True, False]
    assert all(shape.attrib["fill"] != "none" for shape in diamonds[2:])
    assert termformer("runs", "export", "calm-otter", str(tmp_path / "a.txt")).code == 0
    assert "calm-otter: gradient norm   (x: steps)" in (tmp_path / "a.txt").read_text()


def test_the_probes_are_among_the_numbers(termformer: Here, tmp_path: Path) -> None:
    probed = [
        events.Probed(
            global_step=at,
            epoch=at / 20,
            results=[
                events.ProbeResult(
                    text="not bad at all", predicted="POSITIVE", probabilities=[1 - share, share]
                )
            ],
        )
        for at, share in ((20, 0.25), (40, 0.75))
    ]
    make_run("calm-otter", *losses(), *probed)
    assert termformer("runs", "export", "calm-otter", str(tmp_path / "a.csv")).code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    found = [row for row in rows if row["name"] == "P(POSITIVE) not bad at all"]
    assert [(row["step"], row["value"]) for row in found] == [("20", "0.25"), ("40", "0.75")]
    assert float(found[0]["seconds"]) <= float(found[1]["seconds"])


def test_no_file_is_replaced_and_no_format_guessed(termformer: Here, tmp_path: Path) -> None:
    make_run("calm-otter", *losses())
    file = tmp_path / "a.csv"
    file.write_text("mine")
    refused = termformer("runs", "export", "calm-otter", str(file))
    assert refused.code == 1
    assert "--force" in refused.complaint
    assert file.read_text() == "mine"
    assert termformer("runs", "export", "--force", "calm-otter", str(file)).code == 0
    unknown = termformer("runs", "export", "calm-otter", str(tmp_path / "a.gif"))
    assert unknown.code == 1
    assert ".svg, .png" in unknown.complaint


def test_others_curves_are_written_too(termformer: Here, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "checkpoint-3").mkdir(parents=True)
    empty = termformer("watch", str(folder), "--export", str(tmp_path / "a.csv"))
    assert empty.code == 1
    assert "no curves" in empty.complaint
    state = {"log_history": [{"step": at, "loss": 1 / at} for at in (1, 2, 3)], "max_steps": 9}
    (folder / "checkpoint-3/trainer_state.json").write_text(json.dumps(state))
    assert termformer("watch", str(folder), "--export", str(tmp_path / "a.csv")).code == 0
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == "out,train/loss,1,,1.0"


def test_each_quantity_is_drawn_for_the_runs_that_have_it(termformer: Here, tmp_path: Path) -> None:
    for run, names in (("a", ("loss",)), ("b", ("loss", "speed")), ("c", ("other",))):
        history = [{"step": at, **dict.fromkeys(names, 1 / at)} for at in (1, 2, 3)]
        folder = tmp_path / f"out/{run}/checkpoint-3"
        folder.mkdir(parents=True)
        (folder / "trainer_state.json").write_text(json.dumps({"log_history": history}))
    arguments = ("watch", str(tmp_path / "out"), "--export")
    assert termformer(*arguments, str(tmp_path / "a.txt")).code == 0
    titles = (tmp_path / "a.txt").read_text().replace("   (x: steps)", "").splitlines()
    assert titles[titles.index("train/loss") + 1] == "━ a  ╍ b"
    assert titles[titles.index("train/speed") + 1] == "╍ b"
    assert titles[titles.index("train/other") + 1] == "┅ c"
    assert termformer(*arguments, str(tmp_path / "a.svg")).code == 0
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    named = [word for word in words if word in {"train/loss", "train/speed", "a", "b", "c"}]
    assert named == ["a", "b", "train/loss", "b", "train/speed", "c"]


def test_several_runs_are_named_under_each_title(termformer: Here, tmp_path: Path) -> None:
    make_run("calm-otter", *losses())
    make_run("brave-heron", STARTED, *(step(at, 0.5) for at in range(1, 41)))
    runs = ("calm-otter", "brave-heron")
    assert termformer("runs", "export", *runs, str(tmp_path / "a.txt")).code == 0
    assert (
        (tmp_path / "a.txt")
        .read_text()
        .startswith("loss   (x: steps)\n━ calm-otter  ╍ brave-heron\n")
    )


def test_what_is_not_good_of_a_log_is_said_when_the_rest_is_written(
    termformer: Here, tmp_path: Path
) -> None:
    log = make_run("calm-otter", *losses()) / "events.jsonl"
    with log.open("ab") as stream:
        stream.write(b"\x00 rubbish\n" * 2 + b'{"seq":99,"type":"new"}\n{"seq":')
    written = termformer("runs", "export", "calm-otter", str(tmp_path / "a.csv"))
    assert written.code == 0
    assert "Written" in written.output
    assert "calm-otter has 5 faults in the log" in written.complaint
    assert "1 event of an unknown type, 2 unreadable lines, 1 hole, a torn end" in written.complaint
    make_run("brave-heron", *losses())
    assert not termformer("runs", "export", "brave-heron", str(tmp_path / "b.csv")).complaint


def test_what_is_not_good_of_others_files_is_said_too(termformer: Here, tmp_path: Path) -> None:
    for run, text in (("a", '{"log_history": [{"step": 1, "loss": 2}, 5]}'), ("b", "{torn")):
        (tmp_path / run / "checkpoint-1").mkdir(parents=True)
        (tmp_path / run / "checkpoint-1/trainer_state.json").write_text(text)
    written = termformer("watch", str(tmp_path), "--export", str(tmp_path / "a.csv"))
    assert written.code == 0
    assert "a/checkpoint-1/trainer_state.json: 1 entry" in written.complaint
    assert "b/checkpoint-1/trainer_state.json is no whole JSON document" in written.complaint


def test_a_chart_of_very_many_curves_says_which_it_leaves_out(
    termformer: Here, tmp_path: Path
) -> None:
    history = [{"step": 1, **{f"number_{index}": index for index in range(30)}}]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": history}))
    text = termformer("watch", str(tmp_path), "--export", str(tmp_path / "a.txt"))
    assert "the first 24 of 30 curves" in text.complaint
    numbers = termformer("watch", str(tmp_path), "--export", str(tmp_path / "a.csv"))
    assert not numbers.complaint
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 31
