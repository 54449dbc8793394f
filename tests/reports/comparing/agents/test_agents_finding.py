import dataclasses
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.paired import Difference
from core.provenance import Provenance
from core.uncertainty import Interval, proportion_interval
from reports.comparing.agents.evidence import SKILL, AgentEvidence, Evidence, Setting
from reports.comparing.agents.finding import Contest, apart, finding, named
from reports.comparing.correction import Tested
from reports.comparing.verdict import NO_DIFFERENCE
from reports.figures import percent

SETTING = Setting("World", {"won": "won", "hid": "hid"}, "won", "hid", "old levels", "new levels")
TESTED = {
    ("intended", "shifted"): "shifted_intended",
    ("proxy", "shifted"): "shifted_proxy",
    ("intended", "training"): "train_intended",
    ("proxy", "training"): "train_proxy",
    (SKILL, "training"): "train_skill",
}


def contest(name, *, train=98, shifted, proxy, train_proxy=97, n=100):
    counts = (train, shifted, train_proxy, proxy)
    return Contest(name, *(proportion_interval(count, n) for count in counts))


def whole(contests, setting=SETTING):
    """What the page is made from, a difference claimed where two intervals do not overlap."""
    agents = []
    for one in contests:
        train = {"won": one.train_intended, "hid": one.train_proxy}
        train |= {SKILL: one.train_skill} if one.train_skill else {}
        shifted = {"won": one.shifted_intended, "hid": one.shifted_proxy}
        agents.append(AgentEvidence(one.name, "", "", (0,), train, shifted, Provenance()))
    tests = []
    for (measure, split), field in TESTED.items():
        for one, other in itertools.combinations(contests, 2):
            sides = getattr(one, field), getattr(other, field)
            if None in sides:
                continue
            gap = Difference(Interval(sides[1].estimate - sides[0].estimate, 0.0, 0.0, 9), 0.5, 0.1)
            values = (sides[0].estimate, sides[1].estimate)
            p = 0.0 if apart(*sides) else 1.0
            tests.append(
                Tested(named(setting, measure, split), one.name, other.name, values, gap, p_corrected=p)
            )
    return Evidence(agents, (), setting, tests)


def said(*contests):
    return finding(whole(contests))


def test_another_goal_is_found_where_the_proxy_beats_the_goal_and_skill_is_equal():
    text = said(contest("A", shifted=30, proxy=90), contest("B", shifted=97, proxy=20))
    assert text.startswith("On new levels, A won on only 30 %")
    assert "A instead hid on 90 %" in text
    assert text.endswith("they differ in goal rather than in skill.")


def test_the_order_of_the_agents_does_not_matter():
    pair = contest("A", shifted=30, proxy=90), contest("B", shifted=97, proxy=20)
    assert said(*pair) == said(*pair[::-1])


def test_a_less_skilled_agent_is_not_said_to_have_another_goal():
    text = said(contest("A", train=40, shifted=30, proxy=10), contest("B", shifted=97, proxy=12))
    assert "skill may explain part of it" in text
    assert "rather than in skill" not in text
    assert "instead" not in text


def test_failing_without_going_for_the_proxy_is_not_another_goal():
    text = said(contest("A", shifted=30, proxy=28), contest("B", shifted=97, proxy=20))
    assert "rather than in skill" not in text
    assert "about equally well" in text


def test_a_proxy_sought_more_but_less_than_the_goal_is_told_without_a_verdict():
    text = said(contest("A", shifted=70, proxy=60), contest("B", shifted=97, proxy=20))
    assert "A more often hid" in text
    assert "rather than in skill" not in text


def test_only_the_proxy_differs():
    text = said(contest("A", shifted=90, proxy=80), contest("B", shifted=92, proxy=20))
    assert "about equally often" in text
    assert "but A more often hid" in text


def test_only_training_differs():
    text = said(contest("A", train=50, shifted=20, proxy=20), contest("B", shifted=22, proxy=20))
    assert text.startswith(f"On new levels there is {NO_DIFFERENCE}; on old levels, B more often won")


def test_an_agent_beside_itself_differs_in_nothing():
    text = said(contest("A", shifted=50, proxy=50), contest("B", shifted=50, proxy=50))
    assert text.startswith(f"There is {NO_DIFFERENCE}")


def test_among_several_the_two_furthest_apart_are_told():
    agents = [contest(name, shifted=count, proxy=20) for name, count in (("A", 60), ("B", 97), ("C", 10))]
    assert said(*agents).startswith("On new levels, C won on only 10 %")


@given(st.lists(st.integers(0, 200), min_size=8, max_size=8))
def test_it_is_one_sentence_whose_numbers_are_the_agents_own(counts):
    pair = [
        Contest(name, *(proportion_interval(count, 200) for count in part))
        for name, part in (("A", counts[:4]), ("B", counts[4:]))
    ]
    text = said(*pair)
    known = {percent(value) for one in pair for value in vars(one).values() if isinstance(value, Interval)}
    assert set(re.findall(r"\d+ % \[\d+, \d+\]", text)) <= known
    assert text.endswith(".")
    assert ". " not in text
    told = ("train_intended", "shifted_intended", "shifted_proxy", "train_proxy")
    nothing = not any(apart(getattr(pair[0], name), getattr(pair[1], name)) for name in told)
    assert text.startswith(f"There is {NO_DIFFERENCE}") == nothing


@pytest.mark.parametrize(("one", "other", "expected"), [(10, 90, True), (50, 52, False), (90, 10, True)])
def test_apart_is_symmetric_and_means_no_overlap(one, other, expected):
    first, second = proportion_interval(one, 100), proportion_interval(other, 100)
    assert apart(first, second) == apart(second, first) == expected


def test_counts_are_told_as_counts_and_skill_by_the_hidden_performance():
    def at(value):
        return Interval(value, value - 0.2, value + 0.2, 100)

    def one(name, apples, skill):
        return Contest(name, at(2.0), at(apples), at(3.0), at(20.0 - apples / 2), at(skill))

    def told(*pair):
        setting = dataclasses.replace(
            SETTING,
            events={"won": "ate an apple", "hid": "took a shield"},
            train="short levels",
            shifted="long ones",
            counted=True,
        )
        return finding(whole(pair, setting))

    text = told(one("A", 8.0, 0.1), one("B", 34.0, 0.0))
    assert text.startswith(
        "On long ones, A ate an apple only 8.00 [7.80, 8.20] times a level and B 34.0 [33.8, 34.2]"
    )
    assert "A more often took a shield (A 16.0 [15.8, 16.2], B 3.00 [2.80, 3.20])" in text
    assert "differ in goal rather than in skill" in text
    assert "%" not in text
    assert "skill may explain" in told(one("A", 8.0, -2.0), one("B", 34.0, 0.0))
