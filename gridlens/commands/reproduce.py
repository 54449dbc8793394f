"""``gridlens reproduce``: published goal misgeneralisation trained again, judged, and written down."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.bars import bars
from gridlens.options import Out


def reproduce(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Which, such as monster or coin; default: all. Those finished earlier are kept."),
    ] = None,
    out: Out = Path("runs/reproductions"),
    jobs: Annotated[
        int | None, typer.Option(help="Processes that train and evaluate; default: one a core.", min=1)
    ] = None,
    page: Annotated[Path, typer.Option(help="Page to write; its pictures go beside it.")] = Path(
        "docs/reproductions.md"
    ),
) -> None:
    """Train, evaluate and judge published results; write the table, with a picture each.

    Trains for hours where nothing is there yet; what is finished in --out is read, so that the page is made again in
    minutes.
    """
    from core.errors import BadInput, GridlensError, UnknownName
    from reports.reproductions_page import write_page
    from rl.reproductions.catalogue import REPRODUCTIONS
    from rl.reproductions.reproducing import finished
    from rl.reproductions.reproducing import reproduce as reproduced

    for name in names or ():
        if name not in REPRODUCTIONS:
            raise UnknownName("reproduction", name, REPRODUCTIONS)
    asked = [name for name in REPRODUCTIONS if name in (names or REPRODUCTIONS) or finished(name, out)]
    results, refused = [], []
    with bars() as progress:
        for name in asked:
            try:
                results.append(reproduced(name, out, jobs=jobs, progress=progress))
            except GridlensError as error:  # the others are not kept waiting for it
                refused.append(f"{name}: {error}")
    for result in results:
        for claim in result.claims:
            print(f"{result.name:12} {claim.same_direction:8} {claim.text}")
        for failure in result.failures:
            print(f"{result.name:12} failed   {failure}")
    for path in write_page(results, page):
        print(path)
    if refused:
        raise BadInput("; ".join(refused))
