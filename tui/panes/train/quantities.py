"""Which curves of several runs show the same quantity, though programs name it differently."""

from __future__ import annotations

from collections.abc import Sequence

from tui.panes.train.curves import Curves

LOSSES = ("loss", "train/loss", "train_loss", "training/loss", "loss/train")
_USUAL = (
    LOSSES,
    ("validation loss", "eval/loss", "eval_loss", "val/loss", "val_loss", "validation/loss",
     "validation_loss", "loss/val", "loss/validation"),
    ("validation accuracy", "eval/accuracy", "eval_accuracy", "val/accuracy", "val_accuracy",
     "val/acc", "val_acc", "validation/accuracy", "validation_accuracy"),
    ("test loss", "test/loss", "test_loss"),
    ("test accuracy", "test/accuracy", "test_accuracy", "test_acc"),
    ("learning_rate", "train/learning_rate", "lr", "train/lr"),
    ("grad_norm", "train/grad_norm", "gradient_norm", "train/gradient_norm"),
)  # fmt: skip
"""Names that this program, `Trainer`, Lightning and Keras give to one thing each."""
_MEANING = {name: group[0] for group in _USUAL for name in group}

Quantities = dict[str, tuple[str, ...]]
"""Of each quantity the name of its curve in each run; "" where a run has none."""


def quantities(runs: Sequence[Curves]) -> Quantities:
    """All that the runs have, the main one of the first run first, each once.

    A quantity is called as in the first run that has it. Curves of other names are taken for the
    same where their names usually mean the same, and no run has two such curves.
    """
    named = [list(dict.fromkeys([run.main, *run.names()])) if run.main else [] for run in runs]
    ambiguous = {meaning for names in named for meaning in _repeated(names)}
    found: dict[str, list[str]] = {}
    for number, names in enumerate(named):
        for name in names:
            meaning = _MEANING.get(name.lower(), name)
            key = name if meaning in ambiguous else meaning
            found.setdefault(key, [""] * len(runs))[number] = name
    return {next(filter(None, names)): tuple(names) for names in found.values()}


def _repeated(names: Sequence[str]) -> set[str]:
    """What more than one of a run's names mean."""
    meanings = [_MEANING[name.lower()] for name in names if name.lower() in _MEANING]
    return {meaning for meaning in meanings if meanings.count(meaning) > 1}


def is_rate(name: str) -> bool:
    """Whether it is a learning rate, which is set and not measured."""
    return _MEANING.get(name.lower()) == "learning_rate"


def is_loss(name: str) -> bool:
    """Whether it is measured as the loss is, and belongs on the same axis."""
    return "loss" in name.lower()
