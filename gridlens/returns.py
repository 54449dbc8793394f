"""Agents that others trained, played in a gymnasium environment: the table of their returns."""

from pathlib import Path

from core.artifacts import write_csv
from core.errors import BadInput
from core.progress import Progress
from gridlens.tables import show
from rl.foreign import Foreign, evaluate, open_zip


def show_returns(
    zips: list[Path],
    env_id: str | None,
    *,
    episodes: int,
    seed: int,
    normalisation: str | None,
    out: Path | None,
    progress: Progress,
) -> None:
    """Print (and with ``out`` write) each agent's mean return: its best actions, and drawn ones where it has a policy.

    Raises
    ------
    BadInput
        if no environment is named, or an agent among them is a folder.
    """
    folder = next((path for path in zips if path.is_dir()), None)
    if folder is not None:
        raise BadInput(
            f"{str(folder)!r} is an agent folder, not a zip; evaluate it by itself, without --world"
        )
    if env_id is None:
        raise BadInput(f"{str(zips[0])!r} does not say its environment; name it, as in --world CartPole-v1")
    agents = [open_zip(path, env_id, normalisation=normalisation) for path in zips]
    rows = [
        row
        for agent in agents
        for greedy in ((True, False) if "policy" in agent.subject.heads else (True,))
        for row in [_row(agent, env_id, greedy, episodes=episodes, seed=seed, progress=progress)]
    ]
    show(rows)
    for agent in agents:
        for note in agent.notes:
            print(f"{agent.subject.name}: {note}")
    if out:
        write_csv(out, rows)
        print(out)


def _row(
    agent: Foreign, env_id: str, greedy: bool, *, episodes: int, seed: int, progress: Progress
) -> dict[str, str]:
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
