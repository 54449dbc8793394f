"""One command a file; ``gridlens.cli.COMMANDS`` is the table of them."""
