"""Agents that can be set beside each other: one world, one pair of distributions for all."""

from collections.abc import Mapping, Sequence

from core.errors import BadInput, UnknownName
from envs.spec import World
from gridlens.words import WORDS
from rl.agents import AgentInfo
from rl.goals import SHIFTED, goals_of, shifted


def joint_worlds(agents: Sequence[AgentInfo]) -> Mapping[str, World]:
    """The distributions "training" and "shifted" on which agents are compared.

    Raises
    ------
    UnknownName
        if it is not known what goal and proxy of their world are.
    BadInput
        if the agents' worlds differ in more than the dial that parts goal and proxy.
    """
    first = agents[0]
    for one in agents:
        if one.world.name not in WORDS:
            raise UnknownName("world that can be compared", one.world.name, WORDS)
    for other in agents[1:]:
        if other.world.name != first.world.name:
            raise BadInput(
                f"agents {first.name} and {other.name} cannot be compared: the one plays world {first.world.name!r}, "
                f"the other {other.world.name!r}"
            )
        if shifted(other.world) != shifted(first.world):
            free = ", ".join(goals_of(first.world).shifts[SHIFTED])
            raise BadInput(
                f"agents {first.name} and {other.name} cannot be compared: {_settings(first.world)} beside "
                f"{_settings(other.world)}; expected worlds that differ in {free} alone"
            )
    kept = [one.world for one in agents if one.world != shifted(one.world)]
    return {"training": (kept or [first.world])[0], "shifted": shifted(first.world)}


def _settings(world: World) -> str:
    return ", ".join(f"{name} {value}" for name, value in world.describe().items())
