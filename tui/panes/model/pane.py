"""The Model pane: a module tree, its config, what loading found, a tensor's figures, saving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from tui.panes.model.bindings import BINDINGS
from tui.panes.model.fields import FieldsView, as_json, stepped
from tui.panes.model.looking import LookingPane
from tui.panes.model.subject import Subject
from tui.panes.model.tree import TreeView
from tui.panes.model.view import VIEWS
from tui.widgets.keys import open_above
from tui.widgets.rows import RowsView


class ModelPane(LookingPane):
    """What a checkpoint is made of."""

    DEFAULT_CSS = (Path(__file__).parent / "model.tcss").read_text()
    TITLE = "Model"
    ABOUT = (
        "What a checkpoint is made of. The **tree** is that of `print(model)`, with counts: built "
        "from the config alone, so that nothing is downloaded for it. Change a field of the "
        "**config** and see what the model would be. **Weights** says what `from_pretrained` "
        "found for the head one chooses; **details** what numbers a tensor holds; **answers** "
        "what the sentences come to with the checkpoint's weights and with random ones. What is "
        "saved is read back and compared."
    )
    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    # --- views ----------------------------------------------------------------------------

    def _show(self, view: str) -> None:
        self.shown = view
        self.view.lines.top = 0
        self._ask()
        self._draw()
        self.bench.remember()

    def action_view(self, name: str) -> None:
        self._show("tree" if name == self.shown else name)

    def action_next_view(self) -> None:
        views = [each for each in VIEWS if each != "page" or self.tensor]
        self._show(views[(views.index(self.shown) + 1) % len(views)])

    def action_back(self) -> None:
        """One thing less: the search, the other config, the view."""
        if self.outline.found is not None:
            self.outline.seek("")
        elif self.shown == "fields" and self.other:
            self.other = ""
        else:
            self.shown = "tree"
        self._draw()

    def action_details(self) -> None:
        """The page of the marked tensor, or of the first one below what is marked."""
        if self.shown == "page":
            self._show("tree")
            return
        name = self.outline.tensor()
        if name:
            self.tensor = name
            self._show("page")

    # --- moving ---------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        if self.shown == "fields":
            self.view.fields.move(step)
            self.view.tell(self.scene)
        elif self.shown == "tree":
            self.outline.move(step)
            self._outlined()
        elif self.shown == "page":
            self._other_tensor(step)
        else:
            self.view.lines.scroll_by(step)

    def _other_tensor(self, step: int) -> None:
        names = self.outline.tensors()
        if self.tensor in names:
            place = max(0, min(names.index(self.tensor) + step, len(names) - 1))
            self.tensor = names[place]
            self._ask()
            self._draw()

    def action_page(self, step: int) -> None:
        views: dict[str, RowsView] = {
            "fields": self.view.fields,
            "tree": self.view.tree_view,
        }
        shown = views.get(self.shown, self.view.lines)
        pages = 1 if self.shown == "page" else max(1, shown.size.height - 1)
        self.action_move(step * pages)

    def action_unfurl(self, step: int) -> None:
        if self.shown == "fields":
            self.action_step(step)
        elif self.shown == "tree":
            if step > 0:
                self.outline.open()
            else:
                self.outline.close()
            self._outlined()

    def action_fold(self) -> None:
        self.outline.toggle_fold()
        self._outlined()

    def action_open_all(self) -> None:
        self.outline.toggle_all()
        self._outlined()

    def action_open(self) -> None:
        row = self.outline.current
        if self.shown == "fields":
            self._set_field()
        elif self.shown != "tree" or row is None:
            self.action_back()
        elif self.outline.found is not None:
            self.outline.reveal()
            self._draw()
        elif row.parameter:
            self.action_details()
        else:
            self.outline.toggle()
            self._outlined()

    # --- searching ------------------------------------------------------------------------

    async def action_search(self) -> None:
        """Lists modules as their name is typed."""
        self._show("tree")

        def typed(text: str) -> None:
            self.outline.seek(text.strip())
            self._draw()

        def step(rows: int) -> None:
            self.outline.move(rows)
            self._outlined()

        def entered(_: str) -> bool:
            self.action_open()
            return True

        self.view.prompt.ask(
            "search", "", entered=entered, typed=typed, left=lambda: typed(""), step=step
        )

    # --- the config -----------------------------------------------------------------------

    def _changed(self, subject: Subject) -> None:
        self.subject = subject
        self._ask()
        self._draw()

    def _set_field(self) -> None:
        row = self.view.fields.current
        if row is None:
            return

        def entered(text: str) -> bool:
            self._change(row.name, text.strip())
            return True

        value = row.wish if row.wish is not None else row.value.strip('"')
        self.view.prompt.ask(f"{row.name} =", value, entered=entered)

    def action_step(self, step: int) -> None:
        row = self.view.fields.current
        if self.shown != "fields" or row is None:
            return
        value = stepped(row, step, self.view.fields.all)
        if value is not None:
            self._change(row.name, value)
        else:
            self.notify(f"{row.name} is set by Enter.", markup=False, timeout=3)

    def _change(self, name: str, text: str) -> None:
        """Sets a field; back to what it was, it is no change."""
        plain = self.answers.plain(self.subject)
        fields = plain.config.fields if plain else []
        original = next((each.value for each in fields if each.name == name), None)
        value = text if as_json(text) != original else None
        self._changed(self.subject.with_field(name, value))

    def action_undo(self) -> None:
        """The panes' model again, as it is."""
        self.other = ""
        self._changed(Subject.of(self._followed, self.subject.head))

    def action_differing(self) -> None:
        self.view.fields.only_differing = not self.view.fields.only_differing
        self._show("fields")

    async def action_beside(self) -> None:
        def chosen(name: str | None) -> None:
            if name:
                self.other = name
                self._show("fields")

        await self._pick(self.other or self.subject.base, "Another config beside this one", chosen)

    async def action_other(self) -> None:
        def chosen(name: str | None) -> None:
            if name:
                self._changed(Subject.of(name, self.subject.head))

        await self._pick(self.subject.base, "From a config alone", chosen)

    async def _pick(self, current: str, title: str, chosen: Callable[[str | None], None]) -> None:
        """Asks for a config: a model's, or that of a kind of model."""
        from tui.screens.picker import ModelPicker  # its widgets are imported when first needed

        await open_above(
            self.app, ModelPicker(self.bench, current, title=title, kinds=True), chosen
        )

    # --- the model ------------------------------------------------------------------------

    def action_head(self, step: int) -> None:
        self._changed(self.subject.next_head(step))
        self.bench.remember()

    def action_built(self) -> None:
        self._changed(self.subject.twin)

    def action_use(self) -> None:
        self.bench.choose_model(self.subject.name)

    async def action_save(self) -> None:
        """Asks for a folder and saves there."""
        from tui.panes.model.saving import SaveScreen  # imported when first needed

        def chosen(folder: str | None) -> None:
            if folder:
                self.bench.choose_model(folder)

        read = self.answers.structure_of(self.subject)
        if read is not None:
            # A kind of model has no other weights than random ones.
            subject = self.subject if read.checkpoint else replace(self.subject, built=True)
            await open_above(self.app, SaveScreen(self.bench.engine, subject, read), chosen)

    def action_again(self) -> None:
        self.answers.forget()
        self._ask()
        self._draw()

    def action_cancel(self) -> None:
        if not self.answers.cancel(self.bench.engine):
            self.bench.desk.cancel()

    @on(TreeView.Clicked)
    def _row_clicked(self, message: TreeView.Clicked) -> None:
        self.outline.cursor = message.row
        self._outlined()

    @on(FieldsView.Clicked)
    def _field_clicked(self, message: FieldsView.Clicked) -> None:
        self.view.fields.go(message.row)
        self.view.tell(self.scene)
