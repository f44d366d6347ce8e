"""The user's settings and what the app remembers between starts."""
