"""The finding of a comparison in one sentence, by rule from the tests: what differs, or that nothing can be shown."""

from collections.abc import Sequence
from itertools import groupby

from reports.comparing.correction import Tested, told

NO_DIFFERENCE = "no difference that these data can show"

MOST = 3
"""Differences that the sentence names; the others are counted."""


def verdict(tests: Sequence[Tested], *, aside: str = "") -> str:
    """One sentence from corrected tests, in the order of their weight.

    Rules: claimed differences are named, at most ``MOST``, of those with one ``part`` only the largest; the rest is
    counted. If none is claimed, that is the finding, with what could have been shown. ``aside`` ends the sentence.

    >>> from core.paired import Difference
    >>> from core.uncertainty import Interval
    >>> gap = Difference(Interval(0.0, -0.1, 0.1, 50), 0.9, 0.12)
    >>> print(verdict([Tested("hits", "A", "B", (0.8, 0.8), gap)]))
    There is no difference that these data can show: hits 80.0 % in A and 80.0 % in B (12.0 points could be shown).
    """
    ended = f"; {aside}" if aside else ""
    claimed = [test for test in tests if test.claimed]
    if not claimed:
        return f"There is {NO_DIFFERENCE}{_nothing(tests)}{ended}."
    named = _named(claimed)
    said = [test.sentence() for test in named[:MOST]]
    left = len(claimed) - len(said)
    more = f"; {left} more of {len(tests)} differences tested are claimed below" if left else ""
    text = "; ".join(said)
    if not text.startswith(tuple(name for test in tests for name in (test.one, test.other))):
        text = text[:1].upper() + text[1:]
    return f"{text}{more}{ended}."


def _named(claimed: Sequence[Tested]) -> list[Tested]:
    """All that stand for themselves, and of every part the largest, where it first comes."""
    found: list[Tested] = []
    for part, group in groupby(claimed, lambda test: test.part):
        members = list(group)
        found += members if not part else [max(members, key=lambda test: abs(test.difference.estimate))]
    return found


def _nothing(tests: Sequence[Tested]) -> str:
    if not tests:
        return ""
    first = tests[0]
    values = (
        f"{first.amount(first.values[0])} in {first.one} and {first.amount(first.values[1])} in {first.other}"
    )
    size = first.difference.detectable
    could = f"{100 * size:.1f} points" if first.share else told(size, share=False)
    return f": {first.what} {values} ({could} could be shown)"
