"""``gridlens study``: one of the project's studies made again, as a page with its numbers."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.bars import bars


def study(
    name: Annotated[str, typer.Argument(help="Which: monster, tree or during-training.")],
    out: Annotated[Path | None, typer.Option(help="Run folder; default runs/study-NAME.")] = None,
    agents: Annotated[
        Path,
        typer.Option(help="Where `gridlens reproduce` keeps its agents; those that are missing are trained."),
    ] = Path("runs/reproductions"),
) -> None:
    """Make one of the project's studies again: an open question about trained agents, as a page with its numbers.

    What was found is written down in docs/studies/NAME.md. Agents are trained where there are none (minutes to an
    hour); a study that is broken off goes on when the same command is given again.
    """
    from core.runs import command_line
    from gridlens.studies.studies import STUDIES
    from gridlens.studies.study import make

    with bars() as progress:
        page = make(
            STUDIES,
            name,
            agents=agents,
            out=out or Path("runs") / f"study-{name}",
            command=command_line(),
            progress=progress,
        )
    print(page)
