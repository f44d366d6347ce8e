"""The engine process: holds torch and the loaded model, answers requests on standard input."""
