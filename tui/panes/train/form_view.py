"""The form on the screen, a row a field; while it has the focus, keys go into one of them."""

from __future__ import annotations

from textual import events
from textual.message import Message

from core.text.visible import fit_end, visible, width
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
_BEFORE = _LABEL + 3
"""Cells before a value."""
_SHORTEST, _LONGEST = 18, 40
"""Cells of a value beside its meaning, in a narrow place and in a wide one."""
_NARROW = 60
"""Cells below which the meanings have no room."""


class FormView(KeysInOrder, Sheet, can_focus=True):
    """Shows a `Form`, in groups, scrolled to the field that is marked."""

    class Left(Message):
        """Editing is over."""

    class Changed(Message):
        """A value changed."""

    class Told(Message):
        """What is to be said below the fields is another thing."""

    def __init__(self, form: Form, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.form = form
        self._at = _FIRST
        self._entry = Entry(form.values[self.field])
        self._said: dict[str, str] = {}
        self.told: list[Part] = []
        """What has no room in the rows: the marked field's meaning, how many fields are below."""

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

    def _take_value(self) -> None:
        self._entry.put("" if self.field == PRESET else self.form.values[self.field])

    def draw(self) -> None:
        """Shows the fields as they are."""
        if self.field != PRESET and self._entry.value != self.form.values[self.field]:
            self._take_value()
        wrong = {**self.form.read()[1], **self._said}
        rows: list[Row] = [self._preset_row()]
        places: list[int] = []
        marked = 0
        for group in GROUPS:
            rows.append([(f" {group.title}", "sheet--name")])
            for field in group.fields:
                if field.name == self.field:
                    marked = len(rows)
                places.append(len(rows))
                rows.append(self._field_row(field.name, wrong))
        # With the head of its group, where that is the row above.
        if self.size.height:
            self.reveal(marked)
            self.reveal(marked - 1 if marked > 2 else 0)
        self.show(rows)
        below = sum(place >= self.top + self.size.height for place in places)
        self._tell(wrong.get(self.field, ""), below)

    def _tell(self, problem: str, below: int) -> None:
        """Says what the rows have no room for: the whole of a problem, a meaning, what is below."""
        told: list[Part] = []
        meaning = "" if self.field == PRESET else FIELDS[self.field].meaning
        if self.has_focus and width(visible(problem or meaning)) > self._room_beside:
            style = "sheet--bad" if problem else "sheet--label"
            told.append((f" {visible(problem or meaning)}", style))
        if below:
            fields = "1 more field" if below == 1 else f"{below} more fields"
            told.append((f"{'  ' if told else ' '}↓ {fields}", "sheet--label"))
        if told != self.told:
            self.told = told
            self.post_message(self.Told())

    @property
    def _cells(self) -> int:
        """Of a value."""
        if self.size.width < _NARROW:
            return max(8, self.size.width - _BEFORE)
        return max(_SHORTEST, min(_LONGEST, (self.size.width - 8) // 4))

    @property
    def _room_beside(self) -> int:
        """Cells for what a field means, or what is wrong with it."""
        room = self.size.width - _BEFORE - self._cells - 2
        return room if self.size.width >= _NARROW else 0

    def _preset_row(self) -> Row:
        now = self.form.preset
        here = self.has_focus and self.field == PRESET
        meaning = {preset.name: preset.meaning for preset in PRESETS}.get(now, "as typed below")
        if now == OWN:
            meaning = "values of your own"
        return [
            *_mark(here, wrong=False),
            (f"{PRESET:<{_LABEL}}", "sheet--accent" if here else "sheet--label"),
            *_choice(now, here, self._cells),
            *self._beside(meaning, "sheet--label"),
        ]

    def _beside(self, words: str, style: str) -> Row:
        """A few words behind a value, where there is room for any."""
        return [(f"  {visible(words)}", style)] if self._room_beside else []

    def _field_row(self, name: str, wrong: dict[str, str]) -> Row:
        field = FIELDS[name]
        here = self.has_focus and name == self.field
        style = "sheet--bad" if name in wrong else "sheet--accent" if here else "sheet--label"
        row: list[Part] = [
            *_mark(here, wrong=name in wrong),
            (f"{field.label:<{_LABEL}}", style),
        ]
        if field.choices:
            row += _choice(self.form.values[name], here, self._cells)
        elif here:
            row += self._entry.row(self._cells)
        else:
            row.append((_shortened(self.form.values[name], self._cells), "sheet--value"))
        if name in wrong:
            return [*row, *self._beside(wrong[name], "sheet--bad")]
        return [*row, *self._beside(field.meaning, "sheet--label")]

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
        return [("›! ", "sheet--bad")] if wrong else [(" › ", "sheet--accent")]
    return [(" ! ", "sheet--bad")] if wrong else [("   ", "")]


def _choice(value: str, here: bool, cells: int) -> list[Part]:
    if here:
        return [(f"‹ {value} ›{'':<{max(0, cells - 4 - len(value))}}", "sheet--accent")]
    return [(value.ljust(cells), "sheet--value")]


def _shortened(value: str, cells: int) -> str:
    """The end of a long value: of a path that is what tells it from others."""
    text = fit_end(visible(value) or "·", cells)
    return text + " " * (cells - width(text))
