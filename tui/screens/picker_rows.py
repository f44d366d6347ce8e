"""The models that can be chosen, as rows below the names of their groups."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.choices import Choice, Group
from core.text.visible import fit, fit_end, visible, width
from tui.widgets.rows import Part, RowsView

_TITLES: dict[Group, str] = {
    "typed": "as typed",
    "embedded": "embedded",
    "recent": "used lately",
    "folders": "folders",
    "runs": "your runs",
    "hub": "Hugging Face Hub",
    "kinds": "kinds of model, from their class's defaults",
}
_ORDER: tuple[Group, ...] = ("typed", "folders", "embedded", "recent", "kinds", "runs", "hub")


class ChoiceRows(RowsView):
    """One row a model, one of them marked; a group's name stands above its first."""

    COMPONENT_CLASSES = {"choices--group", "choices--here", "choices--name", "choices--current"}
    DEFAULT_CSS = """
    ChoiceRows {
        color: $foreground 60%;
        .choices--group { color: $foreground 40%; }
        .choices--here { background: $accent 25%; color: $foreground; text-style: bold; }
        .choices--name { color: $foreground; }
        .choices--current { color: $accent; }
    }
    """

    class Clicked(Message):
        """A model was clicked."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Choice | str] = []
        """Models, and words between them."""
        self._marked: int | None = None
        self._current = ""

    @property
    def chosen(self) -> Choice | None:
        """The model that is marked."""
        row = self._rows[self._marked] if self._marked is not None else None
        return row if isinstance(row, Choice) else None

    def show(
        self, typed: str, here: Sequence[Choice] | None, found: Sequence[Choice], current: str
    ) -> None:
        """Lists what `typed` may mean: exactly that first, then all that it is a part of.

        `here` is None while it is being looked for; `found` are folders.
        """
        listed = [*found, *(each for each in here or () if _matches(each, typed))]
        if typed:
            exact = next((each for each in listed if typed in (each.name, each.label)), None)
            listed = [each for each in listed if each is not exact]
            first = exact or Choice("typed", typed, typed, _means(typed))
            if first.group == "kinds":  # its group's name does not stand above it here
                first = replace(first, about="a kind of model, from its class's defaults")
            listed.insert(0, first)
        before = self.chosen
        self._current = current
        self._rows = list(_grouped(listed, first_alone=bool(typed)))
        if here is None:
            self._rows.append("looking for models…")
        self._marked = None
        if typed:
            self._marked = next((n for n, row in enumerate(self._rows) if _is_choice(row)), None)
        elif before is not None:
            self._mark(before)
        self.top = 0
        self.redraw()

    def _mark(self, choice: Choice) -> None:
        self._marked = self._rows.index(choice) if choice in self._rows else None

    def move(self, step: int) -> None:
        """Marks a model further on, as far as there are any."""
        places = [n for n, row in enumerate(self._rows) if _is_choice(row)]
        if not places:
            return
        if self._marked is None:
            self._marked = places[0] if step > 0 else places[-1]
        else:
            at = places.index(self._marked) + step
            self._marked = places[max(0, min(at, len(places) - 1))]
        # With its group's name, where that stands just above.
        self.reveal(max(0, self._marked - 1))
        self.reveal(self._marked)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Chooses what was clicked."""
        at = self.top + event.y
        row = self._rows[at] if at < len(self._rows) else None
        if isinstance(row, Choice):
            self.post_message(self.Clicked(row))

    def row_count(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Strip:
        row = self._rows[index]
        if isinstance(row, str):
            return Strip([Segment(f"  {row}", self.style("choices--group"))])
        here = index == self._marked
        cells = self.size.width
        figures = max(width(each.figure) for each in self._rows if isinstance(each, Choice))
        figure = f"{row.figure:>{figures + 2}} "
        label = visible(row.label)
        mark = "● " if row.name == self._current else "  "
        indent = "    " if row.within else "  "
        room = max(0, cells - width(figure) - width(indent))
        about = visible(row.about)
        name_room = min(width(label), max(room - width(about) - 2, room // 2))
        shown = fit_end(label, name_room)  # a path says most at its end
        rest = fit(about, max(0, room - width(shown) - 2))
        blank = " " * max(0, room - width(shown) - 2 - width(rest))
        parts: list[Part] = [
            (("› " if here else mark), "choices--current"),
            (indent[2:], ""),
            (shown, "choices--name"),
            (f"  {rest}{blank}", ""),
            (figure, ""),
        ]
        return Strip([Segment(text, self._style(name, here)) for text, name in parts])

    def _style(self, name: str, here: bool) -> Style:
        style = self.style(name)
        return style + self.style("choices--here") if here else style


def _is_choice(row: Choice | str) -> bool:
    return isinstance(row, Choice)


def _grouped(listed: Sequence[Choice], *, first_alone: bool) -> list[Choice | str]:
    """The models below the names of their groups; `first_alone`: the first above them all."""
    rows: list[Choice | str] = []
    rest = list(listed)
    if first_alone and rest:
        rows.append(rest.pop(0))
    for group in _ORDER:
        members = [each for each in rest if each.group == group]
        if members:
            rows += [_TITLES[group], *members]
    return rows


def _matches(choice: Choice, typed: str) -> bool:
    wanted = typed.casefold()
    return wanted in choice.name.casefold() or wanted in choice.label.casefold()


def _means(typed: str) -> str:
    """What a name that is not listed is taken for."""
    if typed.startswith(("/", "./", "../", "~")):
        return "a folder"
    if typed.startswith("random:"):
        return "built from a config, with random weights"
    return "a name on the Hub: fetched, unless it is here"
