"""``gridlens evaluate``: how often agents reach the goal and the proxy, on levels they never saw."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.bars import bars
from gridlens.options import Levels, Seed


def evaluate(
    agents: Annotated[list[Path], typer.Argument(help="Agent folders.")],
    levels: Levels = 1000,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Also write the table, as CSV.")] = None,
) -> None:
    """Intended goal, proxy and capability on training-like and shifted levels, with 95 % intervals.

    Beside each agent stand its ceiling (optimal play) and its floor (a random walk).
    """
    from core.artifacts import write_csv
    from gridlens.tables import show
    from rl.agents import info, load
    from rl.misgeneralisation import MEASURES, evaluate

    opened = [(info(folder), load(folder)) for folder in agents]
    rows = []
    with bars() as progress:
        for about, subject in opened:
            found = evaluate(
                subject, about.world, view=about.view, levels=levels, seed=seed, progress=progress
            )
            rows += [
                {"agent": about.name, "levels": one.where, "player": one.player}
                | {name: str(one.measures.get(name, "")) for name in MEASURES}
                for one in found.outcomes
            ]
    show(rows)
    if out:
        write_csv(out, rows)
        print(out)
