"""``gridlens match``: two networks side by side: units that answer alike to the same images, and whole families."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.options import Device, Images, Seed

First = Annotated[
    str, typer.Argument(help="A network, as for gridlens gallery: 'shapes', a torchvision or timm one.")
]
Second = Annotated[str, typer.Argument(help="Another network; or the same, with other weights or layers.")]
LayersA = Annotated[
    str | None,
    typer.Option(
        help="Layers of A: all, names, or globs, parted by commas; each is matched with each of B's. Default: six over "
        "the depth."
    ),
]
LayersB = Annotated[str | None, typer.Option(help="Layers of B, likewise.")]
Pairs = Annotated[
    list[str] | None,
    typer.Option("--pair", help="One pair of layers instead, as in conv1=features.0; may be repeated."),
]
WeightsA = Annotated[str | None, typer.Option(help="Weights of A: a file, 'default' or 'untrained'.")]
WeightsB = Annotated[str | None, typer.Option(help="Weights of B, likewise.")]
ScalingA = Annotated[str | None, typer.Option(help="Input scaling of A, where its weights do not say it.")]
ScalingB = Annotated[str | None, typer.Option(help="Input scaling of B, likewise.")]
Count = Annotated[int | None, typer.Option(help="Use only the first so many images.", min=1)]
Top = Annotated[
    int, typer.Option(help="Units are a pair if each is among the other's nearest so many.", min=1)
]
Show = Annotated[
    int, typer.Option(help="Unit pairs of each layer pair, and families, that get pictures.", min=0)
]
Steps = Annotated[
    int | None, typer.Option(help="Optimisation steps a picture; default: the recipe's.", min=1)
]
Acting = Annotated[
    str | None,
    typer.Option(
        help="Search families in both under this group, and match them: rotation:45, reflection, hue:60."
    ),
]
Searched = Annotated[
    tuple[Path, Path] | None,
    typer.Option(help="Two run folders of gridlens families, A's and B's, whose families are matched."),
]
Gallery = Annotated[
    Path | None, typer.Option(help="A finished gallery of the network, to take pictures from.")
]
Folder = Annotated[Path | None, typer.Option(help="Run folder; default runs/match-A-B.")]


def match(
    a: First,
    b: Second,
    layers_a: LayersA = None,
    layers_b: LayersB = None,
    pair: Pairs = None,
    images: Images = None,
    count: Count = None,
    weights_a: WeightsA = None,
    weights_b: WeightsB = None,
    scaling_a: ScalingA = None,
    scaling_b: ScalingB = None,
    top: Top = 1,
    group: Acting = None,
    families: Searched = None,
    show: Show = 8,
    steps: Steps = None,
    gallery_a: Gallery = None,
    gallery_b: Gallery = None,
    device: Device = None,
    seed: Seed = 0,
    out: Folder = None,
) -> None:
    """Show which units of two networks answer alike to the same images, beside chance, and which families are the same.

    All layer pairs are matched in two passes over the images; of each layer of A the best of B is looked at closely.
    See docs/matching.md. A minute for small networks; for photographs, some minutes and a few seconds a picture. A
    run that is broken off goes on where it was when the same command is given again.
    """
    from core.errors import BadInput
    from gridlens.bars import bars
    from gridlens.matching.asked import Asked
    from gridlens.matching.making import FAMILIES, UNITS, matched
    from gridlens.matching.page import write_page
    from gridlens.opened import folder_of_agent, is_zip
    from vision.models import load

    for text in (a, b):
        if is_zip(text) or folder_of_agent(text):
            raise BadInput(f"{text!r} is an agent; two classifiers are matched, on the same pictures")
    one = load(a, weights=weights_a, scaling=scaling_a, device=device)
    other = load(b, weights=weights_b, scaling=scaling_b, device=device)
    asked = Asked(
        layers=(layers_a, layers_b),
        pairs=tuple(pair or ()),
        images=images,
        count=count,
        top=top,
        show=show,
        steps=steps,
        seed=seed,
        group=group,
        families=families,
        galleries=(gallery_a, gallery_b),
    )
    folder = out or Path("runs") / _folder(a, b)
    with bars() as progress:
        found = matched(one, other, asked, out=folder, progress=progress)
        report = write_page(found, folder=folder)
    print(report.finding)
    print(folder / UNITS)
    if found.families:
        print(folder / FAMILIES)
    print(folder / "index.html")


def _folder(a: str, b: str) -> str:
    """Both names as the name of a folder."""
    return "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in f"match-{a}-{b}")
