"""Rules say yes, no and unclear where they should, and intervals over seeds cover what was planted."""

import numpy as np
import pytest

from core.errors import BadInput
from core.uncertainty import Interval
from rl.reproductions.claims import Claim, above, as_row, below, within
from rl.reproductions.seeds import difference, excess_spread, mean_over, over_agents, slope, trend


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        (above(1, "m"), (2, 3), (0, 0.5)),
        (below(1, "m"), (0, 0.5), (2, 3)),
        (within(1, 4, "m"), (2, 3), (5, 6)),
    ],
)
def test_a_rule_says_yes_no_and_unclear(rule, yes, no):
    assert rule.decide(Interval(0.0, *map(float, yes), 5)) == "yes"
    assert rule.decide(Interval(0.0, *map(float, no), 5)) == "no"
    assert rule.decide(Interval(0.0, 0.9, 1.1, 5)) == "unclear"
    assert rule.decide(Interval(0.0, np.nan, np.nan, 1)) == "unclear"  # one agent alone decides nothing


def test_a_row_holds_what_the_rule_said():
    claim = Claim(("shah2022",), "text", "measure", Interval(2.0, 1.5, 2.5, 5), below(1, "even"), "5", 100)
    row = as_row(claim)
    assert row["same_direction"] == "no"
    assert "below 1 (even)" in row["rule"]


def test_intervals_over_five_seeds_cover_as_they_say():
    rng = np.random.default_rng(0)
    groups = rng.normal(3.0, 2.0, (500, 2, 5))
    means = [mean_over(one) for one in groups[:, 0]]
    gaps = [difference(one, two) for one, two in groups]
    assert np.mean([found.low <= 3 <= found.high for found in means]) == pytest.approx(0.95, abs=0.03)
    assert np.mean([found.low <= 0 <= found.high for found in gaps]) == pytest.approx(0.955, abs=0.03)


def test_a_difference_agrees_with_scipy():
    from scipy.stats import ttest_ind

    one, two = [3.0, 4.5, 5.0, 7.0], [1.0, 2.5, 2.0]
    known = ttest_ind(one, two, equal_var=False).confidence_interval()
    found = difference(one, two)
    assert (found.low, found.high) == pytest.approx((known.low, known.high))


def test_one_agent_alone_has_no_bounds_and_none_is_refused():
    assert np.isnan([mean_over([0.5]).low, difference([0.5], [0.1, 0.2]).high]).all()
    with pytest.raises(BadInput, match="at least one agent"):
        mean_over([])


def test_a_planted_trend_is_found_and_none_is_not():
    rng = np.random.default_rng(1)
    falling = [(x, 1 - x / 20 + rng.normal(0, 0.1, 5)) for x in (0, 1, 2, 5, 10)]
    flat = [(x, rng.normal(0, 0.1, 5)) for x in (0, 1, 2, 5, 10)]
    assert below(0, "").decide(trend(falling)) == "yes"
    assert above(0, "").decide(trend(falling)) == "no"
    assert below(0, "").decide(trend(flat)) == "unclear"


def test_spread_beyond_noise_is_that_which_was_planted():
    rng = np.random.default_rng(2)
    shares = rng.binomial(1000, np.clip(rng.normal(0.6, 0.1, 400), 0, 1)) / 1000
    assert excess_spread(shares, 1000) == pytest.approx(0.1, abs=0.01)
    assert excess_spread(rng.binomial(1000, 0.5, 400) / 1000, 1000) < 0.01


def test_a_slope_is_that_of_numpy():
    rng = np.random.default_rng(3)
    table = rng.normal(size=(50, 1)) * [1.0, 2.0] + rng.normal(size=(50, 2)) * 0.1
    assert slope(*table.T) == pytest.approx(np.polyfit(*table.T, 1)[0])
    found = over_agents(lambda rows: slope(rows[:, 0], rows[:, 1]), table)
    assert found.low < 2 < found.high
    assert np.isnan(slope([1.0, 1.0], [0.0, 1.0]))
