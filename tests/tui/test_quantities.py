"""Which curves of several programs' runs show the same quantity."""

from __future__ import annotations

from array import array

from tui.panes.train.curves import Curves
from tui.panes.train.quantities import quantities
from tui.panes.train.tag_curves import TagCurves


def others(*names: str) -> TagCurves:
    curves = TagCurves()
    for name in names:
        curves.take_points(name, array("d", [1]), array("d", [5]), array("d", [0.5]))
    return curves


def test_names_that_usually_mean_the_same_are_one_quantity_named_as_in_the_first_run() -> None:
    found = quantities([others("train/loss", "eval/loss"), others("val_loss", "loss", "speed")])
    assert found == {
        "train/loss": ("train/loss", "loss"),
        "eval/loss": ("eval/loss", "val_loss"),
        "speed": ("", "speed"),
    }
    own = quantities([Curves(), others("Loss", "lr")])
    assert (own["loss"], own["learning_rate"]) == (("loss", "Loss"), ("learning_rate", "lr"))


def test_where_a_run_has_two_of_one_meaning_each_stands_for_itself() -> None:
    found = quantities([others("loss", "eval_loss", "val_loss"), others("loss", "eval_loss")])
    assert found == {
        "loss": ("loss", "loss"),
        "eval_loss": ("eval_loss", "eval_loss"),
        "val_loss": ("val_loss", ""),
    }


def test_a_run_without_curves_has_no_quantities() -> None:
    assert quantities([others()]) == {}
    assert quantities([others(), others("loss")]) == {"loss": ("", "loss")}
