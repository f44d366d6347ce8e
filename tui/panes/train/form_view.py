"""The form on the screen, a row a field; while it has the focus, keys go into one of them."""

from __future__ import annotations

from textual import events
from textual.message import Message

from core.text.visible import fit, visible, width
from tui.panes.train.entry import Entry
from tui.panes.train.form import Form
from tui.panes.train.form_fields import FIELDS, GROUPS, OWN, PRESETS
from tui.panes.train.sheet import Row, Sheet
from tui.widgets.keys import KeysInOrder
from tui.widgets.pane import Pane
from tui.widgets.rows import Part

PRESET = "preset"
"""The first row, which is no field of a run."""
_ROWS = (PRESET, *FIELDS)
_FIRST = _ROWS.index("model")
_LABEL = 15
_VALUE = 18


class FormView(KeysInOrder, Sheet, can_focus=True):
    """Shows a `Form`, in groups, scrolled to the field that is marked."""

    class Left(Message):
        """Editing is over."""

    class Changed(Message):
        """A value changed."""

    class Moved(Message):
        """Another field is marked."""

    def __init__(self, form: Form, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.form = form
        self._at = _FIRST
        self._entry = Entry(form.values[self.field])
        self._said: dict[str, str] = {}

    @property
    def field(self) -> str:
        """The field that keys go into, or `PRESET`."""
        return _ROWS[self._at]

    @property
    def is_choice(self) -> bool:
        """Whether the field that is marked takes one of a few values."""
        return self.field == PRESET or bool(FIELDS[self.field].choices)

    def say(self, field: str, problem: str) -> None:
        """Marks `field` and says what is wrong with it, until it is changed."""
        self._said[field] = problem
        self.go_to(field)

    def go_to(self, field: str) -> None:
        """Marks a field."""
        self._at = _ROWS.index(field)
        self._take_value()
        self.draw()
        self.post_message(self.Moved())

    def _take_value(self) -> None:
        self._entry.put("" if self.field == PRESET else self.form.values[self.field])

    def draw(self) -> None:
        """Shows the fields as they are."""
        if self.field != PRESET and self._entry.value != self.form.values[self.field]:
            self._take_value()
        wrong = {**self.form.read()[1], **self._said}
        rows: list[Row] = [self._preset_row()]
        marked = 0
        for group in GROUPS:
            rows.append([(f" {group.title}", "sheet--name")])
            for field in group.fields:
                if field.name == self.field:
                    marked = len(rows)
                rows.append(self._field_row(field.name, wrong))
        # With the head of its group, where that is the row above.
        if self.size.height:
            self.reveal(marked)
            self.reveal(marked - 1 if marked > 2 else 0)
        self.show(rows)

    def _preset_row(self) -> Row:
        now = self.form.preset
        here = self.has_focus and self.field == PRESET
        meaning = {preset.name: preset.meaning for preset in PRESETS}.get(now, "as typed below")
        if now == OWN:
            meaning = "values of your own"
        return [
            *_mark(here, wrong=False),
            (f"{PRESET:<{_LABEL}}", "sheet--accent" if here else "sheet--label"),
            *_choice(now, here),
            (f"  {meaning}", "sheet--label"),
        ]

    def _field_row(self, name: str, wrong: dict[str, str]) -> Row:
        field = FIELDS[name]
        here = self.has_focus and name == self.field
        style = "sheet--bad" if name in wrong else "sheet--accent" if here else "sheet--label"
        row: list[Part] = [
            *_mark(here, wrong=name in wrong),
            (f"{field.label:<{_LABEL}}", style),
        ]
        if field.choices:
            row += _choice(self.form.values[name], here)
        elif here:
            row += self._entry.row(_VALUE)
        else:
            row.append((_shortened(self.form.values[name]), "sheet--value"))
        if name in wrong:
            row.append((f"  {visible(wrong[name])}", "sheet--bad"))
        else:
            row.append((f"  {field.meaning}", "sheet--label"))
        return row

    # --- keys -----------------------------------------------------------------------------

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character.isprintable()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        if self.is_mounted:
            self._take_value()
            self.draw()

    def on_resize(self) -> None:
        super().on_resize()
        self.call_after_refresh(self.draw)

    def on_key(self, event: events.Key) -> None:
        """Edits the field; what is no editing key goes on to the app."""
        if self.app.focused is not self:
            return
        handled = self._leave_or_go(event.key)
        if not handled and self.is_choice:
            handled = self._choose(event)
        elif not handled:
            handled = self._type(event)
        if handled:
            event.stop()
            event.prevent_default()

    def _leave_or_go(self, key: str) -> bool:
        """Another field, or out of the form; whether `key` does that."""
        steps = {
            "enter": 1,
            "tab": 1,
            "down": 1,
            "shift+tab": -1,
            "up": -1,
            "pagedown": 5,
            "pageup": -5,
        }
        if key == "escape" or (key == "enter" and self._at == len(_ROWS) - 1):
            # At once: the keys behind this one are the pane's.
            pane = next(each for each in self.ancestors if isinstance(each, Pane))
            self.screen.set_focus(pane)
            self.post_message(self.Left())
        elif key in steps:
            self.go_to(_ROWS[(self._at + steps[key]) % len(_ROWS)])
        else:
            return False
        return True

    def _choose(self, event: events.Key) -> bool:
        step = {"right": 1, "space": 1, "left": -1, "backspace": -1}.get(event.key)
        if step is None:
            # A letter is for no other place than this field.
            return event.is_printable
        if self.field == PRESET:
            self.form.next_preset(step)
            self._changed()
        else:
            choices = FIELDS[self.field].choices
            at = choices.index(self.form.values[self.field])
            self._set(choices[(at + step) % len(choices)])
        return True

    def _type(self, event: events.Key) -> bool:
        if not self._entry.edit(event.key):
            if not (event.is_printable and event.character):
                return False
            self._entry.insert(event.character)
        self._set(self._entry.value)
        return True

    def on_paste(self, event: events.Paste) -> None:
        """Takes the first line."""
        event.stop()
        if not self.is_choice:
            self._entry.insert("".join(event.text.splitlines()[:1]))
            self._set(self._entry.value)

    def _set(self, value: str) -> None:
        if value == self.form.values[self.field]:
            self.draw()  # the caret may have moved
            return
        self.form.values[self.field] = value
        self._changed()

    def _changed(self) -> None:
        self._said.clear()
        self.draw()
        self.post_message(self.Changed())


def _mark(here: bool, *, wrong: bool) -> list[Part]:
    if here:
        return [(" › ", "sheet--accent")]
    return [(" ! ", "sheet--bad")] if wrong else [("   ", "")]


def _choice(value: str, here: bool) -> list[Part]:
    if here:
        return [(f"‹ {value} ›{'':<{max(0, _VALUE - 4 - len(value))}}", "sheet--accent")]
    return [(f"{value:<{_VALUE}}", "sheet--value")]


def _shortened(value: str) -> str:
    """The end of a long value: of a path that is what tells it from others."""
    text = visible(value) or "·"
    if width(text) > _VALUE:
        text = "…" + text[1 - _VALUE :]
        text = fit(text, _VALUE)
    return text + " " * (_VALUE - width(text))
