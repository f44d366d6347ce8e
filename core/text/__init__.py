"""Tokenizers, encodings and padded layouts, by the Rust tokenizers library alone."""
