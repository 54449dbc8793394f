"""CONCEPTS: everything that states of the worlds can be asked for, by name, and which worlds know it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from envs.registry import WORLDS
from envs.registry import world as make_world
from envs.spec import World
from envs.state import State
from envs.worlds import follow, tree
from rl.concepts.concept import Concept, Of
from rl.concepts.optimal import of_values
from rl.concepts.positions import maps, of_agent, of_place, of_things, of_ways, proxy_nearer
from rl.concepts.safety import of_safety
from rl.concepts.things import goal_and_proxy, named, things


def _counter(name: str) -> Of:
    return lambda world, state: state.counters[:, world.spec.counters.index(name)]


def _next_beacon(world: World, state: State) -> NDArray:
    return follow.next_beacons(state, world.dials) + 1


def _scarce(world: World, state: State) -> NDArray:
    trees = state.planes[:, tree.TREE].sum(axis=(1, 2), dtype=np.int64)
    return trees < min(world.dials.scarce, world.dials.trees)


def _growth(world: World, state: State) -> NDArray:
    trees = state.planes[:, tree.TREE].sum(axis=(1, 2), dtype=np.int64)
    return np.array([tree.growth(n, world.dials) for n in range(world.dials.trees + 1)])[trees]


OF_A_WORLD: Mapping[str, Mapping[str, Concept]] = {
    "follow": {
        "right beacon": Concept(
            "categorical", "number of the beacon that is next in the hidden order, 0 if any is", _next_beacon
        ),
        "last beacon": Concept(
            "categorical", "number of the beacon that the agent entered last, 0 for none", _counter("last")
        ),
        "partner's last beacon": Concept(
            "categorical",
            "number of the beacon that the partner entered last, 0 for none",
            _counter("partner_last"),
        ),
        "partner's next beacon": Concept(
            "categorical", "number of the beacon that the partner heads for", _counter("partner_next")
        ),
    },
    "tree": {
        "trees scarce": Concept("binary", "whether fewer trees stand than the dial 'scarce' says", _scarce),
        "chance of a tree": Concept("continuous", "the chance that a tree comes up next step", _growth),
    },
}
"""What only one world can be asked for."""


def known(world: World) -> dict[str, Concept]:
    """All that can be asked of the states of a world, whether or not it varies there.

    >>> "steps to apple" in known(make_world("monster")), "goal row" in known(make_world("tree"))
    (True, True)
    """
    after = goal_and_proxy(world)
    found = of_agent()
    for name in after:
        found |= of_place(name)
    if after:
        found["proxy nearer"] = Concept("binary", "whether the proxy is nearer than the goal", proxy_nearer)
    found |= of_values(world) | of_safety(world) | dict(OF_A_WORLD.get(world.name, {}))
    for gauge in world.spec.gauges:
        found[f"{gauge.counter} held"] = Concept(
            "continuous", f"how many {gauge.counter} the agent holds", _counter(gauge.counter)
        )
    for name in after:
        found |= maps(name, named(name))
    for name in things(world):
        found |= of_place(name) | of_things(name)
    return found | of_ways()


CONCEPTS: Mapping[str, Concept] = {
    name: concept for key in WORLDS for name, concept in known(make_world(key)).items()
}
"""Name to concept, of all worlds that come with Gridlens; ``known(world)`` has those of a world from a file too."""
