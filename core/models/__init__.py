"""Checkpoints: found, assembled, loaded and run. Heavy: imports torch and transformers.

Importing this package, before any of those, makes the libraries quiet: nothing is reported to
anyone, no progress bar is drawn over a screen, nothing is converted in the background.
"""

import os

os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["DISABLE_SAFETENSORS_CONVERSION"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
