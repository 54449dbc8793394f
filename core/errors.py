"""User mistakes as exceptions: one class per cause, one sentence per message."""

import difflib
from collections.abc import Iterable


class GridlensError(Exception):
    """A mistake that the user can correct; the command line prints its sentence and exits with 2."""


class BadInput(GridlensError):
    """A value outside what a function accepts."""


class WeightsMismatch(GridlensError):
    """Weights that do not fit the network they were given for."""


class Unreadable(GridlensError):
    """A file that is missing, cut short, or not of the format its place promises."""


class RunConflict(GridlensError):
    """A run folder that already holds something else."""


class NotFinite(GridlensError):
    """NaN or infinity where a number was expected; says where it first appeared."""


class DiskFull(GridlensError):
    """No space left; everything finished so far is on disk."""


class UnknownName(GridlensError):
    """A name that is not among the valid ones; the message offers the nearest.

    >>> print(UnknownName("world", "chese", ["cheese", "tree"]))
    unknown world 'chese'; the nearest valid one is 'cheese' (there are: cheese, tree)
    """

    def __init__(self, kind: str, given: str, choices: Iterable[str]) -> None:
        names = sorted(choices, key=str)
        near = nearest(given, names)
        hint = f"; the nearest valid one is {near!r}" if near else ""
        shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        super().__init__(f"unknown {kind} {given!r}{hint} (there are: {shown or 'none'})")


def nearest(given: str, choices: Iterable[str]) -> str | None:
    """The choice most like ``given``, ignoring case, or None where there are no choices.

    >>> nearest("Squeezenet11", ["squeezenet1_1", "resnet18"])
    'squeezenet1_1'
    """
    names = list(choices)
    lowered = {name.lower(): name for name in names}
    found = difflib.get_close_matches(given.lower(), list(lowered), n=1, cutoff=0.0)
    return lowered[found[0]] if found else None
