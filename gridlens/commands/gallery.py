"""``gridlens gallery``: what every unit of some layers looks for, as a site that opens offline."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridlens.bars import bars
from gridlens.options import (
    Device,
    Images,
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

if TYPE_CHECKING:
    from core.subject import Subject


Model = Annotated[
    str,
    typer.Argument(
        help="'shapes' (ships with Gridlens), a torchvision classifier, 'timm:NAME', 'lucent:NAME', or a function "
        "of yours that returns a network, 'module:factory'; or an agent: a folder, an organism, a zip with --world."
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
        "lowers it; diverse, four unlike each other; for agents free, no possible observation. All cost seven times as "
        "much as positive alone."
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
Count = Annotated[
    int | None,
    typer.Option(
        help="Use only the first so many images; of an agent so many states (default: 3000).", min=1
    ),
]
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
    world: ZipWorld = None,
    dial: ZipDials = None,
    view: ZipView = None,
    normalisation: Normalisation = None,
    seed: Seed = 0,
    out: Folder = None,
) -> None:
    """Show, for every unit of the chosen layers, pictures made for it and the real images that fire it.

    A unit with all its pictures takes 10 to 20 seconds on two cores in the middle of a GoogLeNet, 2 or 3 with --views
    positive, and a fifth of a second for 'shapes'. The pages of a layer can be opened as soon as it is done. A run
    that is broken off goes on where it was when the same command is given again.
    """
    from gridlens.assignments import assignments
    from gridlens.galleries import gallery
    from gridlens.opened import Elsewhere, open_subject
    from vision.labels import read_labels

    opened = open_subject(
        model,
        weights=weights,
        scaling=scaling,
        size=size,
        labels=read_labels(labels) if labels else None,
        device=device,
        elsewhere=Elsewhere(world, assignments(dial or [], option="--dial"), view, normalisation),
    )
    with bars() as progress:
        made = gallery(
            opened,
            images,
            count=count,
            layers=layers,
            units=units,
            views=views,
            only_missing=only_missing,
            redo=redo,
            out=out or Path("runs") / f"gallery-{_folder(model, opened.agent is not None)}",
            progress=progress,
            steps=steps,
            seed=seed,
            recipe=recipe,
            engine=engine,
            judge=_judge(opened.subject, judge, judge_weights),
        )
    tell_skipped(made.document["images"]["skipped"])
    print(made.folder / "index.html")


def _judge(subject: "Subject", judge: str | None, weights: str | None) -> "Subject | None":
    from gridlens.galleries import usual_judge
    from vision.models import load

    if judge is None:
        return usual_judge(subject)
    return None if judge == "none" else load(judge, weights=weights)


def _folder(model: str, agent: bool) -> str:
    """A model's text as the name of a folder; an agent's folder by its own name."""
    model = Path(model).name if agent else model
    return "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in model)


def tell_skipped(skipped: Mapping[str, str]) -> None:
    """List the pictures that could not be decoded."""
    if skipped:
        print(f"{len(skipped)} pictures could not be decoded and were left out:")
    for name, reason in skipped.items():
        print(f"  {name}: {reason}")
