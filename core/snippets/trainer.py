"""A run by transformers' `Trainer`, with the run's own order of the data."""

from __future__ import annotations

from core.runs.config import RunConfig


def _precision(config: RunConfig) -> list[str]:
    if config.mixed_precision != "bf16":
        return []
    # Trainer refuses it on a CPU unless it is told that a CPU is meant.
    return ["    bf16=True,", "    use_cpu=not torch.accelerator.is_available(),"]


def trainer_lines(config: RunConfig, max_steps: int, warmup_steps: int) -> list[str]:
    """Code that trains `model` by a `Trainer` whose batches are those of `batches_of`."""
    every = config.eval_steps or (
        f"-(-len(train_dataset) // {config.batch_size * config.gradient_accumulation_steps})"
    )
    return [
        "",
        "class Batches:",
        "    epoch = 0",
        "",
        "    def __len__(self):",
        "        return -(-len(train_dataset) // batch_size)",
        "",
        "    def __iter__(self):",
        "        return iter(batches_of(self.epoch))",
        "",
        "",
        "class EpochLoader(DataLoader):",
        "    def set_epoch(self, epoch):",
        "        self.batch_sampler.epoch = epoch",
        "",
        "",
        "class OrderedTrainer(Trainer):",
        "    def get_train_dataloader(self):",
        "        return EpochLoader(",
        "            train_dataset,",
        "            batch_sampler=Batches(),",
        "            collate_fn=data_collator,",
        "            generator=torch.Generator(),",
        "        )",
        "",
        "    def evaluation_loop(self, *args, **kwargs):",
        "        # An evaluation leaves dropout's random numbers alone.",
        "        with torch.random.fork_rng():",
        "            return super().evaluation_loop(*args, **kwargs)",
        "",
        "",
        "training_args = TrainingArguments(",
        '    output_dir="trained",',
        '    eval_strategy="steps",',
        f"    eval_steps={every},",
        '    save_strategy="no",',
        "    logging_steps=1,",
        "    logging_nan_inf_filter=False,",
        '    report_to="none",',
        f"    max_steps={max_steps},",
        f"    per_device_train_batch_size={config.batch_size},",
        f"    per_device_eval_batch_size={max(config.batch_size, 32)},",
        f"    gradient_accumulation_steps={config.gradient_accumulation_steps},",
        f"    learning_rate={config.learning_rate!r},",
        '    lr_scheduler_type="linear",',
        f"    warmup_steps={warmup_steps},",
        f"    weight_decay={config.weight_decay!r},",
        f"    max_grad_norm={config.max_grad_norm!r},",
        f'    optim="{"adamw_torch_fused" if config.fused else "adamw_torch"}",',
        *_precision(config),
        f"    seed={config.seed},",
        "    remove_unused_columns=False,",
        "    dataloader_pin_memory=False,",
        ")",
        "# A step is the mean of its batches, also where several are accumulated.",
        "model.accepts_loss_kwargs = False",
        "trainer = OrderedTrainer(",
        "    model=model,",
        "    args=training_args,",
        "    train_dataset=train_dataset,",
        '    eval_dataset=tokenized_datasets["validation"],',
        "    data_collator=data_collator,",
        "    processing_class=tokenizer,",
        ")",
        "# Once more, so that dropout is the run's.",
        f"set_seed({config.seed})",
        "trainer.train()",
        'losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]',
        'if "test" in tokenized_datasets:',
        '    print("test", trainer.evaluate(tokenized_datasets["test"], metric_key_prefix="test"))',
    ]
