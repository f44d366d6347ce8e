"""What every test stands on: private folders, no network, real tokenizers, tiny real models."""

from __future__ import annotations

import contextlib
import os
import signal

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

# A shell that starts the tests in the background has them, and all they start, ignore ctrl+c.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        restored = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, restored)

# A busy machine is no fault of what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every test has its own cache, runs, configuration and state; yields their parent.

    A run's worker outlives what started it, a test that failed too: it is ended afterwards.
    """
    home = tmp_path / "termformer"
    monkeypatch.setenv("TERMFORMER_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("TERMFORMER_RUNS_DIR", str(home / "runs"))
    monkeypatch.setenv("TERMFORMER_CONFIG", str(home / "config.toml"))
    monkeypatch.setenv("TERMFORMER_STATE_DIR", str(home / "state"))
    yield home
    workers = _workers(home / "runs")
    for process in workers:
        # One that ends by itself may do so just now.
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(workers, timeout=60)


def _workers(runs: Path) -> list[psutil.Process]:
    """Processes that train a run in `runs`."""
    if not any(runs.glob("*/process.json")):
        return []
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(argument.startswith(str(runs)) for argument in process.info["cmdline"] or ())
    ]


@pytest.fixture(scope="session")
def tiny_classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder: BertForSequenceClassification, 2 layers, 32 wide, random, the real vocabulary."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    from core.checkpoints import packaged_encoder

    package = packaged_encoder()
    assert package is not None, "the tests need the offline extra"
    folder = tmp_path_factory.mktemp("tiny-classifier")
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        num_labels=2,
        id2label={0: "NEGATIVE", 1: "POSITIVE"},
        label2id={"NEGATIVE": 0, "POSITIVE": 1},
        initializer_range=0.4,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(package).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_mpnet(tiny_classifier: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder: MPNetForSequenceClassification, 1 layer, 32 wide, random, without dropout.

    One of its biases is a matrix.
    """
    import torch
    from transformers import AutoTokenizer, MPNetConfig, MPNetForSequenceClassification

    folder = tmp_path_factory.mktemp("tiny-mpnet")
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=64,
        num_labels=2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.4,
    )
    MPNetForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
