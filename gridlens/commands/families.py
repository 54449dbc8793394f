"""``gridlens families``: which units of a layer are each other, turned, mirrored or in another hue, as pages."""

from pathlib import Path
from typing import Annotated

import typer

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

Named = Annotated[
    str, typer.Argument(help="Classifier, agent folder, organism, or zip of stable-baselines3.")
]
Layers = Annotated[
    str | None,
    typer.Option(
        help="Names or globs, parted by commas; default for 'shapes' and agents: their activations."
    ),
]
GroupName = Annotated[
    str | None,
    typer.Option(
        help="rotation, reflection, dihedral, hue, scale, contrast, phase, or two of them as in hue*rotation; with a "
        "step, as in rotation:15 (degrees) or scale:1.19 (ratio). Default: rotation in steps of 15°; agents: square."
    ),
]
Photographs = Annotated[
    Path | None,
    typer.Option(help="Folder, .tar, .zip or .npz of pictures to be transformed; default: drawn stimuli."),
]
StimuliName = Annotated[
    str | None,
    typer.Option(
        "--stimuli", help="What is drawn instead of pictures: leaves (default), which overlap, or waves."
    ),
]
Count = Annotated[
    int | None,
    typer.Option(help="Pictures used, stimuli drawn or states played; default: all, 192 and 512.", min=1),
]
Atoms = Annotated[
    Path | None,
    typer.Option(help="A run of gridlens decompose, whose atoms are searched in place of a layer's units."),
]
Gallery = Annotated[
    Path | None,
    typer.Option(
        help="Gallery to take pictures from and to link; default: one beside the run is linked, pictures are made."
    ),
]
Positions = Annotated[int, typer.Option(help="Places of every input's map that are compared.", min=1)]
Pooled = Annotated[bool, typer.Option("--pooled", help="Compare one mean a map, and no places.")]
Shuffles = Annotated[
    int | None,
    typer.Option(
        help="Copies with shuffled weights that likeness is held against; one more is searched as control. 0: neither, "
        "a third of the time. Default: 1; agents: 4.",
        min=0,
    ),
]
NoTuning = Annotated[bool, typer.Option("--no-tuning", help="Leave out tuning curves on drawn stimuli.")]
NoWeights = Annotated[bool, typer.Option("--no-weights", help="Leave out the comparison of kernels.")]
Show = Annotated[
    int, typer.Option(help="Families of a layer whose members get pictures, the largest; 0 for none.", min=0)
]
Steps = Annotated[
    int | None, typer.Option(help="Optimisation steps a picture; default: those of the recipe 'fast'.", min=1)
]
Folder = Annotated[Path | None, typer.Option(help="Run folder; default runs/families-SUBJECT-GROUP.")]


def families(
    subject: Named = "shapes",
    layers: Layers = None,
    group: GroupName = None,
    images: Photographs = None,
    stimuli: StimuliName = None,
    count: Count = None,
    atoms: Atoms = None,
    gallery: Gallery = None,
    positions: Positions = 16,
    pooled: Pooled = False,
    shuffles: Shuffles = None,
    no_tuning: NoTuning = False,
    no_weights: NoWeights = False,
    show: Show = 24,
    steps: Steps = None,
    weights: Weights = None,
    scaling: Scaling = None,
    size: Size = None,
    labels: Labels = None,
    device: Device = None,
    world: ZipWorld = None,
    dial: ZipDials = None,
    view: ZipView = None,
    normalisation: Normalisation = None,
    seed: Seed = 0,
    out: Folder = None,
) -> None:
    """Find families of neurons: units that answer to transformed inputs as others do to the inputs as they are.

    A page a layer shows every family as a ring, a strip or a grid of its members' pictures, with what speaks for it:
    tuning curves, weights, the same search in shuffled weights. See docs/families.md. A minute or two for 'shapes'. A
    run that is broken off goes on where it was when the same command is given again.
    """
    from gridlens.assignments import assignments
    from gridlens.bars import bars
    from gridlens.families.asked import Request
    from gridlens.families.making import made
    from gridlens.families.result import read_families, usual_folder
    from gridlens.opened import Elsewhere, open_subject
    from reports.families.words import run_sentence
    from vision.labels import read_labels

    opened = open_subject(
        subject,
        weights=weights,
        scaling=scaling,
        size=size,
        labels=read_labels(labels) if labels else None,
        device=device,
        elsewhere=Elsewhere(world, assignments(dial or [], option="--dial"), view, normalisation),
    )
    what = (layers, group, images, stimuli, count, atoms, gallery)
    ways = (positions, pooled, shuffles, not no_tuning, not no_weights, show, steps, seed)
    asked = (*what, *ways)
    request = Request(*asked)
    folder = out or usual_folder(opened.subject.name, request)
    with bars() as progress:
        page = made(opened, request, out=folder, progress=progress)
    print(run_sentence(read_families(folder).document))
    print(page)
