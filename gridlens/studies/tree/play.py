"""Forests played on: what a network makes of full forests, and what play with a threshold earns, discounted."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.subject import Subject
from core.uncertainty import bootstrap_interval
from envs import engine
from envs.play.felling import TREE, threshold
from envs.play.policies import Policy
from envs.randomness import streams
from envs.spec import World
from envs.state import State, take
from gridlens.studies.kept import Row
from gridlens.studies.tree.agents import Agent, spread, through
from gridlens.studies.tree.forests import STATES, edges
from rl.agents import AgentInfo
from rl.reproductions.tree import acting

FORESTS, STEPS = 64, 1000
"""Full forests that a network is let loose in, and for how many steps; the last quarter is told too."""
HORIZON = 150
"""Steps after which nothing counts: 0.97 to the power of it is 0.01."""
OWN = (1, 3, 6, 10)
"""Numbers of trees from which the agents' own play goes on."""
FIRST = 200
"""States that are played on from each."""


def fate(subject: Subject, about: AgentInfo) -> Row:
    """Wood a step over all steps; wood and trees standing in the last quarter of them, means over forests."""
    words, start = streams(1, FORESTS), streams(0, FORESTS)
    state = engine.reset(about.world, engine.level_seeds("test", start), streams=start)
    chop, choose = about.world.events.index("chop"), acting(subject, about)
    wood, late, standing = np.zeros((3, FORESTS))
    for step in range(STEPS):
        played = engine.step(about.world, state, choose(about.world, state, words))
        wood += played.events[:, chop]
        if step >= STEPS * 3 // 4:
            late += played.events[:, chop]
            standing += state.planes[:, TREE].sum((1, 2))
    told = {"wood": wood / STEPS, "late": late * 4 / STEPS, "standing": standing * 4 / STEPS}
    found: dict[str, float] = {"n": FORESTS}
    for name, values in told.items():
        found |= spread(name, bootstrap_interval(values, seed=0))
    return found


def fates(agent: Agent) -> Sequence[Row]:
    """What every moment's network makes of full forests."""
    return through(agent, lambda subject: [fate(subject, agent.about)])


def returns(
    world: World,
    state: State,
    choose: Policy,
    *,
    gamma: float,
    steps: int = HORIZON,
    first: NDArray | None = None,
) -> Float[np.ndarray, "n"]:
    """Wood of each state from here on, that of the next step counted whole, later ones by ``gamma`` a step.

    ``first``: actions that are taken before the policy goes on.
    """
    state, words = take(state, slice(None)), streams(2, len(state.clock))
    state.chances[:] = streams(3, len(words))
    chop, earned = world.events.index("chop"), np.zeros(len(words))
    for step in range(steps):
        actions = first if step == 0 and first is not None else choose(world, state, words)
        earned += gamma**step * engine.step(world, state, actions).events[:, chop]
    return earned


def own(agent: Agent) -> Sequence[Row]:
    """What the agents' own play earns from the states of the sparing curve, by moment and number of trees."""
    some = {trees: take(edges(agent.world).left[trees], slice(FIRST)) for trees in OWN}
    joined = State(*(np.concatenate(parts) for parts in zip(*some.values(), strict=True)))
    gamma = agent.gamma

    def played(subject: Subject) -> Sequence[Row]:
        found = returns(
            agent.world, joined, acting(subject, agent.about), gamma=gamma, steps=HORIZON * 2 // 3
        )
        return [
            {"trees": trees, "n": FIRST, **spread("earns", bootstrap_interval(values, seed=0))}
            for trees, values in zip(OWN, found.reshape(len(OWN), -1), strict=True)
        ]

    return through(agent, played, agent.named.values())


def truth(world: World, gamma: float) -> Sequence[Row]:
    """What it is worth to fell from so many trees on only, by trees left; and to fell the one beside now, or to wait.

    Now or later is followed by the threshold that is best on average over numbers of trees.
    """
    asked, numbers = edges(world), range(1, world.dials.trees + 1)
    worth = np.array([[_threshold(world, asked.left[n], k, gamma) for n in numbers] for k in numbers])
    best = 1 + int(worth.mean(1).argmax())
    return [
        {"trees": n, "best": best, "worth": float(worth[best - 1, n - 1]), "greedy": float(worth[0, n - 1])}
        | {f"from {k}": float(worth[k - 1, n - 1]) for k in numbers}
        | {
            name: float(returns(world, asked.left[n], _from(best), gamma=gamma, first=actions).mean())
            for name, actions in (("now", asked.chop), ("wait", np.full(STATES, 4)))
        }
        for n in numbers
    ]


def _threshold(world: World, state: State, least: int, gamma: float) -> float:
    return float(returns(world, state, _from(least), gamma=gamma).mean())


def _from(least: int) -> Policy:
    def choose(world: World, state: State, words: NDArray) -> NDArray:
        return threshold(world, state, words, least)

    return choose
