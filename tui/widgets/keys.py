"""Keys that act in the order in which they were pressed, however fast they come.

Textual carries a bound key up to the app before it acts, and a printable one no further than the
widget: in a burst, as a slow connection delivers them, text overtakes the keys before it, and
letters typed behind the key that leads into the editor act on the pane.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

Result = TypeVar("Result")

PLACES = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
"""The panes that a digit can name, in words; the last digit is 9."""

_opening: WeakKeyDictionary[Screen[Any], asyncio.Event] = WeakKeyDictionary()
"""Of each screen that was put above all else: when it was there."""


def own_bindings(widget: type[Widget]) -> list[Binding]:
    """The bindings that this class itself lists, the most useful first."""
    return [binding for binding in widget.BINDINGS if isinstance(binding, Binding)]


def keys_to_show(
    owner: Widget,
    first: str,
    offers: Callable[[str], bool] = lambda action: True,
    words: Callable[[Binding], str] = lambda binding: binding.description,
) -> list[tuple[str, str]]:
    """(key, what it does) of what `owner` binds and `offers` at present, as it is bound.

    The action `first` comes first, then what the widget's own class lists, then the rest. `words`
    are those for what a key does now.
    """
    order = [binding.action for binding in own_bindings(type(owner))]
    keys: dict[str, tuple[str, str]] = {}
    for active in owner.screen.active_bindings.values():
        binding = active.binding
        if active.node is owner and binding.show and offers(binding.action):
            shown = (owner.app.get_key_display(binding), words(binding))
            keys.setdefault(binding.action, shown)

    def rank(action: str) -> tuple[bool, int]:
        return action != first, order.index(action) if action in order else len(order)

    return [keys[action] for action in sorted(keys, key=rank)]


async def open_above(
    app: App[Any], screen: Screen[Result], heard: Callable[[Result | None], None] | None = None
) -> None:
    """Puts `screen` above all else, its first field in focus; `heard` gets what it ends with.

    A key's action that awaits it leaves the keys that were pressed behind that key to the field.
    """
    opened = _opening[screen] = asyncio.Event()
    try:
        await app.push_screen(screen, heard)
        first = app.AUTO_FOCUS if screen.AUTO_FOCUS is None else screen.AUTO_FOCUS
        if first and screen.focused is None:
            screen.set_focus(next((each for each in screen.query(first) if each.focusable), None))
    finally:
        opened.set()


async def when_open(screen: Screen[Any]) -> None:
    """Waits while `screen` is being put above all else: until then no key can be for it."""
    if screen in _opening:
        await _opening[screen].wait()


class KeysInOrder(Widget if TYPE_CHECKING else object):  # type: ignore[misc]
    """Runs this widget's bindings on the spot; passes keys on once the focus has moved."""

    _left_above: events.Key | None = None
    """The key that this widget left to those above it."""

    def came_up(self, event: events.Key) -> bool:
        """Whether a key bubbled up from the child that has the focus, and was not sent here."""
        focused = self.app.focused
        if focused is None or self not in focused.ancestors:
            return False
        if isinstance(focused, KeysInOrder):
            return focused._left_above is event
        # Any other child keeps what it can print.
        return event._sender is self or not event.is_printable

    async def _on_key(self, event: events.Key) -> None:
        app = self.app
        if self.came_up(event):
            return
        if app.focused is not self:
            event.stop()
            event.prevent_default()
            await when_open(app.screen)
            # As the app does with a key that comes to it: what has priority acts first.
            if not await app._check_bindings(event.key, priority=True):
                (app.focused or app.screen)._forward_event(events.Key(event.key, event.character))
            return
        in_force = self._in_force(event.key)
        if in_force is None:
            event.stop()  # nobody's, and not that of whoever has the focus when it arrives above
        elif in_force[0] is self and in_force[2]:
            event.stop()
            event.prevent_default()
            await app.run_action(in_force[1].action, self)
        else:
            self._left_above = event

    def _in_force(self, key: str) -> tuple[DOMNode, Binding, bool] | None:
        """Whose binding of `key` acts, and whether it does now; None where nobody has bound it.

        As `screen.active_bindings` has it, which looks at every key that is bound.
        """
        in_force: tuple[DOMNode, Binding, bool] | None = None
        for node, bindings in self.screen._modal_binding_chain:
            for binding in bindings.key_to_bindings.get(key, ()):
                state = self.app._check_action_state(binding.action, node)
                first = in_force is None or (binding.priority and not in_force[1].priority)
                if state is not False and first:
                    in_force = node, binding, bool(state)
        return in_force
