"""Which rows of a model's tree are to be seen: what is open, what is folded, where the mark is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.structure import Branch, Module, Parameter, Structure, every, fold

MOST_OPEN = 400
"""Rows up to which a tree is opened wholly when it is first seen."""
_TOP = 2
"""Levels of a larger one that are opened."""


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One line: a module, several alike ones, or a tensor of one."""

    depth: int
    path: str
    """Its own among all rows; a single module's and a tensor's as torch has it."""
    label: str
    module: Module
    """The module, the first of several, or the one that owns the tensor."""
    repeats: int = 1
    """How often it stands in the model."""
    parameter: Parameter | None = None
    holds: bool = False
    """Whether there is something below it."""
    is_open: bool = False
    times: int = 1
    """How many alike modules this very row stands for."""
    folds: str = ""
    """The list that those lie in; empty where it is one module."""

    @property
    def name(self) -> str:
        """As torch has it: of several alike ones the first."""
        return self.module.name_of(self.parameter) if self.parameter else self.module.path

    @property
    def count(self) -> int:
        """Numbers in it, of one where it is several."""
        return self.parameter.count if self.parameter else self.module.parameters

    @property
    def bytes(self) -> int:
        """As `count`."""
        return self.parameter.bytes if self.parameter else self.module.bytes

    @property
    def counted(self) -> bool:
        """Whether its numbers were not counted elsewhere already."""
        return self.parameter is None or self.parameter.tied_to is None


class Outline:
    """The rows in view of a structure, and one of them marked.

    What was opened stays open when another structure comes, as far as it has such paths.
    """

    def __init__(self) -> None:
        self.structure: Structure | None = None
        self.rows: list[TreeRow] = []
        self.cursor = 0
        self.edition = 0
        """Counts the structures that were shown."""
        self._root: Branch | None = None
        self._opened: set[str] = set()
        self._unfolded: set[str] = set()
        self._found: list[int] | None = None
        """Modules that a search found; they stand in a list of their own."""
        self._sought = ""

    # --- what is shown --------------------------------------------------------------------

    @property
    def current(self) -> TreeRow | None:
        """The row that is marked."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def found(self) -> int | None:
        """How many modules the search found; None where nothing is sought."""
        return None if self._found is None else len(self._found)

    def show(self, structure: Structure) -> None:
        """Lays out `structure`; the mark stays on its path."""
        if structure is self.structure:
            return
        before = self.structure
        another = before is None or before.root.class_name != structure.root.class_name
        self.structure = structure
        self.edition += 1
        self._fold()
        if another:
            self._open_at_first()
        if self._found is not None:
            self._found = structure.search(self._sought)
        self._lay(self.current.path if self.current else "")

    def _fold(self) -> None:
        assert self.structure is not None
        self._root = fold(self.structure, self._unfolded)

    def _open_at_first(self) -> None:
        """All modules, where they are not too many; their tensors are seen when asked for."""
        assert self._root is not None
        branches = list(every(self._root))
        few = len(branches) <= MOST_OPEN
        self._opened |= {
            branch.path for depth, branch in branches if branch.children and (few or depth < _TOP)
        }

    def _lay(self, marked: str) -> None:
        """Makes the rows; the mark goes to the one at path `marked`, or near where it was."""
        self.rows = list(self._found_rows() if self._found is not None else self._tree_rows())
        for index, row in enumerate(self.rows):
            if row.path == marked:
                self.cursor = index
                return
        self.cursor = max(0, min(self.cursor, len(self.rows) - 1))

    def _tree_rows(self) -> Iterator[TreeRow]:
        if self.structure is None or self._root is None:
            return
        modules = self.structure.modules
        waiting = [(0, 1, self._root)]
        while waiting:
            depth, above, branch = waiting.pop()
            module = modules[branch.first]
            repeats = above * branch.count
            is_open = branch.path in self._opened
            yield TreeRow(
                depth=depth,
                path=branch.path,
                label=branch.label or module.class_name,
                module=module,
                repeats=repeats,
                holds=bool(branch.children or module.own),
                is_open=is_open,
                times=branch.count,
                folds=branch.list_path if branch.count > 1 else "",
            )
            if is_open:
                yield from _tensors(module, branch.path, depth + 1, repeats)
                waiting.extend((depth + 1, repeats, child) for child in reversed(branch.children))

    def _found_rows(self) -> Iterator[TreeRow]:
        assert self.structure is not None and self._found is not None
        for number in self._found:
            module = self.structure.modules[number]
            path = module.path
            is_open = path in self._opened and bool(module.own)
            yield TreeRow(
                depth=0,
                path=path,
                label=path or module.class_name,
                module=module,
                holds=bool(module.own),
                is_open=is_open,
            )
            if is_open:
                yield from _tensors(module, path, 1, 1)

    # --- moving and opening ---------------------------------------------------------------

    def move(self, rows: int) -> None:
        """Moves the mark, as far as there are rows."""
        self.cursor = max(0, min(self.cursor + rows, len(self.rows) - 1))

    def open(self) -> None:
        """Opens the row, or goes on to the first one below it."""
        row = self.current
        if row is None or not row.holds:
            return
        if row.is_open:
            self.move(1)
        else:
            self._opened.add(row.path)
            self._lay(row.path)

    def close(self) -> None:
        """Closes the row, or goes to the one above that holds it."""
        row = self.current
        if row is None:
            return
        if row.is_open:
            self._opened.discard(row.path)
            self._lay(row.path)
            return
        for index in range(self.cursor - 1, -1, -1):
            if self.rows[index].depth < row.depth:
                self.cursor = index
                return

    def toggle(self) -> None:
        """Opens the row or closes it."""
        row = self.current
        if row is not None and row.holds:
            self._opened ^= {row.path}
            self._lay(row.path)

    def toggle_all(self) -> None:
        """Opens all modules, or leaves only the model and what stands in it."""
        if self._root is None:
            return
        marked = self.current.path if self.current else ""
        branches = [branch for _, branch in every(self._root) if branch.children]
        closed = [branch for branch in branches if branch.path not in self._opened]
        self._opened = {branch.path for branch in branches} if closed else {self._root.path}
        self._lay(marked)

    def toggle_fold(self) -> None:
        """Shows alike modules one by one, or in one line again."""
        row = self.current
        if row is None or self._found is not None:
            return
        if row.folds:
            self._unfolded.add(row.folds)
            marked = row.module.path
            self._open_above(marked)
        else:
            around = [path for path in self._unfolded if row.path.startswith(f"{path}.")]
            if not around:
                return
            innermost = max(around, key=len)
            self._unfolded.discard(innermost)
            marked = ""
        self._fold()
        self._lay(marked)
        if not marked:
            self._mark_fold(innermost)

    def _mark_fold(self, list_path: str) -> None:
        for index, row in enumerate(self.rows):
            if row.folds == list_path:
                self.cursor = index

    # --- tensors --------------------------------------------------------------------------

    def tensors(self) -> list[str]:
        """The full names of all tensors, in the model's order."""
        if self.structure is None:
            return []
        return [module.name_of(each) for module in self.structure.modules for each in module.own]

    def tensor(self) -> str | None:
        """The marked tensor's full name, or that of the first one below what is marked."""
        row = self.current
        if row is None or self.structure is None:
            return None
        if row.parameter:
            return row.name
        modules = self.structure.modules
        start = next(n for n, module in enumerate(modules) if module is row.module)
        for module in modules[start : start + row.module.size]:
            if module.own:
                return module.name_of(module.own[0])
        return None

    # --- searching ------------------------------------------------------------------------

    def seek(self, text: str) -> None:
        """Lists the modules that `text` finds instead of the tree; all of it where it is empty."""
        self._sought = text
        marked = self.current.path if self.current else ""
        if self.structure is None or not text:
            self._found = None
        else:
            self._found = self.structure.search(text)
            self.cursor = 0
        self._lay(marked)

    def reveal(self) -> None:
        """From what was found to its place in the tree, all that it lies in opened."""
        row = self.current
        if row is None or self.structure is None:
            return
        self._found, self._sought = None, ""
        parts = row.module.path.split(".") if row.module.path else []
        lists = {".".join(parts[:number]) for number, part in enumerate(parts) if part.isdecimal()}
        self._unfolded |= lists
        self._fold()
        self._open_above(row.path)
        self._lay(row.path)

    def _open_above(self, path: str) -> None:
        """Opens all that lies above `path`."""
        parts = path.split(".")
        self._opened |= {".".join(parts[:number]) for number in range(len(parts))}


def _tensors(module: Module, path: str, depth: int, repeats: int) -> Iterator[TreeRow]:
    for parameter in module.own:
        yield TreeRow(
            depth=depth,
            path=f"{path}.{parameter.name}" if path else parameter.name,
            label=parameter.name,
            module=module,
            repeats=repeats,
            parameter=parameter,
        )
