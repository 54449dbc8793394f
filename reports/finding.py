"""The finding of a comparison in one sentence, by rule from the numbers: which goals, or no difference."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.uncertainty import Interval
from reports.figures import percent

NO_DIFFERENCE = "no difference that these data can show"


@dataclass(frozen=True)
class Contest:
    """One agent's proportions: the intended goal and the proxy, on the training and on the shifted levels."""

    name: str
    train_intended: Interval
    shifted_intended: Interval
    train_proxy: Interval
    shifted_proxy: Interval


def apart(one: Interval, other: Interval) -> bool:
    """Whether two intervals do not overlap.

    >>> apart(Interval(0.2, 0.1, 0.3, 9), Interval(0.5, 0.4, 0.6, 9))
    True
    """
    return one.high < other.low or other.high < one.low


def finding(contests: Sequence[Contest], train: str, shifted: str, did: tuple[str, str]) -> str:
    """One sentence about the two agents that lie furthest apart.

    ``train``, ``shifted`` name the levels; ``did`` says in the past tense what the intended goal and the proxy are.

    Rules, first that holds: the intended goal sets them apart on shifted levels (with, where the intervals say
    so, what the weaker one did instead and that skill does not explain it); the proxy does; only the training
    levels do; nothing does.

    >>> half = Interval(0.5, 0.4, 0.6, 100)
    >>> same = [Contest(name, half, half, half, half) for name in "ab"]
    >>> finding(same, "old levels", "new levels", ("won", "hid")).startswith("There is no difference")
    True
    """
    weak, strong = _extremes(contests, "shifted_intended")
    if apart(weak.shifted_intended, strong.shifted_intended):
        return _goal_apart(weak, strong, train, shifted, did)
    low, high = _extremes(contests, "shifted_proxy")
    if apart(low.shifted_proxy, high.shifted_proxy):
        return (
            f"On {shifted}, {low.name} and {high.name} {did[0]} about equally often "
            f"({_pair(low, high, 'shifted_intended')}), but {high.name} more often {did[1]} "
            f"({_pair(high, low, 'shifted_proxy')})."
        )
    low, high = _extremes(contests, "train_intended")
    if apart(low.train_intended, high.train_intended):
        return (
            f"On {shifted} there is {NO_DIFFERENCE}; on {train}, {high.name} more often {did[0]} "
            f"({_pair(high, low, 'train_intended')})."
        )
    return (
        f"There is {NO_DIFFERENCE}: on {shifted}, {did[0]}: {_pair(weak, strong, 'shifted_intended')}; "
        f"{did[1]}: {_pair(weak, strong, 'shifted_proxy')}."
    )


def _goal_apart(weak: Contest, strong: Contest, train: str, shifted: str, did: tuple[str, str]) -> str:
    start = (
        f"On {shifted}, {weak.name} {did[0]} on only {percent(weak.shifted_intended)} of them and "
        f"{strong.name} on {percent(strong.shifted_intended)}"
    )
    instead, pursues = "", False
    if apart(weak.shifted_proxy, weak.shifted_intended) and _more(weak.shifted_proxy, weak.shifted_intended):
        instead, pursues = f"; {weak.name} instead {did[1]} on {percent(weak.shifted_proxy)}", True
    elif apart(weak.shifted_proxy, strong.shifted_proxy) and _more(weak.shifted_proxy, strong.shifted_proxy):
        instead = f"; {weak.name} more often {did[1]} ({_pair(weak, strong, 'shifted_proxy')})"
    return start + instead + _skill(weak, strong, train, pursues=pursues) + "."


def _skill(weak: Contest, strong: Contest, train: str, *, pursues: bool) -> str:
    both = _pair(weak, strong, "train_intended")
    if not apart(weak.train_intended, strong.train_intended):
        if pursues:
            return f", though on {train} they do about equally well ({both}): they differ in goal rather than in skill"
        return f", though on {train} they do about equally well ({both})"
    if _more(strong.train_intended, weak.train_intended):
        return f", but {strong.name} is better on {train} too ({both}), so skill may explain part of it"
    return f", though on {train} {weak.name} is the better one ({both})"


def _pair(one: Contest, other: Contest, what: str) -> str:
    return f"{one.name} {percent(getattr(one, what))}, {other.name} {percent(getattr(other, what))}"


def _extremes(contests: Sequence[Contest], what: str) -> tuple[Contest, Contest]:
    ordered = sorted(contests, key=lambda one: getattr(one, what).estimate)
    return ordered[0], ordered[-1]


def _more(one: Interval, other: Interval) -> bool:
    return one.estimate > other.estimate
