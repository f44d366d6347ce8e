"""Checkpoints: found, assembled, loaded and run. Heavy: imports torch and transformers.

Importing this package, before any of those, makes the libraries quiet.
"""

from core.environment import quiet_libraries

quiet_libraries()
