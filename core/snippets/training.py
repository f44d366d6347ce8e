"""A training run in Python: the course's loop on accelerate, or `Trainer`, step for step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.runs.config import RunConfig
from core.snippets.trainer import trainer_lines
from core.snippets.training_data import DataSource, data_lines
from core.text.code import lines, literal

LORA = ("r=16", "lora_alpha=32", "lora_dropout=0.05")
"""As in `core.training.model`; a test compares."""


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """What the code of a run is made from.

    `checkpoint` is what `from_pretrained` takes, of a model from scratch where its tokenizer and
    shape are kept. `labels` are the names by id, `max_steps` and `warmup_steps` those of the run.
    """

    config: RunConfig
    checkpoint: str
    source: DataSource
    labels: Sequence[str]
    max_steps: int
    max_length: int

    @property
    def warmup_steps(self) -> int:
        """Steps in which the rate rises."""
        return self.config.warmup_steps(self.max_steps)


def training_code(run: TrainingRun) -> str:
    """The run from its data to its last step; `losses` has the loss of each."""
    trainer = run.config.route == "trainer"
    return lines(
        *_imports(run, trainer=trainer),
        "",
        *data_lines(run.source, run.labels),
        "",
        *_tokenized(run),
        "",
        *_model(run),
        "",
        *_order(run),
        "",
        *(trainer_lines(run.config, run.max_steps, run.warmup_steps) if trainer else _loop(run)),
    )


def _imports(run: TrainingRun, *, trainer: bool) -> list[str]:
    scratch = run.config.scratch is not None
    names = ["AutoModelForSequenceClassification", "AutoTokenizer", "DataCollatorWithPadding"]
    names += ["AutoConfig"] if scratch else []
    names += ["Trainer", "TrainingArguments"] if trainer else ["get_scheduler"]
    names += ["Trainer"] if not (trainer or run.config.plain) else []
    loop = ["from accelerate import Accelerator"] if not trainer else []
    return [
        "import torch",
        *loop,
        "from datasets import load_dataset",
        *([] if trainer else ["from torch.optim import AdamW"]),
        "from torch.utils.data import DataLoader",
        "from transformers import (",
        *(f"    {name}," for name in [*sorted(names), "set_seed"]),
        ")",
    ]


def _tokenized(run: TrainingRun) -> list[str]:
    pair = ', examples["text_pair"]' if run.source.pair_column else ""
    return [
        f"checkpoint = {literal(run.checkpoint)}",
        "tokenizer = AutoTokenizer.from_pretrained(checkpoint)",
        "if tokenizer.pad_token is None:",
        "    tokenizer.pad_token = tokenizer.eos_token",
        "",
        "",
        "def tokenize_function(examples):",
        "    return tokenizer(",
        f'        examples["text"]{pair}, truncation=True, max_length={run.max_length}',
        "    )",
        "",
        "",
        "tokenized_datasets = raw_datasets.map(",
        '    tokenize_function, batched=True, remove_columns=raw_datasets["train"].column_names',
        ")",
        "for split, dataset in raw_datasets.items():",
        "    tokenized_datasets[split] = tokenized_datasets[split].add_column(",
        '        "labels", [label2id[label] for label in dataset["label"]]',
        "    )",
        "data_collator = DataCollatorWithPadding(tokenizer)",
    ]


def _model(run: TrainingRun) -> list[str]:
    config = run.config
    threads = [f"torch.set_num_threads({config.threads})"] if config.threads else []
    named = [
        "model.config.id2label = dict(enumerate(labels))",
        "model.config.label2id = {label: number for number, label in enumerate(labels)}",
        "model.config.pad_token_id = tokenizer.pad_token_id",
    ]
    # A new head, or all of a new model, begins at random: the same for the same seed.
    written = [*threads, f"set_seed({config.seed})"]
    if config.scratch is not None:
        written += [
            "model = AutoModelForSequenceClassification.from_config(",
            "    AutoConfig.from_pretrained(checkpoint)",
            ")",
        ]
    else:
        written += [
            "model = AutoModelForSequenceClassification.from_pretrained(",
            "    checkpoint,",
            f"    num_labels={len(run.labels)},",
            "    dtype=torch.float32,",
            "    ignore_mismatched_sizes=True,",
            ")",
        ]
    return [*written, *named, *_trained_part(config)]


def _trained_part(config: RunConfig) -> list[str]:
    if config.adapter == "full":
        return []
    head = [
        "base = getattr(model, model.base_model_prefix)",
        "head = [name for name, module in model.named_children() if module is not base",
        "        and any(True for _ in module.parameters())]",
        'if getattr(base, "pooler", None) is not None:',
        '    head.append(f"{model.base_model_prefix}.pooler")',
    ]
    if config.adapter == "head":
        return [
            *head,
            "for name, weight in model.named_parameters():",
            '    weight.requires_grad = any(name.startswith(f"{part}.") for part in head)',
        ]
    return [
        *head,
        "from peft import LoraConfig, TaskType, get_peft_model",
        "",
        "projections = [",
        "    name for name, module in model.named_modules()",
        '    if (isinstance(module, torch.nn.Linear) or type(module).__name__ == "Conv1D")',
        '    and any(part.isdecimal() for part in name.split("."))',
        "]",
        "model = get_peft_model(model, LoraConfig(",
        f"    task_type=TaskType.SEQ_CLS, {', '.join(LORA)},",
        "    target_modules=projections, modules_to_save=head,",
        "))",
    ]


def _order(run: TrainingRun) -> list[str]:
    """Which rows share a batch: a function of seed and epoch alone."""
    config = run.config
    written = [
        'train_dataset = tokenized_datasets["train"]',
        f"batch_size = {config.batch_size}",
        "",
        "",
        "def batches_of(epoch):",
        f"    generator = torch.Generator().manual_seed({config.seed} * 1_000_003 + epoch)",
        "    order = torch.randperm(len(train_dataset), generator=generator)",
    ]
    if config.group_by_length:
        written += [
            "    # Rows of like length share a batch: random megabatches, each sorted.",
            "    megabatch = max(1, min(50, len(lengths) // (batch_size * 4))) * batch_size",
            "    order = torch.cat([",
            "        part[torch.argsort(lengths[part], descending=True, stable=True)]",
            "        for part in torch.split(order, megabatch)",
            "    ])",
            "    full = len(order) - len(order) % batch_size",
            "    batches = order[:full].view(-1, batch_size)",
            "    shuffled = batches[torch.randperm(len(batches), generator=generator)]",
            "    order = torch.cat([shuffled.flatten(), order[full:]])",
        ]
        written.insert(
            2, 'lengths = torch.tensor([len(row) for row in train_dataset["input_ids"]])'
        )
    return [*written, "    return [rows.tolist() for rows in torch.split(order, batch_size)]"]


def _loop(run: TrainingRun) -> list[str]:
    config = run.config
    accumulated = config.gradient_accumulation_steps
    return [
        "",
        f'accelerator = Accelerator(mixed_precision="{config.mixed_precision or "no"}")',
        *_optimizer(config),
        "lr_scheduler = get_scheduler(",
        '    "linear",',
        "    optimizer=optimizer,",
        f"    num_warmup_steps={run.warmup_steps},",
        f"    num_training_steps={run.max_steps},",
        ")",
        "model, optimizer = accelerator.prepare(model, optimizer)",
        *_evaluation(),
        "",
        "",
        "# Once more, so that dropout is the run's.",
        f"set_seed({config.seed})",
        "losses = []",
        *_best(config),
        "epoch = 0",
        "model.train()",
        f"while len(losses) < {run.max_steps}:",
        "    # A generator of its own leaves dropout's alone.",
        "    train_dataloader = DataLoader(",
        "        train_dataset,",
        "        batch_sampler=batches_of(epoch),",
        "        collate_fn=data_collator,",
        "        generator=torch.Generator(),",
        "    )",
        *(_plain_steps() if accumulated == 1 else _accumulating_steps(accumulated)),
        f"        accelerator.clip_grad_norm_(trained, {config.max_grad_norm!r})",
        "        optimizer.step()",
        "        lr_scheduler.step()",
        "        optimizer.zero_grad()",
        "        losses.append(loss.item())",
        "        print(len(losses), losses[-1])",
        *_evaluate_where_due(run),
        f"        if len(losses) == {run.max_steps}:",
        "            break",
        "    epoch += 1",
        *_stop_early_outside(config),
        "",
        'if "test" in tokenized_datasets:',
        '    print("test", evaluate("test"))',
    ]


def _optimizer(config: RunConfig) -> list[str]:
    written = ["trained = [weight for weight in model.parameters() if weight.requires_grad]"]
    parameters = "trained"
    if not config.plain:
        parameters = "groups"
        written += [
            "# Biases and norms do not decay; which they are, Trainer's own rule says.",
            "decayed = set(Trainer.get_decay_parameter_names(None, model))",
            "named = [one for one in model.named_parameters() if one[1].requires_grad]",
            "groups = [",
            '    {"params": [weight for name, weight in named if name in decayed]},',
            '    {"params": [weight for name, weight in named if name not in decayed], '
            '"weight_decay": 0.0},',
            "]",
        ]
    return [
        *written,
        "optimizer = AdamW(",
        f"    {parameters}, lr={config.learning_rate!r}, weight_decay={config.weight_decay!r}, "
        f"fused={bool(config.fused)}",
        ")",
    ]


def _evaluation() -> list[str]:
    return [
        "",
        "",
        "def evaluate(split):",
        "    dataloader = DataLoader(",
        "        tokenized_datasets[split],",
        "        batch_size=32,",
        "        collate_fn=data_collator,",
        "        generator=torch.Generator(),",
        "    )",
        "    loss, right = 0.0, 0",
        "    model.eval()",
        "    with torch.no_grad():",
        "        for batch in dataloader:",
        "            outputs = model(**batch.to(accelerator.device))",
        '            loss += outputs.loss.item() * len(batch["labels"])',
        '            right += (outputs.logits.argmax(dim=-1) == batch["labels"]).sum().item()',
        "    model.train()",
        "    rows = len(tokenized_datasets[split])",
        '    return {"loss": loss / rows, "accuracy": right / rows}',
    ]


def _plain_steps() -> list[str]:
    return [
        "    for batch in train_dataloader:",
        "        outputs = model(**batch.to(accelerator.device))",
        "        loss = outputs.loss",
        "        accelerator.backward(loss)",
    ]


def _accumulating_steps(accumulated: int) -> list[str]:
    return [
        "    batches = list(train_dataloader)",
        f"    for first in range(0, len(batches), {accumulated}):",
        f"        together = batches[first : first + {accumulated}]",
        "        loss = torch.zeros((), device=accelerator.device)",
        "        for batch in together:",
        "            outputs = model(**batch.to(accelerator.device))",
        "            part = outputs.loss / len(together)",
        "            accelerator.backward(part)",
        "            loss += part.detach()",
    ]


def _best(config: RunConfig) -> list[str]:
    if config.early_stopping_patience is None:
        return []
    return ["best, since_best = float('inf'), 0"]


def _evaluate_where_due(run: TrainingRun) -> list[str]:
    every = run.config.eval_steps or "steps_per_epoch"
    per_epoch = []
    if run.config.eval_steps is None:
        accumulated = run.config.gradient_accumulation_steps
        rows = f"(batch_size * {accumulated})" if accumulated > 1 else "batch_size"
        per_epoch = [f"        steps_per_epoch = -(-len(train_dataset) // {rows})"]
    written = [
        *per_epoch,
        f"        if len(losses) % {every} == 0 or len(losses) == {run.max_steps}:",
        '            found = evaluate("validation")',
        '            print("validation", found)',
    ]
    patience = run.config.early_stopping_patience
    if patience is not None:
        written += [
            '            since_best = 0 if found["loss"] < best else since_best + 1',
            '            best = min(best, found["loss"])',
            f"            if since_best >= {patience}:",
            "                break",
        ]
    return written


def _stop_early_outside(config: RunConfig) -> list[str]:
    patience = config.early_stopping_patience
    return [] if patience is None else [f"    if since_best >= {patience}:", "        break"]
