"""Claim: what a paper says, what was published, what came out here, and the rule that says whether they agree."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from core.uncertainty import Interval

Verdict = Literal["yes", "no", "unclear"]

NO_NUMBER = "no number published that we know of"


@dataclass(frozen=True)
class Rule:
    """When a result points the published way: in words, and as the function of its interval that decides it."""

    words: str
    decide: Callable[[Interval], Verdict]


@dataclass(frozen=True)
class Claim:
    """One row of the table.

    ``papers`` are keys of REFERENCES.bib; ``measure`` says what ``ours`` is; ``share`` whether it is shown in percent;
    ``agents`` and ``levels`` how many independently trained agents stand behind it and how many levels each played.
    """

    papers: tuple[str, ...]
    text: str
    measure: str
    ours: Interval
    rule: Rule
    agents: str
    levels: int
    published: str = NO_NUMBER
    share: bool = False

    @property
    def same_direction(self) -> Verdict:
        """What the rule says of ours."""
        return self.rule.decide(self.ours)


def above(mark: float | int, meaning: str) -> Rule:
    """Yes if the whole interval lies above the mark, no if it lies below.

    >>> above(0, "no effect").decide(Interval(2.0, 1.0, 3.0, 5)), above(0, "").decide(Interval(-2.0, -3.0, -1.0, 5))
    ('yes', 'no')
    >>> above(0, "").decide(Interval(1.0, -1.0, 3.0, 5))
    'unclear'
    """
    words = f"yes if the interval lies above {mark:.3g} ({meaning}), no if below it"
    return Rule(words, lambda found: _side(found.low > mark, found.high < mark))


def below(mark: float | int, meaning: str) -> Rule:
    """Yes if the whole interval lies below the mark, no if it lies above.

    >>> below(0.5, "even").decide(Interval(0.2, 0.1, 0.3, 5))
    'yes'
    """
    words = f"yes if the interval lies below {mark:.3g} ({meaning}), no if above it"
    return Rule(words, lambda found: _side(found.high < mark, found.low > mark))


def within(low: float | int, high: float | int, meaning: str) -> Rule:
    """Yes if the whole interval lies between the marks, no if it lies outside.

    >>> [within(3, 5, "").decide(Interval(x, x - 0.5, x + 0.5, 9)) for x in (4.0, 3.2, 7.0)]
    ['yes', 'unclear', 'no']
    """
    words = f"yes if the interval lies within {low:.3g} to {high:.3g} ({meaning}), no if outside"
    return Rule(
        words,
        lambda found: _side(low <= found.low and found.high <= high, found.high < low or found.low > high),
    )


def _side(yes: bool, no: bool) -> Verdict:
    """Bounds that are NaN, as of one agent alone, are on no side."""
    return "yes" if yes else "no" if no else "unclear"


def as_row(claim: Claim) -> dict[str, Any]:
    """A claim as plain data, verdict and rule in words: what is kept in ``claims.json`` and shown in the table."""
    return {
        "papers": list(claim.papers),
        "claim": claim.text,
        "published": claim.published,
        "measure": claim.measure,
        "estimate": claim.ours.estimate,
        "low": claim.ours.low,
        "high": claim.ours.high,
        "share": claim.share,
        "agents": claim.agents,
        "levels": claim.levels,
        "same_direction": claim.same_direction,
        "rule": claim.rule.words,
    }
