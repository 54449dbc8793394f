"""``python -m gridlens`` is the command ``gridlens``."""

from gridlens.cli import main

main()
