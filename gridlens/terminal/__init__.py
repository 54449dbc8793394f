"""Worlds in the terminal: ``gridlens play``."""
