"""Command-line options that several commands share, each written once."""

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path, typer.Option(help="Run folder to make, or to go on with.")]
Seed = Annotated[int, typer.Option(help="Seed of everything that is drawn at random.")]
Weights = Annotated[
    Path | None, typer.Option(help="Weights as safetensors; default: those that ship, or none.")
]
Images = Annotated[
    Path | None,
    typer.Option(help="Folder, .tar, .zip or .npz of pictures; default: the procedural images."),
]
Scaling = Annotated[
    str | None,
    typer.Option(
        help="Input scaling of the weights, where their file does not say it, e.g. 'mean 0.5 std 0.25'."
    ),
]
Levels = Annotated[int, typer.Option(help="Held-out levels of each kind to play.", min=10)]
