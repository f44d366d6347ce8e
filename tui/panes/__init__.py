"""One file a pane, its stylesheet beside it."""
