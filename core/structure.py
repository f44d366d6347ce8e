"""A model's module tree, as `print(model)` has it: what it holds, and alike siblings folded."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """One tensor that a module owns, such as the `weight` of a `Linear`."""

    name: str
    shape: list[int]
    dtype: str
    """As torch prints it, without its `torch.`: "float32"."""
    bytes: int
    trainable: bool
    tied_to: str | None = None
    """The full name under which the same tensor came earlier; then it is not counted again."""

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        product = 1
        for size in self.shape:
            product *= size
        return product


class Module(msgspec.Struct, frozen=True):
    """One module of the tree. The counts are of itself and all below it, tied weights once."""

    path: str
    """As in `named_modules()`: "encoder.layer.0"; the model itself is ""."""
    class_name: str
    detail: str
    """What the module says of itself: "in_features=768, out_features=768, bias=True"."""
    size: int
    """How many modules the subtree has, this one included: the next sibling is so many on."""
    own: list[Parameter]
    """Parameters of this module itself, not of those below it."""
    parameters: int
    """Equal to `sum(p.numel() for p in module.parameters())`."""
    trainable: int
    bytes: int

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2]

    @property
    def depth(self) -> int:
        """How many modules it lies within."""
        return self.path.count(".") + 1 if self.path else 0

    @property
    def own_parameters(self) -> int:
        """Numbers in its own tensors, those tied to earlier ones left out."""
        return sum(each.count for each in self.own if each.tied_to is None)

    def name_of(self, parameter: Parameter) -> str:
        """A parameter's full name, as in `named_parameters()`."""
        return f"{self.path}.{parameter.name}" if self.path else parameter.name


class Structure(msgspec.Struct, frozen=True):
    """A whole model; `modules` stand in the order of `named_modules()`, the model first."""

    modules: list[Module]

    @property
    def root(self) -> Module:
        """The model itself, with the totals."""
        return self.modules[0]

    @property
    def dtypes(self) -> list[str]:
        """The types of its parameters' numbers, "float32", each once."""
        return sorted({each.dtype for module in self.modules for each in module.own})

    def share(self, module: Module) -> float:
        """The part of all parameters that `module` holds, 0 to 1."""
        return module.parameters / self.root.parameters if self.root.parameters else 0.0

    def children(self, index: int) -> Iterator[int]:
        """The modules directly below module number `index`."""
        child = index + 1
        end = index + self.modules[index].size
        while child < end:
            yield child
            child += self.modules[child].size

    def owner_of(self, parameter: str) -> tuple[Module, Parameter] | None:
        """The module and the tensor that a full name means, such as "pooler.dense.bias"."""
        path, _, name = parameter.rpartition(".")
        for module in self.modules:
            if module.path == path:
                for each in module.own:
                    if each.name == name:
                        return module, each
        return None

    def search(self, text: str) -> list[int]:
        """Modules whose path, class or own parameters' names hold `text`, in any case."""
        wanted = text.casefold()
        return [
            index
            for index, module in enumerate(self.modules)
            if wanted in module.path.casefold()
            or wanted in module.class_name.casefold()
            or any(wanted in module.name_of(each).casefold() for each in module.own)
        ]


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of the tree: a module, or several alike siblings in one."""

    path: str
    """Unique among the branches: "encoder.layer.0–5"; of a single module its own path."""
    label: str
    """What to show: "pooler"; of folded siblings with the list they are in "layer.0–5"."""
    modules: tuple[int, ...]
    """Numbers of the modules it stands for, alike in all but their weights."""
    count: int
    """How many they are: more than one where it is folded."""
    children: tuple[Branch, ...]

    @property
    def first(self) -> int:
        """The number of the module that is shown for all."""
        return self.modules[0]

    @property
    def list_path(self) -> str:
        """The path of the list that its folded modules lie in: what unfolds them."""
        return self.path.rpartition(".")[0]


def fold(structure: Structure, unfolded: Collection[str] = ()) -> Branch:
    """The tree with alike neighbours in a list as one branch: `layer.0–5`.

    Alike are modules of equal classes, shapes, types and details throughout. A list that holds
    nothing but such modules is told in the same line. Lists whose paths are in `unfolded` are
    shown module by module.
    """
    folder = _Folder(structure, unfolded)
    return folder.branch((0,), "", "")


def lines(root: Branch, opened: Collection[str]) -> Iterator[tuple[int, Branch]]:
    """What is to be seen, with its depth, where the branches at `opened` paths are open."""
    waiting = [(0, root)]
    while waiting:
        depth, branch = waiting.pop()
        yield depth, branch
        if branch.path in opened:
            waiting.extend((depth + 1, child) for child in reversed(branch.children))


def every(root: Branch) -> Iterator[tuple[int, Branch]]:
    """All branches with their depths, the root first."""
    waiting = [(0, root)]
    while waiting:
        depth, branch = waiting.pop()
        yield depth, branch
        waiting.extend((depth + 1, child) for child in reversed(branch.children))


class _Folder:
    def __init__(self, structure: Structure, unfolded: Collection[str]) -> None:
        self._structure = structure
        self._modules = structure.modules
        self._unfolded = unfolded
        self._kinds: dict[object, int] = {}
        self._kind_of = [0] * len(self._modules)
        # From the leaves up, so that a subtree's kind is made of its children's.
        for index in reversed(range(len(self._modules))):
            self._kind_of[index] = self._kind(index)

    def _kind(self, index: int) -> int:
        """A number that two modules share where all but their weights and names is alike."""
        module = self._modules[index]
        children = self._structure.children(index)
        signature = (
            module.class_name,
            module.detail,
            tuple((p.name, tuple(p.shape), p.dtype, p.trainable) for p in module.own),
            tuple((self._modules[child].name, self._kind_of[child]) for child in children),
        )
        return self._kinds.setdefault(signature, len(self._kinds))

    def branch(self, modules: tuple[int, ...], path: str, label: str) -> Branch:
        """The branch for `modules`, with what lies below the first of them."""
        children = tuple(self._children(modules[0], path))
        count = len(modules)
        if count == 1 and len(children) == 1 and children[0].count > 1:
            # A list with nothing but alike modules: both in one line.
            only = children[0]
            if not self._modules[modules[0]].own and label:
                return Branch(
                    only.path, f"{label}.{only.label}", only.modules, only.count, only.children
                )
        return Branch(path, label, modules, count, children)

    def _children(self, index: int, path: str) -> Iterator[Branch]:
        for group in self._groups(list(self._structure.children(index)), index):
            first, last = self._modules[group[0]].name, self._modules[group[-1]].name
            label = first if len(group) == 1 else f"{first}–{last}"
            yield self.branch(group, f"{path}.{label}" if path else label, label)

    def _groups(self, children: Sequence[int], parent: int) -> Iterator[tuple[int, ...]]:
        if self._modules[parent].path in self._unfolded:
            yield from ((child,) for child in children)
            return

        def alike(child: int) -> object:
            # Only what is numbered repeats: query, key and value are alike, yet not the same.
            return self._kind_of[child] if self._modules[child].name.isdecimal() else ("", child)

        for _, group in itertools.groupby(children, alike):
            yield tuple(group)
