"""``gridlens demo``: every part of Gridlens once, small, gathered on one page."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Folder of all pages.")] = Path("runs/demo"),
    steps: Annotated[
        int | None,
        typer.Option(help="Training steps of each agent; default: the presets', which are known to learn."),
    ] = None,
) -> None:
    """A classifier's gallery, two agents trained on the spot, probes, attribution, and the comparison page.

    What is finished is reused; a demo that is broken off goes on where it was.
    """
    from core.runs import running

    with running(out, kind="demo", parameters={"steps": steps}) as run:
        if not run.finished:
            from gridlens.demonstration import demonstrate

            demonstrate(out, steps=steps)
    print(out / "index.html")
