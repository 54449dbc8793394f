"""How long work tells of itself: a callback of done, total and a label."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called as ``progress(done, total, label)``; one label is one bar."""


def silent(done: int, total: int, label: str) -> None:
    """Say nothing.

    >>> silent(1, 2, "rendering")
    """
