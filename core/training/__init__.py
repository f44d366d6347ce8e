"""The training loop and the worker process that runs it. Heavy: imports torch."""
