"""``gridlens evaluate``: how often agents reach the goal and the proxy, on levels they never saw."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.bars import bars
from gridlens.options import Levels, Seed


def evaluate(
    agents: Annotated[list[Path], typer.Argument(help="Agent folders, or zips of stable-baselines3.")],
    levels: Levels = 1000,
    seed: Seed = 0,
    steps: Annotated[
        int, typer.Option(help="Steps of each level, in worlds that have no limit.", min=1)
    ] = 1000,
    world: Annotated[str | None, typer.Option(help="For zips: a gymnasium id, as in CartPole-v1.")] = None,
    episodes: Annotated[int, typer.Option(help="For zips: episodes to play.", min=1)] = 20,
    normalisation: Annotated[
        str | None, typer.Option(help="For zips: VecNormalize's mean and var as .npz, or 'raw'.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the table, as CSV.")] = None,
) -> None:
    """Intended goal, proxy and capability on training-like and shifted levels, with 95 % intervals.

    Beside each agent stand its ceiling (play for the goal, as well as is known), play for the proxy, and its floor
    (a random walk).
    """
    if world is not None or any(path.suffix == ".zip" for path in agents):
        from gridlens.returns import show_returns

        with bars() as progress:
            show_returns(
                agents,
                world,
                episodes=episodes,
                seed=seed,
                normalisation=normalisation,
                out=out,
                progress=progress,
            )
        return
    from core.artifacts import write_csv
    from gridlens.outcomes import notes, rows, tables
    from gridlens.tables import show
    from rl.agents import info, load
    from rl.misgeneralisation import evaluate

    opened = [(info(folder), load(folder)) for folder in agents]
    found = []
    with bars() as progress:
        for about, subject in opened:
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
    for table in tables(found):
        show(table)
    print("\n".join(notes([about for about, _ in found], levels=levels, steps=steps)))
    if out:
        write_csv(out, rows(found))
        print(out)
