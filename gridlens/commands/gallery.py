"""``gridlens gallery``: what every unit of some layers looks for, as a page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from gridlens.bars import bars
from gridlens.options import Images, Scaling, Seed, Weights

EMBEDDED_LAYERS = "relu1,relu2,relu3,relu4"


def gallery(
    model: Annotated[
        str, typer.Argument(help="'shapes' (ships with Gridlens), or a torchvision classifier.")
    ] = "shapes",
    weights: Weights = None,
    images: Images = None,
    layers: Annotated[
        str | None,
        typer.Option(help="all, names, or globs, parted by commas; default for 'shapes': its ReLUs."),
    ] = None,
    units: Annotated[
        str | None, typer.Option(help="Units of each layer, such as 0-23,40; default: all.")
    ] = None,
    steps: Annotated[int, typer.Option(help="Optimisation steps a picture.", min=1)] = 96,
    scaling: Scaling = None,
    count: Annotated[int | None, typer.Option(help="Use only the first so many images.")] = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Run folder; default runs/gallery-MODEL.")] = None,
) -> None:
    """Show, for every unit of the chosen layers, a picture made for it and the real images that fire it most.

    A run that is broken off goes on where it was when the same command is given again.
    """
    from feature_viz.gallery import gallery
    from reports.gallery_page import write_gallery
    from vision.datasets import open_images
    from vision.models import load

    folder = out or Path("runs") / f"gallery-{model}"
    subject = load(model, weights=weights, scaling=scaling)
    with bars() as progress:
        height, width = subject.spec.shape[1:]
        source = open_images(images or "shapes", size=(height, width), count=count, progress=progress)
        made = gallery(
            subject,
            source,
            layers=layers or (EMBEDDED_LAYERS if model == "shapes" else "all"),
            units=units,
            steps=steps,
            seed=seed,
            out=folder,
            progress=progress,
        )
    tell_skipped(made.document["images"]["skipped"])
    print(write_gallery(folder))


def tell_skipped(skipped: Mapping[str, str]) -> None:
    """List the pictures that could not be decoded."""
    if skipped:
        print(f"{len(skipped)} pictures could not be decoded and were left out:")
    for name, reason in skipped.items():
        print(f"  {name}: {reason}")
