"""``gridlens report``: several results in one site with a front page, to be zipped and sent."""

from pathlib import Path
from typing import Annotated

import typer

Runs = Annotated[
    list[str],
    typer.Argument(
        help="Finished run folders, or single pages: galleries, families, probes, comparisons and so on."
    ),
]
Folder = Annotated[Path, typer.Option(help="Folder of the site.")]
Title = Annotated[str, typer.Option(help="Title of the front page.")]


def report(runs: Runs, out: Folder = Path("runs/report"), title: Title = "Results") -> None:
    """Put several results into one site: a card each with its finding and its commands, and copies of all pages.

    The folder can be zipped and sent; it opens offline. Given again, it is made anew over itself.
    """
    from gridlens.site import report

    print(report(runs, out=out, title=title))
