"""The Model pane in Python: built from a config, loaded, looked into, saved."""

from __future__ import annotations

from collections.abc import Sequence

from core.engine.protocol import Texts
from core.engine.protocol.checkpoint import (
    HEADS,
    ParameterInspected,
    StructureRead,
    WeightsRead,
)
from core.random_models import RandomModel, random_model
from core.snippets.values import value_literal
from core.structure import Structure
from core.text.code import lines, literal


def build_code(read: StructureRead | WeightsRead) -> str:
    """The model from its config alone, with random weights: `model`, `parameters`."""
    return _built(read) + lines(
        "print(model)",
        "",
        "parameters = sum(p.numel() for p in model.parameters())",
        "print(parameters)",
    )


def load_code(read: WeightsRead) -> str:
    """`from_pretrained`, and what it says of the weights: `missing_keys` and its siblings."""
    if read.report is None:
        return build_code(read)
    return lines(
        *_loaded(read, reported=True),
        "",
        'missing_keys = sorted(report["missing_keys"])',
        'unexpected_keys = sorted(report["unexpected_keys"])',
        'mismatched_keys = sorted(report["mismatched_keys"])',
        'print("newly initialised:", missing_keys)',
        'print("not used:", unexpected_keys)',
        'print("of another shape:", mismatched_keys)',
    )


def parameter_code(read: WeightsRead, inspected: ParameterInspected) -> str:
    """One tensor's figures: `mean`, `std`, `norm`, `zeros`, `nan` and `counts`."""
    histogram = inspected.figures.histogram
    bins = len(histogram.counts) if histogram else 1
    return _made(read) + lines(
        "",
        f"parameter = model.get_parameter({literal(inspected.name)}).detach().double()",
        "nan = int(parameter.isnan().sum())",
        "finite = parameter[parameter.isfinite()]",
        "mean, std = finite.mean().item(), finite.std(correction=0).item()",
        "norm = finite.norm().item()",
        "zeros = int((finite == 0).sum())",
        f"counts = finite.histc({bins}).tolist()",
        "print(tuple(parameter.shape), mean, std, norm, zeros, nan)",
        "print(counts)",
    )


def save_code(read: WeightsRead, folder: str) -> str:
    """Saved with its tokenizer, loaded again, and compared: `identical`."""
    return (
        _made(read)
        + _tokenizer(read)
        + lines(
            "",
            f"folder = {literal(folder)}",
            "model.save_pretrained(folder)",
            *(["tokenizer.save_pretrained(folder)"] if _tokenizer(read) else []),
            "",
            "again = type(model).from_pretrained(folder, dtype=model.dtype)",
            "saved = again.state_dict()",
            "identical = all(",
            "    torch.equal(tensor, saved[name]) for name, tensor in model.state_dict().items()",
            ")",
            "print(identical)",
        )
    )


def both_code(
    random_name: str,
    read: StructureRead,
    checkpoint: str,
    sentences: Sequence[Texts],
    *,
    end_pads: bool,
    token_types: bool,
) -> str:
    """The sentences' logits by the checkpoint and by the random model called `random_name`.

    `results` has both, `[sentences, labels]` each, by name; each sentence goes in alone. `read`
    has the fields as that model has them; `end_pads` says that the tokenizer has no padding token,
    so that its end token serves, `token_types` that the model takes `token_type_ids`.
    """
    twin = random_model(random_name) or RandomModel(random_name)
    changes = "".join(f", {name}={_value(read, name, text)}" for name, text in twin.changes.items())
    auto = "AutoModelForSequenceClassification"
    pairs = any(pair for _, pair in sentences)
    given = "*each" if pairs else "each"
    options = "" if token_types else ", return_token_type_ids=False"
    return lines(
        "import torch",
        f"from transformers import AutoConfig, {auto}, AutoTokenizer",
        "",
        f"checkpoint = {literal(checkpoint)}",
        "tokenizer = AutoTokenizer.from_pretrained(checkpoint)",
        f"loaded = {auto}.from_pretrained(checkpoint, dtype=torch.float32).eval()",
        "",
        f"config = AutoConfig.from_pretrained(checkpoint{changes})",
        f"torch.manual_seed({twin.seed})",
        f"random = {auto}.from_config(config, dtype=torch.float32).eval()",
        *(
            ["", "for model in (loaded, random):",
             "    model.config.pad_token_id = tokenizer.eos_token_id"]
            if end_pads
            else []
        ),
        "",
        "raw_inputs = [",
        *(f"    {_text(each, pairs=pairs)}," for each in sentences),
        "]",
        "results = {}",
        "with torch.no_grad():",
        '    for name, model in (("checkpoint", loaded), ("random", random)):',
        "        results[name] = torch.cat([",
        f'            model(**tokenizer({given}, return_tensors="pt"{options})).logits',
        "            for each in raw_inputs",
        "        ])",
        "        print(name, results[name])",
    )  # fmt: skip


def _text(sentence: Texts, *, pairs: bool) -> str:
    text, pair = sentence
    if not pairs:
        return literal(text)
    return f"({literal(text)}, {literal(pair)})" if pair else f"({literal(text)},)"


def _made(read: WeightsRead) -> str:
    """`model`, loaded or built as it was."""
    if read.report is None:
        return _built(read)
    return lines("import torch", *_loaded(read, reported=False))


def _built(read: StructureRead | WeightsRead) -> str:
    twin = random_model(read.model) or RandomModel(read.model)
    config = read.config
    changes = [f"{name}={_value(read, name, text)}" for name, text in twin.changes.items()]
    if not read.checkpoint:
        imported = f"{config.class_name}, {read.class_name}"
        made = [f"config = {config.class_name}({', '.join(changes)})"]
    else:
        imported = f"AutoConfig, {read.class_name}"
        arguments = ", ".join(["checkpoint", *changes])
        made = [
            f"checkpoint = {literal(read.checkpoint)}",
            f"config = AutoConfig.from_pretrained({arguments})",
        ]
    return lines(
        "import torch",
        f"from transformers import {imported}",
        "",
        *made,
        f"torch.manual_seed({twin.seed})",
        f"model = {read.class_name}(config){_converted(read.structure)}",
    )


def _converted(structure: Structure) -> str:
    """A class builds float32, whatever dtype the config names for a checkpoint's weights."""
    if len(structure.dtypes) != 1 or structure.dtypes == ["float32"]:
        return ""
    return f".to(torch.{structure.dtypes[0]})"


def _value(read: StructureRead | WeightsRead, name: str, text: str) -> str:
    """The changed field's value as the config has it; as it was written under another name."""
    for each in read.config.fields:
        if each.name == name:
            text = each.value
    return value_literal(text)


def _loaded(read: WeightsRead, *, reported: bool) -> list[str]:
    auto = HEADS[read.head] if read.head else read.class_name
    report = read.report
    arguments = ["checkpoint"]
    if report and report.mismatched_keys:
        arguments.append("ignore_mismatched_sizes=True")
    if reported:
        arguments.append("output_loading_info=True")
    assigned = "model, report" if reported else "model"
    return [
        f"from transformers import {auto}",
        "",
        f"checkpoint = {literal(read.checkpoint)}",
        f"{assigned} = {auto}.from_pretrained({', '.join(arguments)})",
    ]


def _tokenizer(read: WeightsRead) -> str:
    if not read.has_tokenizer:
        return ""
    return lines(
        "",
        "from transformers import AutoTokenizer",
        "",
        "tokenizer = AutoTokenizer.from_pretrained(checkpoint)",
    )
