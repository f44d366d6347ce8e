"""What the model is given, in Python: ids, token types, mask and positions of one input."""

from __future__ import annotations

from collections.abc import Sequence

from core.engine.protocol import POSITION_EMBEDDINGS, Arrangement
from core.snippets.inputs import Inputs, batch, classifier, encoded
from core.text.code import lines, literal


def given_code(
    inputs: Inputs,
    steps: Sequence[tuple[str, Arrangement]],
    row: int,
    *,
    first_position: int = 0,
    positions: bool = True,
) -> str:
    """The tensors of input `row` in each of `steps`: `given` has them as lists, by step and name.

    `positions` says that the model looks positions up; `first_position` is its first one.
    """
    written = []
    for name, arrangement in steps:
        if arrangement.alone:
            made, place = [f'batch = tokenizer.pad([inputs[{row}]], return_tensors="pt")'], 0
        else:
            made = batch(arrangement, first_position)
            place = arrangement.order.index(row) if arrangement.order else row
        written += ["", *made, f"given[{literal(name)}] = tensors(batch, {place})"]
    return lines(
        *classifier(inputs),
        *(_watched() if positions else []),
        "",
        "",
        "def tensors(batch, row):",
        "    found = {name: rows[row].tolist() for name, rows in batch.items()}",
        *(
            [
                "    seen.clear()",
                "    with torch.no_grad():",
                "        model(**batch)",
                '    positions = seen[0].expand(batch["input_ids"].shape)',
                '    found["position_ids"] = positions[row].tolist()',
            ]
            if positions
            else []
        ),
        "    return found",
        "",
        "",
        *encoded(inputs),
        "given = {}",
        *written,
        "",
        "for name, found in given.items():",
        "    print(name)",
        "    for tensor, values in found.items():",
        "        print(tensor, values)",
    )


def _watched() -> list[str]:
    """`seen` gets the position_ids of each forward pass, by a hook, whoever made them."""
    return [
        "",
        "# The model itself makes the position_ids that it is not given: look where it uses them.",
        "seen = []",
        "",
        "",
        "def look(module, arguments, named):",
        "    tensors = filter(torch.is_tensor, (*named.values(), *arguments))",
        "    seen.extend(each for each in tensors if not each.is_floating_point())",
        "",
        "",
        f"names = {POSITION_EMBEDDINGS!r}".replace("'", '"'),
        "for name, module in model.named_modules():",
        '    name = name.rpartition(".")[-1]',
        '    if "rotary" in name or (name in names and type(module) is torch.nn.Embedding):',
        "        module.register_forward_pre_hook(look, with_kwargs=True)",
    ]
