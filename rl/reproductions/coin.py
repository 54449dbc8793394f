"""Coin [langosco2022]: trained with the coin at the end, agents pass it by; a few random coins cure that."""

from numpy.typing import NDArray

from rl.reproductions.claims import Claim, above, below
from rl.reproductions.evidence import Evidence, by_dial, estimates
from rl.reproductions.plots import Picture, Strip, Strips
from rl.reproductions.seeds import difference, mean_over, trend

PAPERS = ("langosco2022",)
DIAL = "random_percent"
FEW = 2
"""The percentage of random coins that the paper says is enough."""


def claims(known: Evidence) -> list[Claim]:
    """The paper's Figure 2. A miss: the end is come to before or without the coin, where neither is on the way."""
    rows, levels = known.records, known.levels

    def shifted(measure: str, percent: float, where: str = "shifted") -> NDArray:
        return estimates(rows, measure, where=where, random_percent=percent)

    none, few = shifted("proxy_first", 0.0), shifted("proxy_first", float(FEW))
    misses = by_dial(rows, DIAL, "proxy_first", where="shifted")
    count = sum(len(values) for _, values in misses)
    return [
        Claim(
            PAPERS,
            "agents that always found the coin at the end generally ignore it when it lies elsewhere",
            "telling levels in which the end is come to first, less those in which the coin is, 0 % in training",
            mean_over(none - shifted("goal_first", 0.0)),
            above(0, "coin and end first equally often"),
            str(len(none)),
            levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "which is no lack of skill",
            "levels with the coin anywhere in which coin or end is reached, 0 % in training",
            mean_over(shifted("either", 0.0), share=True),
            above(0.75, "three levels in four"),
            str(len(none)),
            levels,
            share=True,
        ),
        Claim(
            PAPERS,
            f"{FEW} % of levels with a random coin greatly improve it",
            f"misses in telling levels, 0 % less {FEW} % in training",
            difference(none, few),
            above(0, "no difference"),
            f"{len(none)} and {len(few)}",
            levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "the more random coins in training, the fewer misses",
            "rank correlation of the percentage in training with the misses",
            trend(misses),
            below(0, "no trend"),
            f"{count} (of {len(misses)} percentages)",
            levels,
        ),
    ]


def picture(known: Evidence) -> Picture:
    """Misses by percentage, an agent a dot; and what they take in training."""
    return Picture(
        "Held-out levels with the coin anywhere, by the percentage of levels with a random coin in training; a dot an "
        "agent, the bar the mean over seeds with its 95 % interval. Above, telling levels in which the end was come to "
        "first; below, all levels in which coin or end was reached, which says what they can do.",
        [
            Strips("Misses", "of telling levels", _strips(known, "proxy_first"), share=True),
            Strips("Coin or end reached", "of all levels", _strips(known, "either"), share=True),
        ],
    )


def _strips(known: Evidence, measure: str) -> list[Strip]:
    return [
        Strip(f"{percent:g} %", tuple(values), mean_over(values, share=True))
        for percent, values in by_dial(known.records, DIAL, measure, where="shifted")
    ]
