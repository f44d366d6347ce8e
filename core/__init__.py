"""Everything in Termformer that is true without a screen.

The light half (`text`, `runs`, `engine.client`, `engine.protocol` and the modules beside this
file) never imports torch, transformers or datasets; the heavy half (`engine.server`, `models`,
`data`, `training`) runs in processes that have no screen.
"""

__version__ = "0.1.0"
