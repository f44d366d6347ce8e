"""Importing torch and transformers, which takes seconds, as quickly as it can be done."""

from __future__ import annotations

import gc
import sys
import threading

building = threading.RLock()
"""Held while transformers reads or builds anything: it then changes torch's default dtype and its
initialisation for the whole process, and imports modules that import each other."""


def import_libraries() -> None:
    """Imports torch and what all of transformers' models stand on; nothing where it is there.

    Without the collector of cycles, which looks again and again through the hundred thousands of
    objects that the imports make: a quarter of their time. Those objects stay for good, so it
    never looks through them later either.
    """
    with building:
        if "transformers.modeling_utils" in sys.modules:
            return
        gc.disable()
        try:
            import torch  # noqa: F401
            import transformers.modeling_utils  # noqa: F401
        finally:
            gc.freeze()
            gc.enable()
