"""`python -m tui.commands` is `termformer`, where the command itself is not on the path."""

from tui.commands import main

main()
