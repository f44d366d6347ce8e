"""Datasets: loaded, tokenized, batched. Heavy: imports torch and datasets."""
