"""The module tree of a model: of one in memory, or of a config alone on the meta device."""

from __future__ import annotations

from typing import Any

from core.structure import Module, Parameter, Structure


def structure_of(model: Any) -> Structure:
    """The tree of a torch module; tied weights are counted once, where they come first."""
    first_names: dict[int, str] = {}
    modules: list[Module] = []
    _walk(model, "", modules, first_names)
    return Structure(modules)


def _walk(module: Any, path: str, found: list[Module], first_names: dict[int, str]) -> None:
    index = len(found)
    found.append(None)  # type: ignore[arg-type]  # its size is known once its children are done
    own = [
        _parameter(name, tensor, f"{path}.{name}" if path else name, first_names)
        for name, tensor in module._parameters.items()
        if tensor is not None
    ]
    for name, child in module._modules.items():
        if child is not None:
            _walk(child, f"{path}.{name}" if path else name, found, first_names)
    tensors = list(module.parameters())
    found[index] = Module(
        path=path,
        class_name=type(module).__name__,
        detail=_detail(module),
        size=len(found) - index,
        own=own,
        parameters=sum(tensor.numel() for tensor in tensors),
        trainable=sum(tensor.numel() for tensor in tensors if tensor.requires_grad),
        bytes=sum(tensor.nbytes for tensor in tensors),
    )


def _detail(module: Any) -> str:
    """What `print` shows between a module's brackets; some write it themselves."""
    detail = module.extra_repr()
    if not detail and not module._modules:
        _, _, inside = repr(module).partition("(")
        detail = inside.removesuffix(")")
    return " ".join(detail.split())


def _parameter(name: str, tensor: Any, full_name: str, first_names: dict[int, str]) -> Parameter:
    first = first_names.setdefault(id(tensor), full_name)
    return Parameter(
        name=name,
        shape=list(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        bytes=tensor.nbytes,
        trainable=tensor.requires_grad,
        tied_to=None if first == full_name else first,
    )
