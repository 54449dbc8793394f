"""Command-line options that several commands share, each written once."""

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path, typer.Option(help="Run folder to make, or to go on with.")]
Seed = Annotated[int, typer.Option(help="Seed of everything that is drawn at random.")]
Weights = Annotated[
    str | None,
    typer.Option(
        help="Weights: a safetensors file, 'default' to download some, or 'untrained'; default: those that ship."
    ),
]
Images = Annotated[
    Path | None,
    typer.Option(help="Folder, .tar, .zip or .npz of pictures; default: the procedural images."),
]
Scaling = Annotated[
    str | None,
    typer.Option(
        help="Input scaling of the weights, where their file does not say it, e.g. 'RGB 0..1 mean 0.5 std 0.25, 64x64'."
    ),
]
Dials = Annotated[
    list[str] | None,
    typer.Option("--dial", help="A dial of the world, as in rand_region=1; may be repeated."),
]
Levels = Annotated[int, typer.Option(help="Held-out levels of each kind to play.", min=10)]
Device = Annotated[
    str | None, typer.Option(help="Where to compute: cpu, cuda, cuda:1, mps; default: the CPU.")
]
Size = Annotated[
    int | None,
    typer.Option(help="Height and width of the network's input in pixels; default: its own.", min=1),
]
Labels = Annotated[
    Path | None,
    typer.Option(help="Text file of class names, one a line; default: the network's, or numbers."),
]
ZipWorld = Annotated[
    str | None,
    typer.Option(
        "--world",
        help="For zips: where they play; a world, as in cheese, or a gymnasium id, as in CartPole-v1.",
    ),
]
ZipDials = Annotated[
    list[str] | None,
    typer.Option("--dial", help="For zips: a dial of that world, as in size=9; may be repeated."),
]
ZipView = Annotated[
    str | None,
    typer.Option("--view", help="For zips: what they see of that world; default: window."),
]
Normalisation = Annotated[
    str | None, typer.Option(help="For zips: VecNormalize's mean and var as .npz, or 'raw'.")
]
