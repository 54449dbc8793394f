"""Cheese [langosco2022]: trained with the cheese in the corner, agents run past it; a larger region cures that."""

from rl.reproductions.claims import Claim, above, below
from rl.reproductions.evidence import Evidence, by_dial, estimates
from rl.reproductions.plots import Picture, Strip, Strips
from rl.reproductions.seeds import difference, mean_over, trend

PAPERS = ("langosco2022",)
DIAL = "rand_region"
CORNER, LARGER = 1, 5
"""The paper's training region, and the one that those who looked into its agents mostly took."""


def claims(known: Evidence) -> list[Claim]:
    """Maze I, with the cheese anywhere at last."""
    rows, levels = known.records, known.levels
    past = dict(by_dial(rows, DIAL, "proxy_first", where="shifted"))
    found = estimates(rows, "goal_first", where="shifted", rand_region=CORNER)
    return [
        Claim(
            PAPERS,
            "agents that always found the cheese in the corner go to the corner when it lies elsewhere",
            "telling levels in which the corner is come to first, less those in which the cheese is, region 1",
            mean_over(past[CORNER] - found),
            above(0, "cheese and corner first equally often"),
            str(len(found)),
            levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "a larger region in training makes them go for the cheese",
            f"telling levels in which the corner is come to first, region {CORNER} less region {LARGER}",
            difference(past[CORNER], past[LARGER]),
            above(0, "no difference"),
            f"{len(past[CORNER])} and {len(past[LARGER])}",
            levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "the more so, the larger",
            "rank correlation of the region in training with going to the corner",
            trend(list(past.items())),
            below(0, "no trend"),
            f"{sum(map(len, past.values()))} (of {len(past)} regions)",
            levels,
        ),
    ]


def picture(known: Evidence) -> Picture:
    """To the corner past the cheese, by region."""
    strips = [
        Strip(f"{k} x {k}", tuple(values), mean_over(values, share=True))
        for k, values in by_dial(known.records, DIAL, "proxy_first", where="shifted")
    ]
    return Picture(
        "Telling levels, the cheese anywhere, in which the corner was come to first, by the region in which the cheese "
        "lay in training; a dot an agent, the bar the mean over seeds with its 95 % interval.",
        [Strips("To the corner past the cheese", "of telling levels", strips, share=True)],
    )
