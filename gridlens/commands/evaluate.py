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
    world: Annotated[str | None, typer.Option(help="For zips: a gymnasium id, as in CartPole-v1.")] = None,
    episodes: Annotated[int, typer.Option(help="For zips: episodes to play.", min=1)] = 20,
    normalisation: Annotated[
        str | None, typer.Option(help="For zips: VecNormalize's mean and var as .npz, or 'raw'.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the table, as CSV.")] = None,
) -> None:
    """Intended goal, proxy and capability on training-like and shifted levels, with 95 % intervals.

    Beside each agent stand its ceiling (optimal play) and its floor (a random walk).
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
