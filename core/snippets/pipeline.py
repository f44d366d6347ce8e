"""The Pipeline pane in Python: the three stages, and the call that does all of them."""

from __future__ import annotations

from collections.abc import Sequence

from core.engine.protocol import Postprocess, Task, Texts
from core.snippets.loading import Checkpoint, imports, tokenizer_and_model
from core.text.code import lines, literal

_AUTO: dict[Task, str] = {
    "text-classification": "AutoModelForSequenceClassification",
    "fill-mask": "AutoModelForMaskedLM",
    "token-classification": "AutoModelForTokenClassification",
}
_FUNCTIONS: dict[Postprocess, str] = {
    "softmax": "outputs.logits.softmax(dim=-1)",
    "sigmoid": "outputs.logits.sigmoid()",
    "none": "outputs.logits",
}


def stages_code(
    checkpoint: Checkpoint,
    task: Task,
    postprocess: Postprocess,
    texts: Sequence[Texts],
    *,
    end_pads: bool = False,
    token_types: bool = True,
) -> str:
    """Preprocess, forward, postprocess, and `said`, what the pipeline itself says.

    `predictions` are what the head's own function makes of the logits. `end_pads` says that the
    tokenizer's end token serves as padding, `token_types` that the model takes `token_type_ids`.
    """
    options = 'padding=True, return_tensors="pt"'
    if not token_types:
        options += ", return_token_type_ids=False"
    return lines(
        *imports([checkpoint], _AUTO[task], "AutoTokenizer", "pipeline"),
        "",
        *tokenizer_and_model(checkpoint, _AUTO[task], end_pads=end_pads),
        "",
        "raw_inputs = [",
        *(f"    {_raw(each)}," for each in texts),
        "]",
        "",
        "# 1 preprocess",
        f"inputs = tokenizer(raw_inputs, {options})",
        "print(inputs)",
        "",
        "# 2 forward",
        "with torch.no_grad():",
        "    outputs = model(**inputs)",
        "print(outputs.logits.shape)",
        "",
        "# 3 postprocess",
        *_postprocess(task, postprocess),
        "",
        "# all at once",
        *_at_once(task, texts),
        "print(said)",
    )


def file_code(
    checkpoint: Checkpoint,
    path: str,
    *,
    pairs: bool = False,
    most: int | None = None,
    longest: int | None = None,
    several: bool = False,
    end_pads: bool = False,
) -> str:
    """Every line of a file, by the pipeline itself: `said`.

    `pairs`: a tab makes a sentence pair of some lines; `most` lines are read, of at most `longest`
    tokens where the model has a limit of its own. `several`: every number that the head gives is
    asked for, not the highest alone.
    """
    auto = _AUTO["text-classification"]
    limit = f", max_length=min(tokenizer.model_max_length, {longest})" if longest else ""
    every = ", top_k=None" if several else ""
    result = "result" if several else 'result["label"], result["score"]'
    return lines(
        *imports([checkpoint], auto, "AutoTokenizer", "pipeline"),
        "",
        *tokenizer_and_model(checkpoint, auto, end_pads=end_pads),
        "",
        "# Only a line feed ends a line; bytes that are no UTF-8 become \ufffd.",
        f"path = {literal(path)}",
        'with open(path, encoding="utf-8-sig", errors="replace", newline="\\n") as file:',
        '    texts = [line.removesuffix("\\n").removesuffix("\\r") for line in file]',
        f"texts = [line for line in texts if line.strip()]{f'[:{most}]' if most else ''}",
        *(
            [
                "",
                "# A tab makes a sentence pair; an empty second text is none.",
                'pairs = [line.partition("\\t") for line in texts]',
                'inputs = [{"text": text, "text_pair": pair or None} for text, _, pair in pairs]',
            ]
            if pairs
            else []
        ),
        "",
        'classifier = pipeline("sentiment-analysis", model=model, tokenizer=tokenizer)',
        f"said = classifier({'inputs' if pairs else 'texts'}, batch_size=32, truncation=True"
        f"{limit}{every})",
        "for text, result in zip(texts, said):",
        f"    print({result}, text)",
    )


def _postprocess(task: Task, postprocess: Postprocess) -> list[str]:
    if task == "text-classification":
        return [
            f"predictions = {_FUNCTIONS[postprocess]}",
            "print(model.config.id2label)",
            "print(predictions)",
        ]
    if task == "token-classification":
        return [
            "predictions = outputs.logits.softmax(dim=-1)",
            "for row in predictions.argmax(dim=-1).tolist():",
            "    print([model.config.id2label[label] for label in row])",
        ]
    return [
        "predictions = outputs.logits.softmax(dim=-1)",
        'masks = (inputs["input_ids"] == tokenizer.mask_token_id).nonzero().tolist()',
        "for row, position in masks:",
        "    best = predictions[row, position].topk(5)",
        "    print(tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values)",
    ]


def _at_once(task: Task, texts: Sequence[Texts]) -> list[str]:
    if task != "text-classification":
        arguments = ', aggregation_strategy="simple"' if task == "token-classification" else ""
        made = f'pipe = pipeline("{task}", model=model, tokenizer=tokenizer{arguments})'
        if task == "token-classification":
            return [made, "said = [pipe(text) for text in raw_inputs]"]
        return [
            made,
            "# It refuses a text without a mask.",
            "said = [pipe(text) if tokenizer.mask_token in text else [] for text in raw_inputs]",
        ]
    made = 'classifier = pipeline("sentiment-analysis", model=model, tokenizer=tokenizer)'
    if any(pair for _, pair in texts):
        return [
            made,
            "pairs = [each if isinstance(each, tuple) else (each, None) for each in raw_inputs]",
            'said = [classifier({"text": text, "text_pair": pair}) for text, pair in pairs]',
        ]
    return [made, "said = classifier(raw_inputs)"]


def _raw(texts: Texts) -> str:
    text, pair = texts
    return literal(text) if not pair else f"({literal(text)}, {literal(pair)})"
