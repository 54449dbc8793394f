"""``gridlens evaluate``: how often agents reach the goal and the proxy, on levels they never saw."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.assignments import assignments
from gridlens.bars import bars
from gridlens.options import Levels, Normalisation, Seed, ZipDials, ZipView, ZipWorld


def evaluate(
    agents: Annotated[
        list[Path], typer.Argument(help="Agent folders, organisms, or zips of stable-baselines3.")
    ],
    levels: Levels = 1000,
    seed: Seed = 0,
    steps: Annotated[
        int, typer.Option(help="Steps of each level, in worlds that have no limit.", min=1)
    ] = 1000,
    world: ZipWorld = None,
    dial: ZipDials = None,
    view: ZipView = None,
    normalisation: Normalisation = None,
    episodes: Annotated[
        int, typer.Option(help="For zips in gymnasium's environments: episodes to play.", min=1)
    ] = 20,
    out: Annotated[Path | None, typer.Option(help="Also write the table, as CSV.")] = None,
) -> None:
    """Intended goal, proxy and capability on training-like and shifted levels, with 95 % intervals.

    Beside each agent stand its ceiling (play for the goal, as well as is known), play for the proxy, and its floor
    (a random walk). A zip that plays an environment of gymnasium's has its return measured there.
    """
    from core.artifacts import write_csv
    from gridlens.opened import Elsewhere, opened_together
    from gridlens.outcomes import notes, rows, tables
    from gridlens.returns import returns
    from gridlens.tables import show
    from rl.misgeneralisation import evaluate

    elsewhere = Elsewhere(world, assignments(dial or [], option="--dial"), view, normalisation)
    opened = opened_together(agents, elsewhere)
    known = [(one.agent, one.subject) for one in opened if one.agent]
    found = []
    with bars() as progress:
        for about, subject in known:
            result = evaluate(
                subject,
                about.world,
                view=about.view,
                levels=levels,
                seed=seed,
                steps=steps,
                progress=progress,
            )
            found.append((about, result))
        returned = [] if known else returns(opened, episodes=episodes, seed=seed, progress=progress)
    for table in tables(found) if known else [returned]:
        show(table)
    said = notes([about for about, _ in known], levels=levels, steps=steps)
    print("\n".join([*said, *(f"{one.subject.name}: {note}" for one in opened for note in one.notes)]))
    if out:
        write_csv(out, rows(found) if known else returned)
        print(out)
