"""What few and many trees are worth: to the best play by the agents' discount, to their own, to their critics."""

from collections.abc import Sequence

import numpy as np

from envs.play.felling import best_threshold
from gridlens.studies.kept import Row
from gridlens.studies.tree.agents import Agent, over_seeds
from gridlens.studies.tree.play import HORIZON, OWN
from gridlens.studies.tree.sparing import FEW, MANY
from reports.sections import Cell, Section, Table


def best(truth: Sequence[Row]) -> int:
    """From how many trees on it pays to fell, by the agents' discount."""
    return int(truth[0]["best"])


def section(
    agents: Sequence[Agent], truth: Sequence[Row], curve: Sequence[Row], own: Sequence[Row]
) -> Section:
    """Truth first, then the critics."""
    return Section(
        "What trees are worth",
        f"The agents were trained with a discount of {agents[0].gamma:g} a step: wood 33 steps ahead counts a third. "
        f"By that, the best threshold is to fell from {best(truth)} trees on; in the long run, undiscounted, it is "
        f"from {best_threshold(agents[0].world)} on. "
        f"All numbers are discounted wood over {HORIZON} steps from the states of the curve above.",
        tables=[_truth(truth), _critics(agents, truth, curve, own)],
    )


def _truth(truth: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = [
        (
            row["trees"],
            row["worth"],
            row["greedy"],
            row["from 8"],
            row["now"],
            row["wait"],
            row["now"] - row["wait"],
        )
        for row in truth
    ]
    header = (
        "trees left",
        f"fells from {best(truth)} on",
        "fells all",
        "fells from 8 on",
        "fells now",
        "waits a step",
        "now is better by",
    )
    caption = f"Threshold play; now and later are followed by felling from {best(truth)} trees on"
    return Table(header, body, caption=caption)


def _critics(
    agents: Sequence[Agent], truth: Sequence[Row], curve: Sequence[Row], own: Sequence[Row]
) -> Table:
    worth = {row["trees"]: float(row["worth"]) for row in truth}
    body: list[tuple[Cell, ...]] = [
        (
            moment,
            trees,
            over_seeds(agents, moment, curve, "value", trees=trees),
            over_seeds(agents, moment, own, "earns", trees=trees),
            worth[trees],
        )
        for moment in agents[0].named
        for trees in OWN
    ]
    header = ("moment", "trees left", "its critic", "its own play", "best play")
    return Table(header, body, caption="Mean over agents with 95 % intervals over seeds")


def gap(truth: Sequence[Row]) -> float:
    """What many trees are worth more than few, to the best play."""
    worth = {row["trees"]: float(row["worth"]) for row in truth}
    return float(np.mean([worth[trees] for trees in MANY]) - np.mean([worth[trees] for trees in FEW]))
