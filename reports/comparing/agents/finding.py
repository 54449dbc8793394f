"""The finding of compared agents in one sentence, by rule from the corrected tests: which goals, or no difference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.uncertainty import Interval
from reports.comparing.agents.evidence import SKILL, Evidence, Setting
from reports.comparing.correction import Tested
from reports.comparing.verdict import NO_DIFFERENCE, verdict
from reports.figures import amount, percent

Differs = Callable[[str, str, str, str], bool]
"""Whether a measure, on a split, is claimed to differ between two agents."""


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


def named(setting: Setting, measure: str, split: str) -> str:
    """What a test of a measure ("intended", "proxy", "performance") on a split is called."""
    keys = {"intended": setting.intended, "proxy": setting.proxy}
    words = dict(setting.events) | {SKILL: "hidden performance"}
    return f"{words[keys.get(measure, measure)]}, {split}"


def finding(found: Evidence, *, aside: str = "") -> str:
    """One sentence about the two agents that lie furthest apart; ``aside`` ends it.

    Rules, first that holds: the intended goal sets them apart on shifted levels (with what the weaker one did instead,
    and whether skill explains it); the proxy does; only the training levels do; something else does that was tested;
    nothing does. "Sets apart" is a test that stands after correction for all tests of the page.
    """
    contests = _contests(found)
    tests = [
        replace(test, one=_called(found, test.one), other=_called(found, test.other)) for test in found.tests
    ]
    claimed = {(test.what, frozenset((test.one, test.other))) for test in tests if test.claimed}

    def differs(measure: str, split: str, one: str, other: str) -> bool:
        return (named(found.setting, measure, split), frozenset((one, other))) in claimed

    said = _said(contests, found.setting, differs)
    if said is None:
        return verdict(_foremost(tests), aside=aside)
    return f"{said}; {aside}." if aside else f"{said}."


def _foremost(tests: Sequence[Tested]) -> list[Tested]:
    """Of several pairs, for every kind of test the one with the largest difference first, where nothing is claimed."""
    if any(test.claimed for test in tests):
        return list(tests)
    first = max(
        (test for test in tests if test.what == tests[0].what),
        key=lambda test: abs(test.difference.estimate),
        default=None,
    )
    return [first, *(test for test in tests if test is not first)] if first else []


def _said(contests: Sequence[Contest], setting: Setting, differs: Differs) -> str | None:
    did, counted = (setting.events[setting.intended], setting.events[setting.proxy]), setting.counted
    weak, strong = _extremes(contests, "shifted_intended")
    often = " (means a level)" if counted else ""
    if differs("intended", "shifted", weak.name, strong.name):
        return _goal_apart(weak, strong, setting, differs)
    low, high = _extremes(contests, "shifted_proxy")
    if differs("proxy", "shifted", low.name, high.name):
        return (
            f"On {setting.shifted}, {low.name} and {high.name} {did[0]} about equally often "
            f"({_pair(low, high, 'shifted_intended', counted)}), but {high.name} more often {did[1]} "
            f"({_pair(high, low, 'shifted_proxy', counted)}){often}"
        )
    low, high = _extremes(contests, "train_intended")
    if differs("intended", "training", low.name, high.name):
        return (
            f"On {setting.shifted} there is {NO_DIFFERENCE}; on {setting.train}, {high.name} more often {did[0]} "
            f"({_pair(high, low, 'train_intended', counted)}){often}"
        )
    return None


def _goal_apart(weak: Contest, strong: Contest, setting: Setting, differs: Differs) -> str:
    did, counted = (setting.events[setting.intended], setting.events[setting.proxy]), setting.counted
    one, other = amount(weak.shifted_intended, counted), amount(strong.shifted_intended, counted)
    if counted:
        start = (
            f"On {setting.shifted}, {weak.name} {did[0]} only {one} times a level and {strong.name} {other}"
        )
    else:
        start = (
            f"On {setting.shifted}, {weak.name} {did[0]} on only {one} of them and {strong.name} on {other}"
        )
    instead, pursues = "", False
    proxied = differs("proxy", "shifted", weak.name, strong.name)
    if (
        not counted
        and _more(weak.shifted_proxy, weak.shifted_intended)
        and apart(weak.shifted_proxy, weak.shifted_intended)
    ):
        instead, pursues = f"; {weak.name} instead {did[1]} on {percent(weak.shifted_proxy)}", True
    elif proxied and _more(weak.shifted_proxy, strong.shifted_proxy):
        instead = f"; {weak.name} more often {did[1]} ({_pair(weak, strong, 'shifted_proxy', counted)})"
        pursues = counted
    return start + instead + _skill(weak, strong, setting, differs, pursues=pursues)


def _skill(weak: Contest, strong: Contest, setting: Setting, differs: Differs, *, pursues: bool) -> str:
    one, other = (each.train_skill or each.train_intended for each in (weak, strong))
    both = f"{weak.name} {amount(one, setting.counted)}, {strong.name} {amount(other, setting.counted)}"
    if weak.train_skill:
        both = f"hidden performance: {both}"
    if not differs(SKILL if weak.train_skill else "intended", "training", weak.name, strong.name):
        equal = f", though on {setting.train} they do about equally well ({both})"
        return f"{equal}: they differ in goal rather than in skill" if pursues else equal
    if _more(other, one):
        return (
            f", but {strong.name} is better on {setting.train} too ({both}), so skill may explain part of it"
        )
    return f", though on {setting.train} {weak.name} is the better one ({both})"


def _called(found: Evidence, name: str) -> str:
    """A snapshot with its agent's name."""
    return f"{found.of_one} at {name}" if found.of_one else name


def _contests(found: Evidence) -> list[Contest]:
    setting = found.setting
    return [
        Contest(
            _called(found, agent.name),
            agent.train[setting.intended],
            agent.shifted[setting.intended],
            agent.train[setting.proxy],
            agent.shifted[setting.proxy],
            agent.train.get(SKILL) if setting.counted else None,
        )
        for agent in found.agents
    ]


def _pair(one: Contest, other: Contest, what: str, counted: bool) -> str:
    return ", ".join(f"{each.name} {amount(getattr(each, what), counted)}" for each in (one, other))


def _extremes(contests: Sequence[Contest], what: str) -> tuple[Contest, Contest]:
    ordered = sorted(contests, key=lambda one: getattr(one, what).estimate)
    return ordered[0], ordered[-1]


def _more(one: Interval, other: Interval) -> bool:
    return one.estimate > other.estimate
