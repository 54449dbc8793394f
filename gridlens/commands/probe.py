"""``gridlens probe``: what can be read off each layer of a subject, as a page."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.assignments import assignments
from gridlens.bars import bars
from gridlens.options import Normalisation, Scaling, Seed, Weights, ZipDials, ZipView, ZipWorld


def probe(
    subject: Annotated[
        str, typer.Argument(help="Agent folder, organism, zip of stable-baselines3, or classifier.")
    ] = "shapes",
    concept: Annotated[
        list[str] | None,
        typer.Option(help="What to look for, such as 'goal row' or size; may be repeated; default: a few."),
    ] = None,
    samples: Annotated[int, typer.Option(help="States or images, all independent.", min=60)] = 2000,
    weights: Weights = None,
    scaling: Scaling = None,
    world: ZipWorld = None,
    dial: ZipDials = None,
    view: ZipView = None,
    normalisation: Normalisation = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Page to write; default runs/probe-SUBJECT.html.")] = None,
) -> None:
    """Fit a linear probe and its control task at every layer, with 95 % intervals.

    An agent is probed for what its world's states hold (where the goal lies), a classifier for factors of the
    procedural images.
    """
    from core.runs import command_line
    from gridlens.opened import Elsewhere, open_subject
    from gridlens.probes import defaults, probe_page, probed
    from reports.html import write

    elsewhere = Elsewhere(world, assignments(dial or [], option="--dial"), view, normalisation)
    opened = open_subject(subject, weights=weights, scaling=scaling, elsewhere=elsewhere)
    concepts = concept or defaults(opened)
    with bars() as progress:
        found = probed(opened, concepts, samples=samples, seed=seed, progress=progress)
    page = probe_page(opened.subject.name, found, command=command_line())
    print(page.finding)
    print(write(page, out or Path("runs") / f"probe-{opened.subject.name}.html"))
