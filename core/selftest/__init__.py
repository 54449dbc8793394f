"""The planted-truth table: every method of the core on subjects whose answer is known."""

from core.selftest.check import Check, Outcome, Scores, examine, examine_all

CHECKS: tuple[Check, ...] = ()
"""Every check, in the order of the table that ``gridlens selftest`` prints."""

__all__ = ["CHECKS", "Check", "Outcome", "Scores", "examine", "examine_all"]
