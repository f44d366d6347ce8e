"""What the next run will do: six fields that know sensible values and say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping

from textual import events
from textual.message import Message

from core import checkpoints
from core.errors import ModelError
from core.runs.config import REVIEWS, RunConfig
from core.text.visible import visible
from tui.panes.train.sheet import Row, Sheet
from tui.widgets.keys import KeysInOrder
from tui.widgets.pane import Option
from tui.widgets.rows import Part

_DEFAULTS = RunConfig(name="", model="x")
_LABEL = 16
_VALUE = 18
_LONGEST = 4_096


class Form:
    """The fields as they are typed, and what is wrong with them."""

    FIELDS: Mapping[str, tuple[str, str]] = {
        "model": ("model", "where to begin: a name, folder or run"),
        "data": ("data", "reviews, or a file, a folder, a Hub name"),
        "epochs": ("epochs", "passes over the training data"),
        "learning_rate": ("learning rate", "at its peak; 2e-05 to 1e-04 is usual"),
        "batch_size": ("batch size", "sentences a step"),
        "seed": ("seed", "the same seed gives the same run"),
    }
    """Label and meaning, by the field of `RunConfig`."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {
            "model": checkpoints.default_encoder(),
            "data": REVIEWS,
            "epochs": str(_DEFAULTS.epochs),
            "learning_rate": f"{_DEFAULTS.learning_rate:g}",
            "batch_size": str(_DEFAULTS.batch_size),
            "seed": str(_DEFAULTS.seed),
        }

    def read(self) -> tuple[RunConfig | None, dict[str, str]]:
        """The configuration, or for each wrong field a sentence."""
        wrong: dict[str, str] = {}
        numbers: dict[str, int] = {}
        for name in ("epochs", "batch_size", "seed"):
            text = self.values[name].strip()
            if re.fullmatch(r"-?[0-9]{1,18}", text):
                numbers[name] = int(text)
            else:
                wrong[name] = f"{self.FIELDS[name][0].capitalize()} must be a whole number."
        rate = 0.0
        try:
            rate = float(self.values["learning_rate"])
        except ValueError:
            wrong["learning_rate"] = "The learning rate must be a number, such as 5e-05."
        config = RunConfig(
            name="",
            model=self.values["model"].strip(),
            data=self.values["data"].strip(),
            epochs=numbers.get("epochs", 1),
            learning_rate=rate if "learning_rate" not in wrong else 0.1,
            batch_size=numbers.get("batch_size", 1),
            seed=numbers.get("seed", 0),
        )
        for problem in config.problems():
            field = problem.field if problem.field in self.FIELDS else "model"
            wrong.setdefault(field, problem.sentence)
        return (None if wrong else config), wrong

    def checked(self) -> tuple[RunConfig | None, dict[str, str]]:
        """As `read`, with a look at whether the model's name can mean something."""
        config, wrong = self.read()
        try:
            checkpoints.locate(self.values["model"])
        except ModelError as error:
            wrong.setdefault("model", str(error))
        return (None if wrong else config), wrong

    def options(self) -> dict[str, Option]:
        """What to remember."""
        return dict(self.values)

    def restore(self, options: Mapping[str, Option]) -> None:
        """Takes back what `options` gave; the rest stays as it is."""
        for name in self.FIELDS:
            value = options.get(name)
            if isinstance(value, str) and len(value) <= _LONGEST:
                self.values[name] = value

    def summary(self) -> str:
        """The fields in one line of visible text."""
        values = self.values
        return visible(
            f"{values['model']} on {values['data']} · {values['epochs']} epochs · "
            f"rate {values['learning_rate']} · batch {values['batch_size']} · "
            f"seed {values['seed']}"
        )


class FormView(KeysInOrder, Sheet, can_focus=True):
    """The form, a row a field; while it has the focus, keys go into the field that is marked."""

    class Left(Message):
        """Editing is over."""

    class Changed(Message):
        """A value changed."""

    def __init__(self, form: Form, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.form = form
        self._field = 0
        self._caret = 0
        self._said: dict[str, str] = {}

    @property
    def field(self) -> str:
        """The field that keys go into."""
        return list(Form.FIELDS)[self._field]

    def say(self, field: str, problem: str) -> None:
        """Marks `field` and says what is wrong with it, until it is changed."""
        self._said[field] = problem
        self._go(list(Form.FIELDS).index(field))

    def draw(self) -> None:
        """Shows the fields as they are."""
        wrong = self._problems()
        rows: list[Row] = [[], [(" New run", "sheet--name")], []]
        for index, (name, (label, meaning)) in enumerate(Form.FIELDS.items()):
            here = self.has_focus and index == self._field
            value = self._value(name, here)
            mark = (" › ", "sheet--accent") if here else ("   ", "")
            style = "sheet--accent" if here else "sheet--label"
            style = "sheet--bad" if name in wrong else style
            row = [mark, (f"{label:<{_LABEL}}", style), *value, ("  " + meaning, "sheet--label")]
            rows.append(row)
        problem = wrong.get(self.field) or next(iter(wrong.values()), "")
        rows += [[], [("   " + visible(problem), "sheet--bad")]] if problem else []
        rows.append([])
        if self.has_focus:
            keys = (("Tab", "next field"), ("Enter", "next, then done"), ("Esc", "done"))
        else:
            keys = (("s", "starts it"), ("f", "changes a value"), ("l", "earlier runs"))
        last: list[Part] = [(" ", "")]
        for key, does in keys:
            last += [(f"  {key}", "sheet--key"), (f" {does} ", "")]
        self.show([*rows, last])

    def _problems(self) -> dict[str, str]:
        return {**self.form.read()[1], **self._said}

    def _value(self, name: str, here: bool) -> Row:
        """The value, around its caret where it is long."""
        text = visible(self.form.values[name])
        if not here:
            shown = text if len(text) <= _VALUE else "…" + text[1 - _VALUE :]
            return [(f"{shown:<{_VALUE}}", "sheet--value")]
        start = max(0, self._caret - _VALUE + 1)
        shown = f"{text[start:] + ' ':<{_VALUE}}"[:_VALUE]
        caret = self._caret - start
        return [
            (shown[:caret], "sheet--value"),
            (shown[caret], "sheet--cursor"),
            (shown[caret + 1 :], "sheet--value"),
        ]

    # --- keys -----------------------------------------------------------------------------

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character.isprintable()

    def on_focus(self) -> None:
        self._caret = len(self.form.values[self.field])
        self.draw()

    def on_blur(self) -> None:
        self.draw()

    def on_key(self, event: events.Key) -> None:
        """Edits the field; what is no editing key goes on to the app."""
        if self.app.focused is not self:
            return
        if not self._leave_or_go(event.key) and not self._edit(event.key):
            if not (event.is_printable and event.character):
                return
            self._insert(event.character)
        event.stop()
        event.prevent_default()

    def _leave_or_go(self, key: str) -> bool:
        """Another field, or out of the form; whether `key` does that."""
        last = self._field == len(Form.FIELDS) - 1
        if key == "escape" or (key == "enter" and last):
            self.post_message(self.Left())
        elif key in {"enter", "tab", "down"}:
            self._go(self._field + 1)
        elif key in {"shift+tab", "up"}:
            self._go(self._field - 1)
        else:
            return False
        return True

    def _edit(self, key: str) -> bool:
        """Moves the caret or deletes; whether `key` does that."""
        value, caret = self.form.values[self.field], self._caret
        after = {
            "left": (value, caret - 1),
            "right": (value, caret + 1),
            "home": (value, 0),
            "end": (value, len(value)),
            "backspace": (value[: max(0, caret - 1)] + value[caret:], caret - 1),
            "delete": (value[:caret] + value[caret + 1 :], caret),
            "ctrl+u": (value[caret:], 0),
        }
        if key in after:
            self._set(*after[key])
        return key in after

    def on_paste(self, event: events.Paste) -> None:
        """Takes the first line."""
        event.stop()
        self._insert("".join(event.text.splitlines()[:1]))

    def _insert(self, text: str) -> None:
        value = self.form.values[self.field]
        longer = value[: self._caret] + text + value[self._caret :]
        self._set(longer[:_LONGEST], self._caret + len(text))

    def _set(self, value: str, caret: int) -> None:
        name = self.field
        if value != self.form.values[name]:
            self.form.values[name] = value
            self._said.pop(name, None)
            self.post_message(self.Changed())
        self._caret = max(0, min(caret, len(value)))
        self.draw()

    def _go(self, field: int) -> None:
        self._field = field % len(Form.FIELDS)
        self._caret = len(self.form.values[self.field])
        self.draw()
