"""Which goal did the agent learn: how often it reaches the intended one and the proxy, in training and shifted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import UnknownName
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject
from core.uncertainty import Interval, bootstrap_interval, proportion_interval
from envs import engine
from envs.spec import World
from rl.goals import Ways, event, shifted, straight_to, ways
from rl.rollouts import Episodes, level_seeds, play, play_by, play_randomly

MEASURES: Mapping[str, str] = {
    "goal": "share of levels in which the intended goal was reached",
    "proxy": "share of levels in which the proxy was reached, before or after the goal or without it",
    "goal_first": "share of telling levels in which the goal was reached before or without the proxy",
    "proxy_first": "share of telling levels in which the proxy was reached before or without the goal",
    "either": "share of levels in which one of the two was reached: skill, whatever the aim",
    "directness": "shortest way to whichever was reached first, over the steps taken; 1 is the shortest way",
    "steps": "steps an episode",
    "return": "undiscounted return",
}
"""What is measured. A level is telling if neither goal nor proxy lies on the way to the other: who goes straight
to one passes the other by. In a maze without loops, ``proxy_first`` is "went to the corner past the cheese"."""

PLAYERS = ("agent", "agent, greedy", "optimal play", "random walk")


@dataclass(frozen=True)
class Outcome:
    """How one player did on one distribution: measure (a key of ``MEASURES``) to its mean with a 95 % interval.

    ``telling`` is the number of levels behind ``goal_first`` and ``proxy_first``; both are absent where it is 0,
    as ``directness`` is where nothing was ever reached.
    """

    player: str
    where: str
    measures: Mapping[str, Interval]
    telling: int


@dataclass(frozen=True)
class Evaluation:
    """The outcomes of an agent and of its yardsticks: optimal play is the ceiling, a random walk the floor."""

    subject: str
    outcomes: tuple[Outcome, ...]
    provenance: Provenance = field(repr=False)

    def of(self, where: str, player: str = "agent") -> Outcome:
        """One outcome.

        Raises
        ------
        UnknownName
            if there is none for that distribution and player.
        """
        found = {(one.where, one.player): one for one in self.outcomes}
        if (where, player) not in found:
            raise UnknownName("outcome", f"{where}, {player}", [", ".join(key) for key in found])
        return found[where, player]


def evaluate(
    subject: Subject,
    world: World,
    *,
    view: str = "window",
    where: Mapping[str, World] | None = None,
    levels: int = 1000,
    seed: int = 0,
    progress: Progress = silent,
) -> Evaluation:
    """Play held-out levels of the training distribution and of a shifted one, and say which goal was pursued.

    ``world`` is the one that the agent was trained in. ``where`` names the distributions; by default "training"
    is ``world`` and "shifted" the same with the dial of ``rl.goals.GOALS`` turned. Every level is held out from
    training, and all players play the same ones. Intervals are over levels: Wilson's for shares, the bootstrap's
    for means.

    Raises
    ------
    BadInput
        if a world does not fit the agent.
    UnknownName
        if the world has no known proxy.
    """
    where = {"training": world, "shifted": shifted(world)} if where is None else where
    seeds = level_seeds(levels, split="test", seed=seed)
    total = len(where) * len(PLAYERS)
    outcomes: list[Outcome] = []
    for name, distribution in where.items():
        for player, players_turn in _players(subject, distribution, view, seed).items():
            progress(len(outcomes), total, "playing held-out levels")
            outcomes.append(outcome(player, name, players_turn(seeds), distribution))
    progress(total, total, "playing held-out levels")
    described = {name: distribution.describe() for name, distribution in where.items()}
    about = provenance(
        subject=subject.fingerprint,
        data=fingerprint(repr(described), seeds),
        seed=seed,
        levels=levels,
        where=described,
    )
    return Evaluation(subject.name, tuple(outcomes), about)


def outcome(player: str, where: str, episodes: Episodes, world: World) -> Outcome:
    """The measures of episodes that were played in ``world``."""
    way = ways(world, engine.reset(world, episodes.levels))
    goal, proxy = episodes.first(event(world, "intended")), episodes.first(event(world, "proxy"))
    goal_first = (goal > 0) & ((proxy == 0) | (goal < proxy))
    proxy_first = (proxy > 0) & ~goal_first
    shares = {"goal": goal > 0, "proxy": proxy > 0, "either": (goal > 0) | (proxy > 0)}
    if way.telling.any():
        shares |= {"goal_first": goal_first[way.telling], "proxy_first": proxy_first[way.telling]}
    means = {"steps": episodes.length, "return": episodes.returns}
    if shares["either"].any():
        means["directness"] = _directness(way, goal, proxy, goal_first)[shares["either"]]
    found = {name: proportion_interval(int(hits.sum()), len(hits)) for name, hits in shares.items()}
    found |= {name: bootstrap_interval(values, seed=0) for name, values in means.items()}
    return Outcome(
        player, where, {name: found[name] for name in MEASURES if name in found}, int(way.telling.sum())
    )


def _directness(way: Ways, goal: NDArray, proxy: NDArray, goal_first: NDArray) -> NDArray:
    """Only steps up to the first of the two that was reached; where a step reaches both, it is the goal."""
    shortest, taken = np.where(goal_first, way.to_goal, way.to_proxy), np.where(goal_first, goal, proxy)
    return shortest / np.maximum(taken, 1)


def _players(
    subject: Subject, world: World, view: str, seed: int
) -> dict[str, Callable[[NDArray], Episodes]]:
    solver = straight_to(world, "goal")
    turns = (
        lambda levels: play(subject, world, levels, view=view, seed=seed),
        lambda levels: play(subject, world, levels, view=view, greedy=True),
        lambda levels: play_by(solver, world, levels, about=provenance(subject="optimal play")),
        lambda levels: play_randomly(world, levels, seed=seed),
    )
    return dict(zip(PLAYERS, turns, strict=True))
