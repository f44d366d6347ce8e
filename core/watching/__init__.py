"""Curves that other programs write: TensorBoard's event files and `trainer_state.json`."""
