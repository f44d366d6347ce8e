"""The engine: one process that holds torch and the loaded model, and a light client for it."""
