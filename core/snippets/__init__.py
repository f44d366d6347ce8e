"""The Python that gives what a pane shows, in the style of the Hugging Face course."""
