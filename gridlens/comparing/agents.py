"""The comparison page of two or more agents, from the studies behind it."""

from collections.abc import Sequence
from pathlib import Path

from core.progress import Progress
from envs.spec import World
from gridlens.comparing.joint import joint_worlds
from gridlens.evidence import evidence, setting
from gridlens.words import words_of
from reports.comparison import compare
from reports.exports import export
from reports.html import write
from reports.sections import Report
from rl.agents import info, load
from rl.goals import goals_of
from rl.organism import folder_of
from rl.study import StudyConfig, study


def compare_agents(
    agents: Sequence[Path], *, levels: int, mazes: int, seed: int, out: Path, progress: Progress
) -> Report:
    """Study each agent (or read its finished study back), and write page and tables into ``out``.

    Raises
    ------
    Unreadable, WeightsMismatch
        if a folder holds no agent, or one that cannot be opened.
    BadInput
        if the agents cannot be compared.
    """
    opened = [(folder_of(agent), info(agent), load(agent)) for agent in agents]
    where = joint_worlds([about for _, about, _ in opened])
    config = StudyConfig(levels=levels, mazes=mazes, seed=seed)
    found = []
    for folder, about, subject in opened:

        def named(done: int, total: int, label: str, name: str = about.name) -> None:
            progress(done, total, f"{name}: {label}")

        place = out / "studies" / about.name
        result = study(
            subject, about.world, place, view=about.view, where=where, config=config, progress=named
        )
        found.append(evidence(folder, about, result))
    options = f"--levels {levels} --mazes {mazes} --seed {seed} --out {out}".split()
    page = compare(
        found,
        setting(where["training"], where["shifted"]),
        command=" ".join(["gridlens compare", *map(str, agents), *options]),
        mazes_chosen=_chosen(where["training"]),
    )
    export(page, out / "data")
    write(page, out / "index.html")
    return page


def _chosen(world: World) -> str:
    """How the levels shown were picked."""
    if goals_of(world).places is None:
        return "They are the first that were drawn of the held-out ones."
    thing = words_of(world).thing
    return (
        f"They are those of 1,000 held-out {thing}s in which the ways to goal and proxy part soonest and "
        f"go farthest, chosen by the {thing} alone."
    )
