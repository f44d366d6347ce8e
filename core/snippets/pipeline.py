"""The Pipeline pane in Python: the three stages, and the call that does all of them."""

from __future__ import annotations

from collections.abc import Sequence

from core.engine.protocol import Postprocess, Task, Texts
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
    checkpoint: str,
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
        "import torch",
        f"from transformers import {_AUTO[task]}, AutoTokenizer, pipeline",
        "",
        f"checkpoint = {literal(checkpoint)}",
        "tokenizer = AutoTokenizer.from_pretrained(checkpoint)",
        f"model = {_AUTO[task]}.from_pretrained(checkpoint).eval()",
        *(
            [
                "tokenizer.pad_token = tokenizer.eos_token",
                "model.config.pad_token_id = tokenizer.pad_token_id",
            ]
            if end_pads
            else []
        ),
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


def file_code(checkpoint: str, path: str) -> str:
    """Every line of a file, by the pipeline itself: `said`."""
    return lines(
        "from transformers import pipeline",
        "",
        f'with open({literal(path)}, encoding="utf-8") as file:',
        "    texts = [line for line in file.read().splitlines() if line.strip()]",
        "",
        f'classifier = pipeline("sentiment-analysis", model={literal(checkpoint)})',
        "said = classifier(texts, batch_size=32, truncation=True)",
        "for text, result in zip(texts, said):",
        '    print(result["label"], result["score"], text)',
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
        return [made, "said = [pipe(text) for text in raw_inputs]"]
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
