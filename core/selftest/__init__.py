"""The planted-truth table: every method of the core on subjects whose answer is known."""

from collections.abc import Sequence

from core.errors import UnknownName
from core.selftest import (
    attribution,
    decomposition,
    faithfulness,
    interventions,
    probing,
    senses,
    similarity,
    symmetry,
)
from core.selftest.check import Check, Outcome, Scores, examine, examine_all

CHECKS: tuple[Check, ...] = (
    *attribution.CHECKS,
    *faithfulness.CHECKS,
    *interventions.CHECKS,
    *probing.CHECKS,
    *decomposition.CHECKS,
    *senses.CHECKS,
    *similarity.CHECKS,
    *symmetry.CHECKS,
)
"""Every check, in the order of the table that ``gridlens selftest`` prints."""


def checks_of(methods: Sequence[str]) -> tuple[Check, ...]:
    """The checks of some methods, by name.

    Raises
    ------
    UnknownName
        with the nearest method that is checked.
    """
    known = {check.method for check in CHECKS}
    for name in methods:
        if name not in known:
            raise UnknownName("method in the planted-truth table", name, known)
    return tuple(check for check in CHECKS if check.method in methods)


__all__ = ["CHECKS", "Check", "Outcome", "Scores", "checks_of", "examine", "examine_all"]
