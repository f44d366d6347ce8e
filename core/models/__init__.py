"""Checkpoints: found, assembled, loaded and run. Heavy: imports torch and transformers."""
