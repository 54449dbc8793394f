"""The planted-truth table holds on seeds that nothing was tuned on; and a check can fail."""

import math

import pytest

from core.errors import UnknownName
from core.selftest import CHECKS, Check, Scores, checks_of, examine

SEEDS = (2000, 2001)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.method}: {check.truth}")
def test_every_method_finds_the_planted_truth(check):
    outcome = examine(check, seeds=SEEDS)
    assert outcome.passed, f"planted {outcome.planted:.3g}, randomised {outcome.randomised}"


def planted(score, randomised=None, **options):
    return Check("method", "truth", "measure", lambda seed: Scores(score, randomised), **options)


@pytest.mark.parametrize(
    ("check", "passes"),
    [
        (planted(0.9, bar=0.9), True),
        (planted(0.8, bar=0.9), False),
        (planted(math.nan, bar=0.9), False),
        (planted(0.1, bar=0.2, sense="at most"), True),
        (planted(0.3, bar=0.2, sense="at most"), False),
        (planted(math.nan, bar=0.2, sense="at most"), False),
        (planted(1.0, 0.5, bar=0.9, null_bar=0.5), True),
        (planted(1.0, 0.6, bar=0.9, null_bar=0.5), False),
        (planted(1.0, math.nan, bar=0.9, null_bar=0.5), False),
        (planted(1.0, None, bar=0.9, null_bar=0.5), False),
        (planted(0.1, 0.6, bar=0.2, null_bar=0.5, sense="at most"), True),
        (planted(0.1, 0.4, bar=0.2, null_bar=0.5, sense="at most"), False),
    ],
)
def test_a_check_passes_only_with_both_scores_on_their_sides(check, passes):
    assert examine(check, seeds=[0]).passed is passes


def test_the_worst_seed_counts_wherever_it_stands():
    for bad in (0.1, math.nan):
        for worst in (3, 5):
            check = Check(
                "m", "t", "x", lambda seed, w=worst, b=bad: Scores(b if seed == w else 1.0), bar=0.5
            )
            assert not examine(check, seeds=[3, 4, 5]).passed


def test_an_unknown_method_is_named_with_the_nearest():
    with pytest.raises(UnknownName, match="planted-truth table"):
        checks_of(["saliensy"])
