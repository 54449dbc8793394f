"""``gridlens train-classifier``: the embedded classifier, trained again on the procedural images."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.bars import bars
from gridlens.options import Out, Seed


def train_classifier(
    out: Out = Path("runs/shapes_cnn"),
    seed: Seed = 0,
    data_seed: Annotated[int, typer.Option(help="Seed of the procedural images.")] = 0,
    steps: Annotated[int, typer.Option(help="Training steps of 128 images.")] = 2000,
) -> None:
    """Train the small classifier that ships with Gridlens on its own procedural images.

    The defaults are the command that made the weights in vision/weights; a killed run goes on where it was.
    """
    from vision.training import ClassifierConfig, train_classifier

    config = ClassifierConfig(steps=steps, seed=seed, data_seed=data_seed)
    with bars() as progress:
        trained = train_classifier(config, out, progress=progress)
    print(f"held-out accuracy {trained.accuracy}, {trained.seconds:.0f} s")
    print(trained.weights)
