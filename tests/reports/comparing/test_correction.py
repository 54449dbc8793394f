"""Tests, their correction, the finding and the caveats say what the numbers say."""

import numpy as np

from core.paired import Difference, paired
from core.uncertainty import Interval
from reports.comparing.correction import Tested, corrected, correction_section, level_for
from reports.comparing.doubts import (
    always,
    derived,
    failed_sanity,
    few_inputs,
    few_seeds,
    low_power,
    miscalibrated,
    poorer_than_chance,
)
from reports.comparing.verdict import verdict


def made(what, p, *, gap=0.1, **options):
    found = Difference(Interval(gap, gap - 0.02, gap + 0.02, 100), p, options.pop("detectable", 0.05))
    return Tested(what, "A", "B", (0.5, 0.5 + gap), found, **options)


def test_what_is_claimed_is_named_in_order():
    tests = corrected(
        [
            made("accuracy", 1e-4, more="{high} is right more often than {low}"),
            made("accuracy on star", 1e-4, gap=0.3, part="class"),
            made("accuracy on disc", 1e-4, gap=0.2, part="class"),
            made("calibration error", 0.5),
        ]
    )
    said = verdict(tests)
    assert said.startswith(
        "B is right more often than A (60.0 % against 50.0 %); accuracy on star is higher in B"
    )
    assert "disc" not in said
    assert "1 more of 4" in said
    assert "calibration" not in said


def test_nothing_claimed_is_the_finding():
    tests = corrected([made("accuracy", 0.04), made("calibration error", 0.6)])
    assert verdict(tests).startswith("There is no difference that these data can show: accuracy")
    assert verdict([]) == "There is no difference that these data can show."
    assert "none is" in correction_section(tests, over="images").text


def test_null_pages_claim_anything_in_five_per_cent_at_most():
    rng = np.random.default_rng(0)
    claimed = 0
    for _ in range(120):
        right = rng.random((2, 6, 60)) < 0.8
        tests = [made("", paired(*one).p) for one in right.swapaxes(0, 1)]
        claimed += any(test.claimed for test in corrected(tests))
    assert claimed / 120 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 120)


def test_caveats_are_due_or_not():
    assert "One training run" in few_seeds(1, of="recipe", redrawn="levels")
    assert few_inputs(100) == ""
    weak = corrected([made("accuracy", 0.5, detectable=0.2), made("other", 0.5, detectable=0.01)])
    assert "in 1 of 2 tests" in low_power(weak)
    assert low_power(weak[1:]) == ""
    assert "overconfident" in miscalibrated("a", Interval(0.2, 0.1, 0.3, 9), (0.01, 0.03), confident=True)
    assert "no better than guessing" in poorer_than_chance("a", Interval(0.1, 0.05, 0.2, 9), 0.1)
    assert failed_sanity({"a": "why"}, method="m")[0].endswith("why.")
    assert derived("", always()) == always()
    assert level_for(0) == 0.05
