"""Cheese by Q-learning beside PPO (problem 8.19 of [nanda2022]): does the goal misgeneralise whatever the algorithm?"""

from numpy.typing import NDArray

from rl.reproductions.claims import Claim, above
from rl.reproductions.evidence import Evidence, estimates
from rl.reproductions.plots import Picture, Strip, Strips
from rl.reproductions.seeds import difference, mean_over

PAPERS = ("nanda2022",)
ALGORITHMS = ("ppo", "dqn")


def claims(known: Evidence) -> list[Claim]:
    """A question rather than a claim: the problem asks what happens with Q-learning instead."""

    def each(measure: str, algorithm: str, where: str = "shifted") -> NDArray:
        return estimates(known.records, measure, where=where, algorithm=algorithm)

    past = {name: each("proxy_first", name) for name in ALGORITHMS}
    learned = each("goal", "dqn", "training")
    levels, count = known.levels, str(len(past["dqn"]))
    return [
        Claim(
            PAPERS,
            "by DQN too the maze is learned",
            "levels as in training in which the cheese is reached, DQN",
            mean_over(learned, share=True),
            above(0.75, "three levels in four"),
            count,
            levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "and its agents too run to the corner when the cheese lies elsewhere",
            "telling levels in which the corner is come to first, less those in which the cheese is, DQN",
            mean_over(past["dqn"] - each("goal_first", "dqn")),
            above(0, "cheese and corner first equally often"),
            count,
            levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "less often than by PPO (nothing was foretold)",
            "telling levels in which the corner is come to first, PPO less DQN",
            difference(past["ppo"], past["dqn"]),
            above(0, "no difference"),
            f"{len(past['ppo'])} and {count}",
            levels,
            share=True,
        ),
    ]


def picture(known: Evidence) -> Picture:
    """To the corner, and to anything, by algorithm."""
    return Picture(
        "Held-out levels with the cheese anywhere; a dot an agent, the bar the mean over seeds with its 95 % interval. "
        "Actions are drawn from PPO's policy; DQN plays its best action, in one of twenty steps any.",
        [
            Strips(
                "To the corner past the cheese",
                "of telling levels",
                _strips(known, "proxy_first"),
                share=True,
            ),
            Strips("Cheese or corner reached", "of all levels", _strips(known, "either"), share=True),
        ],
    )


def _strips(known: Evidence, measure: str) -> list[Strip]:
    return [
        Strip(name.upper(), tuple(values), mean_over(values, share=True))
        for name in ALGORITHMS
        for values in [estimates(known.records, measure, where="shifted", algorithm=name)]
    ]
