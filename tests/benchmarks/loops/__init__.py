"""Training loops that are measured; here, as importing them imports torch."""
