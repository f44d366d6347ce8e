"""What opens above the workbench: help, code, export, the picker of models, the vocabulary."""
