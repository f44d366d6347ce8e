"""Light: local data files: which there are, their columns, and the rows of those that are text."""
