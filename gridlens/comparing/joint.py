"""Agents that can be set beside each other: one world, one view, one pair of distributions for all."""

from collections.abc import Mapping, Sequence

from core.errors import BadInput
from envs.spec import World
from rl.agents import AgentInfo
from rl.goals import SHIFTED, goals_of, shifted


def joint_worlds(agents: Sequence[AgentInfo]) -> Mapping[str, World]:
    """The distributions "training" and "shifted" on which agents are compared.

    Raises
    ------
    BadInput
        if the agents' worlds differ in more than the dial that parts goal and proxy.
    """
    first = agents[0]
    for other in agents[1:]:
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
