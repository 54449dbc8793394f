"""``gridlens probe``: what a network knows at each layer, when it came to know it, and what it uses, as a page."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.assignments import assignments
from gridlens.bars import bars
from gridlens.options import (
    Device,
    Labels,
    Normalisation,
    Scaling,
    Seed,
    Size,
    Weights,
    ZipDials,
    ZipView,
    ZipWorld,
)

Concepts = Annotated[
    list[str] | None,
    typer.Option(
        help="What to look for; may be repeated. Of an agent a concept of its world, such as 'steps to goal', or one "
        "of your own, mine.py or mine.py:name; of a classifier a factor, such as size. Default: about ten."
    ),
]
Samples = Annotated[
    int | None,
    typer.Option(help="States (default 4,000) or images (2,000), all independent.", min=60),
]
Moments = Annotated[
    int,
    typer.Option(
        help="Snapshots of an agent's training that are probed at most; 1 for the finished agent.", min=1
    ),
]


def probe(
    subject: Annotated[
        str, typer.Argument(help="Agent folder, organism, zip of stable-baselines3, or classifier.")
    ] = "shapes",
    concept: Concepts = None,
    samples: Samples = None,
    moments: Moments = 20,
    weights: Weights = None,
    scaling: Scaling = None,
    size: Size = None,
    labels: Labels = None,
    world: ZipWorld = None,
    dial: ZipDials = None,
    view: ZipView = None,
    normalisation: Normalisation = None,
    device: Device = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Folder of the page; default runs/probe-SUBJECT.")] = None,
) -> None:
    """What a network knows, layer by layer, since when, and whether it uses it.

    An agent is asked what its world's states hold, at every snapshot of its training, and every concept is erased to
    see whether the policy rests on it; its maps and an episode of it are on the same page. A classifier is asked for
    factors of the procedural images. Broken off, the same command goes on.
    """
    from core.runs import command_line
    from gridlens.opened import Elsewhere, open_subject
    from gridlens.probing.making import Request, probe_subject
    from vision.labels import read_labels

    elsewhere = Elsewhere(world, assignments(dial or [], option="--dial"), view, normalisation)
    opened = open_subject(
        subject,
        weights=weights,
        scaling=scaling,
        size=size,
        labels=read_labels(labels) if labels else None,
        device=device,
        elsewhere=elsewhere,
    )
    request = Request(tuple(concept or ()), samples, moments, seed)
    folder = out or Path("runs") / f"probe-{opened.subject.name}"
    with bars() as progress:
        page = probe_subject(subject, opened, request, out=folder, command=command_line(), progress=progress)
    print(page.finding)
    print(folder / "index.html")
