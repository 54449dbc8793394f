"""Caveats that the numbers of a comparison call for: one function each, "" where there is nothing to warn of."""

from collections.abc import Iterable, Mapping, Sequence

from core.uncertainty import Interval
from reports.comparing.correction import ALPHA, Tested, exact
from reports.figures import percent

FEW_SEEDS, FEW_INPUTS, LARGE = 3, 100, 0.1
"""Training runs and inputs below which a caveat is due; a difference in a share that nobody would want to miss."""


def derived(*said: str | Iterable[str]) -> list[str]:
    """Those of some caveats that are due, in order, each once.

    >>> derived("", "few", ["few", "weak"])
    ['few', 'weak']
    """
    every = [text for each in said for text in ([each] if isinstance(each, str) else each)]
    return list(dict.fromkeys(text for text in every if text))


def few_seeds(fewest: int, *, of: str, redrawn: str) -> str:
    """Fewer training runs of each ``of`` than can tell a recipe from its seed; ``redrawn`` is what intervals cover.

    >>> few_seeds(5, of="recipe", redrawn="levels")
    ''
    """
    if fewest >= FEW_SEEDS:
        return ""
    runs = "One training run" if fewest == 1 else f"{fewest} training runs"
    return (
        f"{runs} of each {of}: what differs here may be the seeds' doing as much as the {of}s'. The intervals cover "
        f"the choice of {redrawn}, not the choice of seed."
    )


def few_inputs(count: int, *, what: str = "images") -> str:
    """Few inputs to judge by.

    >>> few_inputs(40)
    'Only 40 images were shown, so intervals are wide and what is rare has hardly been seen.'
    """
    if count >= FEW_INPUTS:
        return ""
    return f"Only {count} {what} were shown, so intervals are wide and what is rare has hardly been seen."


def low_power(tests: Sequence[Tested]) -> str:
    """Shares of which a difference of ten points, not claimed, would often have been missed."""
    weak = [test for test in tests if test.share and not test.claimed and test.difference.detectable > LARGE]
    if not weak:
        return ""
    largest = max(weak, key=lambda test: test.difference.detectable)
    return (
        f"Low power: in {len(weak)} of {len(tests)} tests a true difference of {100 * LARGE:.0f} points would often "
        f"have been missed (most in {largest.what}, where only {100 * largest.difference.detectable:.0f} points "
        "could be shown). No difference there means: none so large."
    )


def failed_sanity(failed: Mapping[str, str], *, method: str) -> list[str]:
    """A sentence for each subject in which the attribution method fails a check: by its name, the reason."""
    return [
        f"In {name} the attributions by {method} fail a sanity check, so what they show is not to be believed: {why}."
        for name, why in failed.items()
    ]


def miscalibrated(name: str, error: Interval, chance: tuple[float, float], *, confident: bool) -> str:
    """Calibration worse than what chance gives a calibrated classifier (its 95 % range).

    >>> miscalibrated("a", Interval(0.02, 0.01, 0.03, 99), (0.01, 0.03), confident=True)
    ''
    """
    if error.estimate <= chance[1]:
        return ""
    way = "over" if confident else "under"
    return (
        f"{name} is miscalibrated ({way}confident): its expected calibration error is {exact(error)}, where chance "
        f"gives a calibrated classifier {100 * chance[0]:.1f} to {100 * chance[1]:.1f} %. Its probabilities are no "
        "measure of how sure to be."
    )


def poorer_than_chance(name: str, accuracy: Interval, chance: float) -> str:
    """Hardly better than guessing: then little else means anything.

    >>> poorer_than_chance("a", Interval(0.5, 0.4, 0.6, 99), 0.1)
    ''
    """
    if accuracy.low > chance:
        return ""
    return (
        f"{name} is right on {percent(accuracy)}, no better than guessing ({100 * chance:.0f} %): what it knows or "
        "looks at may mean little, or the labels and the scaling of its input do not fit it."
    )


def always() -> list[str]:
    """What holds for every such page."""
    return [
        f"A difference is claimed at {100 * ALPHA:g} % after correction for the number of tests; what is not claimed "
        "may still be there, smaller than these data can show.",
        "A probe says what can be read off a layer, not that the network uses it; an attribution says what one answer "
        "hung on, by one method.",
    ]
