"""``gridlens compare``: what differs between agents, as one page."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.bars import bars
from gridlens.options import Levels, Seed


def compare(
    agents: Annotated[
        list[Path], typer.Argument(help="Two or more agent folders or organisms, trained in one world.")
    ],
    levels: Levels = 1000,
    mazes: Annotated[int, typer.Option(help="Mazes of which maps are drawn.", min=1)] = 3,
    seed: Seed = 0,
    out: Annotated[
        Path, typer.Option(help="Folder of the page, its tables and the studies behind it.")
    ] = Path("runs/compare"),
) -> None:
    """Which goal does each agent pursue: behaviour, maps, probes and attribution side by side, with caveats.

    The first agent whose training kept goal and proxy together says what counts as training-like levels.
    """
    from gridlens.comparison import compare_agents

    with bars() as progress:
        page = compare_agents(agents, levels=levels, mazes=mazes, seed=seed, out=out, progress=progress)
    print(page.finding)
    print(out / "index.html")
