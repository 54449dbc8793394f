"""``gridlens gallery``: what every unit of some layers looks for, as a site that opens offline."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridlens.bars import bars
from gridlens.options import Device, Images, Labels, Scaling, Seed, Size, Weights

if TYPE_CHECKING:
    from core.subject import Subject


Model = Annotated[
    str,
    typer.Argument(
        help="'shapes' (ships with Gridlens), a torchvision classifier, 'timm:NAME', 'lucent:NAME', or a function "
        "of yours that returns a network, 'module:factory'."
    ),
]
Layers = Annotated[
    str | None,
    typer.Option(help="all, names, or globs, parted by commas; default for 'shapes': its ReLUs."),
]
Units = Annotated[str | None, typer.Option(help="Units of each layer, such as 0-23,40; default: all.")]
Views = Annotated[
    str,
    typer.Option(
        help="Pictures of each unit, parted by commas: positive; seed, the same from another start; negative, what "
        "lowers it; diverse, four unlike each other. All cost seven times as much as positive alone."
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(help="Optimisation steps a picture; default: the recipe's, or lucent's 512.", min=1),
]
RecipeName = Annotated[
    str, typer.Option(help="How pictures are made: default, fast (half the time), pixels, cppn or maco.")
]
EngineName = Annotated[
    str, typer.Option(help="What makes the pictures: gridlens, or lucent itself (positive and seed views).")
]
JudgeName = Annotated[
    str | None,
    typer.Option(
        help="Network that says how alike images look, for the scores; it should share no training with MODEL. "
        "Default: the classifier that ships; 'none' for none."
    ),
]
JudgeWeights = Annotated[str | None, typer.Option(help="Weights of the judge, as --weights.")]
OnlyMissing = Annotated[
    bool, typer.Option("--only-missing", help="Add to the folder's gallery what it does not hold yet.")
]
Redo = Annotated[
    str | None,
    typer.Option(help="Layers or units to make again, such as features.3,features.4:0-15."),
]
Count = Annotated[int | None, typer.Option(help="Use only the first so many images.", min=1)]
Folder = Annotated[Path | None, typer.Option(help="Run folder; default runs/gallery-MODEL.")]


def gallery(
    model: Model = "shapes",
    weights: Weights = None,
    images: Images = None,
    layers: Layers = None,
    units: Units = None,
    views: Views = "all",
    steps: Steps = None,
    recipe: RecipeName = "default",
    engine: EngineName = "gridlens",
    judge: JudgeName = None,
    judge_weights: JudgeWeights = None,
    only_missing: OnlyMissing = False,
    redo: Redo = None,
    scaling: Scaling = None,
    size: Size = None,
    labels: Labels = None,
    count: Count = None,
    device: Device = None,
    seed: Seed = 0,
    out: Folder = None,
) -> None:
    """Show, for every unit of the chosen layers, pictures made for it and the real images that fire it.

    A unit with all its pictures takes 10 to 20 seconds on two cores in the middle of a GoogLeNet, 2 or 3 with --views
    positive, and a fifth of a second for 'shapes'. The pages of a layer can be opened as soon as it is done. A run
    that is broken off goes on where it was when the same command is given again.
    """
    from gridlens.galleries import gallery
    from vision.datasets import open_images
    from vision.grey import suited
    from vision.labels import read_labels
    from vision.models import load

    subject = load(
        model,
        weights=weights,
        scaling=scaling,
        size=size,
        labels=read_labels(labels) if labels else None,
        device=device,
    )
    with bars() as progress:
        height, width = subject.spec.shape[1:]
        opened = open_images(images or "shapes", size=(height, width), count=count, progress=progress)
        source = suited(opened, subject.spec)
        made = gallery(
            subject,
            source,
            layers=layers,
            units=units,
            views=views,
            only_missing=only_missing,
            redo=redo,
            out=out or Path("runs") / f"gallery-{_folder(model)}",
            progress=progress,
            steps=steps,
            seed=seed,
            recipe=recipe,
            engine=engine,
            judge=_judge(subject, judge, judge_weights),
        )
    tell_skipped(made.document["images"]["skipped"])
    print(made.folder / "index.html")


def _judge(subject: "Subject", judge: str | None, weights: str | None) -> "Subject | None":
    from gridlens.galleries import usual_judge
    from vision.models import load

    if judge is None:
        return usual_judge(subject)
    return None if judge == "none" else load(judge, weights=weights)


def _folder(model: str) -> str:
    """A model's text as the name of a folder."""
    return "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in model)


def tell_skipped(skipped: Mapping[str, str]) -> None:
    """List the pictures that could not be decoded."""
    if skipped:
        print(f"{len(skipped)} pictures could not be decoded and were left out:")
    for name, reason in skipped.items():
        print(f"  {name}: {reason}")
