"""``gridlens attribute``: what counted for an output, by several methods, as a page."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.assignments import assignments
from gridlens.options import Images, Normalisation, Scaling, Seed, Weights, ZipDials, ZipView, ZipWorld


def attribute(
    subject: Annotated[
        str, typer.Argument(help="Agent folder, organism, zip of stable-baselines3, or classifier.")
    ] = "shapes",
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="class:ring, policy:up, value, relu2:7 ...; default: what the network chose, and the value."
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="integrated-gradients or grad-cam; may be repeated; default: all that apply."),
    ] = None,
    weights: Weights = None,
    images: Images = None,
    scaling: Scaling = None,
    count: Annotated[int, typer.Option(help="How many inputs are explained.", min=1, max=16)] = 4,
    world: ZipWorld = None,
    dial: ZipDials = None,
    view: ZipView = None,
    normalisation: Normalisation = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(help="Page to write; default runs/attribute-SUBJECT.html.")
    ] = None,
) -> None:
    """Show which parts of an input counted for a class, an action, the value or a unit."""
    from core.runs import command_line
    from gridlens.attributions import attribution_page
    from gridlens.opened import Elsewhere, open_subject
    from reports.html import write

    elsewhere = Elsewhere(world, assignments(dial or [], option="--dial"), view, normalisation)
    opened = open_subject(subject, weights=weights, scaling=scaling, elsewhere=elsewhere)
    page = attribution_page(
        opened,
        targets=target or [],
        methods=method or (),
        images=images,
        count=count,
        seed=seed,
        command=command_line(),
    )
    print(write(page, out or Path("runs") / f"attribute-{opened.subject.name}.html"))
