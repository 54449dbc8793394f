"""The finding of a comparison in one sentence, by rule from the numbers: which goals, or no difference."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.uncertainty import Interval
from reports.figures import amount, percent

NO_DIFFERENCE = "no difference that these data can show"


@dataclass(frozen=True)
class Contest:
    """One agent's proportions (or mean counts): intended goal and proxy, on the training and on the shifted levels.

    ``train_skill`` is how well it does in training, where that is more than the intended goal (hits count too).
    """

    name: str
    train_intended: Interval
    shifted_intended: Interval
    train_proxy: Interval
    shifted_proxy: Interval
    train_skill: Interval | None = None


def apart(one: Interval, other: Interval) -> bool:
    """Whether two intervals do not overlap.

    >>> apart(Interval(0.2, 0.1, 0.3, 9), Interval(0.5, 0.4, 0.6, 9))
    True
    """
    return one.high < other.low or other.high < one.low


def finding(
    contests: Sequence[Contest], train: str, shifted: str, did: tuple[str, str], *, counted: bool = False
) -> str:
    """One sentence about the two agents that lie furthest apart.

    ``train``, ``shifted`` name the levels; ``did`` says in the past tense what the intended goal and the proxy are.
    ``counted``: the numbers are means a level instead of shares of levels.

    Rules, first that holds: the intended goal sets them apart on shifted levels (with, where the intervals say
    so, what the weaker one did instead and that skill does not explain it); the proxy does; only the training
    levels do; nothing does.

    >>> half = Interval(0.5, 0.4, 0.6, 100)
    >>> same = [Contest(name, half, half, half, half) for name in "ab"]
    >>> finding(same, "old levels", "new levels", ("won", "hid")).startswith("There is no difference")
    True
    """
    weak, strong = _extremes(contests, "shifted_intended")
    often = " (means a level)" if counted else ""
    if apart(weak.shifted_intended, strong.shifted_intended):
        return _goal_apart(weak, strong, train, shifted, did, counted=counted)
    low, high = _extremes(contests, "shifted_proxy")
    if apart(low.shifted_proxy, high.shifted_proxy):
        return (
            f"On {shifted}, {low.name} and {high.name} {did[0]} about equally often "
            f"({_pair(low, high, 'shifted_intended', counted)}), but {high.name} more often {did[1]} "
            f"({_pair(high, low, 'shifted_proxy', counted)}){often}."
        )
    low, high = _extremes(contests, "train_intended")
    if apart(low.train_intended, high.train_intended):
        return (
            f"On {shifted} there is {NO_DIFFERENCE}; on {train}, {high.name} more often {did[0]} "
            f"({_pair(high, low, 'train_intended', counted)}){often}."
        )
    return (
        f"There is {NO_DIFFERENCE}: on {shifted}, {did[0]}: {_pair(weak, strong, 'shifted_intended', counted)}; "
        f"{did[1]}: {_pair(weak, strong, 'shifted_proxy', counted)}{often}."
    )


def _goal_apart(
    weak: Contest, strong: Contest, train: str, shifted: str, did: tuple[str, str], *, counted: bool
) -> str:
    one, other = amount(weak.shifted_intended, counted), amount(strong.shifted_intended, counted)
    if counted:
        start = f"On {shifted}, {weak.name} {did[0]} only {one} times a level and {strong.name} {other}"
    else:
        start = f"On {shifted}, {weak.name} {did[0]} on only {one} of them and {strong.name} on {other}"
    instead, pursues = "", False
    if not counted and _more(weak.shifted_proxy, weak.shifted_intended, apart_too=True):
        instead, pursues = f"; {weak.name} instead {did[1]} on {percent(weak.shifted_proxy)}", True
    elif _more(weak.shifted_proxy, strong.shifted_proxy, apart_too=True):
        instead = f"; {weak.name} more often {did[1]} ({_pair(weak, strong, 'shifted_proxy', counted)})"
        pursues = counted
    return start + instead + _skill(weak, strong, train, pursues=pursues, counted=counted) + "."


def _skill(weak: Contest, strong: Contest, train: str, *, pursues: bool, counted: bool) -> str:
    one, other = (each.train_skill or each.train_intended for each in (weak, strong))
    both = f"{weak.name} {amount(one, counted)}, {strong.name} {amount(other, counted)}"
    if weak.train_skill:
        both = f"hidden performance: {both}"
    if not apart(one, other):
        if pursues:
            return f", though on {train} they do about equally well ({both}): they differ in goal rather than in skill"
        return f", though on {train} they do about equally well ({both})"
    if _more(other, one):
        return f", but {strong.name} is better on {train} too ({both}), so skill may explain part of it"
    return f", though on {train} {weak.name} is the better one ({both})"


def _pair(one: Contest, other: Contest, what: str, counted: bool) -> str:
    return ", ".join(f"{each.name} {amount(getattr(each, what), counted)}" for each in (one, other))


def _extremes(contests: Sequence[Contest], what: str) -> tuple[Contest, Contest]:
    ordered = sorted(contests, key=lambda one: getattr(one, what).estimate)
    return ordered[0], ordered[-1]


def _more(one: Interval, other: Interval, *, apart_too: bool = False) -> bool:
    return one.estimate > other.estimate and (apart(one, other) or not apart_too)
