"""The Logits pane in Python: the experiment, attention, the missing batch dimension."""

from __future__ import annotations

from collections.abc import Sequence

from core.engine.protocol import ALONE, Arrangement, BatchDimensionOmitted
from core.snippets.inputs import (
    AUTO,
    Inputs,
    arguments,
    batch,
    classifier,
    encoded,
    has_pairs,
    sentences,
)
from core.snippets.loading import imports, model
from core.text.code import lines, literal

_WEIGHTS_RETURNED = 'attn_implementation="eager"'
"""The usual implementation of attention never holds the weights that are to be looked at."""


def experiment_code(
    inputs: Inputs, steps: Sequence[tuple[str, Arrangement]], first_position: int = 0
) -> str:
    """Logits in each of `steps`, named; `results` has them, `[inputs, labels]` each, by name.

    `first_position` is the number that the model gives to the first token.
    """
    copies = any(arrangement.dtype == "bfloat16" for _, arrangement in steps)
    written = [
        *(["import copy", ""] if copies else []),
        *classifier(inputs),
        "",
        *encoded(inputs),
        "",
        "results = {}",
        "with torch.no_grad():",
        "    alone = torch.cat(",
        '        [model(**tokenizer.pad([each], return_tensors="pt")).logits for each in inputs]',
        "    )",
    ]
    for name, arrangement in steps:
        if arrangement == ALONE:
            written.append(f"    results[{literal(name)}] = alone")
        else:
            written += ["", *_arranged(name, arrangement, first_position)]
    return lines(
        *written,
        "",
        "for name, logits in results.items():",
        "    differences = (logits - alone).abs().amax(dim=-1)",
        "    print(name, logits, differences)",
    )


def _arranged(name: str, arrangement: Arrangement, first_position: int) -> list[str]:
    back = ""
    if arrangement.order is not None:
        places = sorted(range(len(arrangement.order)), key=arrangement.order.__getitem__)
        back = f"[{places}]"
    written = batch(arrangement, first_position)
    name_of_model = "model"
    if arrangement.dtype == "bfloat16":
        name_of_model = "in_bfloat16"
        written += [
            "in_bfloat16 = copy.deepcopy(model)",
            "for parameter in in_bfloat16.parameters():",
            "    parameter.data = parameter.data.to(torch.bfloat16)",
        ]
    written.append(f"results[{literal(name)}] = {name_of_model}(**batch).logits.float(){back}")
    return [f"    {line}" for line in written]


def shares_code(inputs: Inputs) -> str:
    """How much attention goes to padding: `shares[row]`, `[layers, heads]`, without the mask."""
    return lines(
        *classifier(inputs, _WEIGHTS_RETURNED),
        "",
        *encoded(inputs),
        'batch = tokenizer.pad(inputs, return_tensors="pt")',
        'padding = batch["attention_mask"] == 0',
        "",
        "# Without the mask. Leave the next line out to see what it does: all shares become 0.",
        'del batch["attention_mask"]',
        "with torch.no_grad():",
        "    attentions = model(**batch, output_attentions=True).attentions",
        "",
        "shares = []",
        "for row, is_padding in enumerate(padding):",
        "    # [layers, heads, from, to]: from the tokens of the sentence, to the padding",
        "    weights = torch.stack([layer[row] for layer in attentions])",
        "    to_padding = weights[:, :, ~is_padding][..., is_padding].sum(-1)",
        "    shares.append(to_padding.mean(-1))",
        "    print(row, shares[row].mean().item())",
    )


def weights_code(inputs: Inputs, row: int, layer: int, head: int, *, masked: bool) -> str:
    """One head's attention for one input: `weights`, `[tokens, tokens]`."""
    without = [] if masked else ['del batch["attention_mask"]']
    return lines(
        *classifier(inputs, _WEIGHTS_RETURNED),
        "",
        *encoded(inputs),
        'batch = tokenizer.pad(inputs, return_tensors="pt")',
        *without,
        "with torch.no_grad():",
        "    attentions = model(**batch, output_attentions=True).attentions",
        "",
        f"row, layer, head = {row}, {layer}, {head}",
        "weights = attentions[layer][row, head]",
        'print(tokenizer.convert_ids_to_tokens(batch["input_ids"][row].tolist()))',
        "print(weights)",
    )


def dimension_code(inputs: Inputs, omitted: BatchDimensionOmitted) -> str:
    """The call without a batch dimension, what it raises, and the one that works: `logits`."""
    if omitted.raw_ids:
        ids = f"ids = {omitted.raw_ids}"
    else:
        ids = f'ids = tokenizer({arguments(omitted.sentence)})["input_ids"]'
    return lines(
        *classifier(inputs),
        "",
        ids,
        "input_ids = torch.tensor(ids)",
        "print(input_ids.shape)",
        "try:",
        "    model(input_ids)",
        "except Exception as error:",
        "    raised = type(error).__name__",
        "    print(raised, error)",
        "",
        "input_ids = torch.tensor([ids])",
        "print(input_ids.shape)",
        "with torch.no_grad():",
        "    logits = model(input_ids).logits",
        "print(logits)",
    )


def beside_code(first: Inputs, second: Inputs, names: tuple[str, str]) -> str:
    """Two models on the sentences of `first`, each alone: `logits` of each by its name."""
    row = "*each" if has_pairs(first) else "each"
    both = (first, second)
    # Of ids as they are typed no tokenizer makes anything.
    differs = not first.raw_ids and first.token_types != second.token_types
    made = []
    for assigned, inputs in zip(("first", "second"), both, strict=True):
        checkpoint = inputs.checkpoint
        given = literal(checkpoint.name)
        made += ["", *model(checkpoint, AUTO, assigned=assigned, given=given)]
    each_one = ["name", "model", *([] if first.raw_ids else ["checkpoint"])]
    loop = [f"for {', '.join([*each_one, *(['token_types'] if differs else [])])} in ["]
    for name, assigned, inputs in zip(names, ("first", "second"), both, strict=True):
        entry = [literal(name), assigned]
        entry += [] if first.raw_ids else [literal(inputs.checkpoint.name)]
        # None leaves it to the tokenizer: True makes GPT-2's give what it usually does not.
        entry += [str(None if inputs.token_types else False)] if differs else []
        loop.append(f"    ({', '.join(entry)}),")
    if differs:
        options = ", return_token_type_ids=token_types"
    else:
        options = "" if first.token_types else ", return_token_type_ids=False"
    asked = (
        [
            "        logits[name] = torch.cat(",
            "            [model(torch.tensor([row])).logits for row in rows]",
            "        )",
        ]
        if first.raw_ids
        else [
            "        logits[name] = torch.cat([",
            f'            model(**tokenizer({row}, return_tensors="pt"{options})).logits',
            "            for each in raw_inputs",
            "        ])",
        ]
    )
    tokenizer = [] if first.raw_ids else ["AutoTokenizer"]
    read = [f"    tokenizer = {each}.from_pretrained(checkpoint)" for each in tokenizer]
    return lines(
        *imports([each.checkpoint for each in both], AUTO, *tokenizer),
        "",
        *sentences(first),
        *made,
        "",
        "logits = {}",
        *loop,
        "]:",
        *read,
        "    with torch.no_grad():",
        *asked,
        "    print(name, model.config.id2label, logits[name])",
    )
