"""Agents that others trained, played in a gymnasium environment: the table of their returns."""

from collections.abc import Sequence

from core.progress import Progress
from gridlens.opened import Opened
from rl.foreign import evaluate


def returns(
    agents: Sequence[Opened], *, episodes: int, seed: int, progress: Progress
) -> list[dict[str, str]]:
    """Each agent's mean return: by its best actions, and by drawn ones where it has a policy."""
    return [
        _row(agent, greedy, episodes=episodes, seed=seed, progress=progress)
        for agent in agents
        for greedy in ((True, False) if "policy" in agent.subject.heads else (True,))
    ]


def _row(agent: Opened, greedy: bool, *, episodes: int, seed: int, progress: Progress) -> dict[str, str]:
    env_id = str(agent.env_id)
    played = evaluate(agent.subject, env_id, episodes=episodes, seed=seed, greedy=greedy, progress=progress)
    return {
        "agent": agent.subject.name,
        "algorithm": agent.algorithm,
        "world": env_id,
        "actions": "greedy" if greedy else "sampled",
        "episodes": str(episodes),
        "return": str(played.interval),
        "steps": f"{played.lengths.mean():.1f}",
    }
