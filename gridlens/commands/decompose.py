"""``gridlens decompose``: a layer taken apart into atoms, or units into their senses, as a page."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gridlens.assignments import assignments
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

Named = Annotated[
    str, typer.Argument(help="Agent folder, organism, zip of stable-baselines3, or classifier.")
]
Layer = Annotated[str, typer.Option(help="Layer that is taken apart, as in relu3; or that the units are of.")]
Units = Annotated[
    str | None,
    typer.Option(
        "--unit", "--units", help="Take these units apart into their senses instead, as in 17 or 0-3,40."
    ),
]
Method = Annotated[
    str,
    typer.Option(
        help="nmf, pca, ica, k-means, or a sparse autoencoder: topk-sae, batchtopk-sae, jumprelu-sae."
    ),
]
Atoms = Annotated[
    int | None,
    typer.Option(help="Atoms; default 16, of a sparse autoencoder twice the layer's channels.", min=1),
]
Active = Annotated[
    int | None,
    typer.Option(help="For sparse autoencoders: atoms that each place may use at once; default 4.", min=1),
]
Rounds = Annotated[
    int | None, typer.Option(help="For sparse autoencoders: steps of training; default 4000.", min=1)
]
Count = Annotated[
    int | None,
    typer.Option(help="Use only the first so many images; or so many states (default 2000).", min=1),
]
Positions = Annotated[
    int | None,
    typer.Option(help="Places of every input's map that are kept; default: 64, or all if fewer.", min=1),
]
Before = Annotated[
    str | None,
    typer.Option(
        help="For --unit: the earlier layer whose contributions tell senses apart; default: the nearest that carries "
        "everything."
    ),
]
Show = Annotated[int, typer.Option(help="Atoms that get pictures, those that carry most.", min=1)]
Steps = Annotated[
    int | None, typer.Option(help="Optimisation steps a picture; default: the recipe's.", min=1)
]
Folder = Annotated[Path | None, typer.Option(help="Run folder; default runs/decompose-SUBJECT-LAYER-WHAT.")]


def decompose(
    subject: Named = "shapes",
    layer: Layer = "",
    unit: Units = None,
    method: Method = "nmf",
    atoms: Atoms = None,
    active: Active = None,
    rounds: Rounds = None,
    before: Before = None,
    images: Images = None,
    count: Count = None,
    positions: Positions = None,
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
    """Take a layer apart into atoms - directions that its activations are sums of - or a unit into its senses.

    Every atom or sense is shown by the inputs that fire it and a picture made for it, beside how good the parts are
    and what the same method finds where there is nothing. See docs/decomposition.md. Seconds for an agent, a minute
    for 'shapes', some minutes for photographs. A run that is broken off goes on where it was when the same command
    is given again.
    """
    from gridlens.bars import bars
    from gridlens.decomposition import making, page, unit_making, unit_page
    from gridlens.opened import Elsewhere, open_subject
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
    chosen = _layer(opened.subject, layer)
    common: dict[str, Any] = {"images": images, "count": count, "steps": steps, "seed": seed}
    with bars() as progress:
        if unit is not None:
            wanted = unit_making.Request(chosen, unit, before=before, **common)
            folder = out or _folder(opened.subject.name, chosen, f"unit-{unit}")
            senses = unit_making.parted(opened, wanted, out=folder, progress=progress)
            report = unit_page.write_page(opened, senses, wanted, folder=folder)
        else:
            options = {
                name: value for name, value in (("active", active), ("steps", rounds)) if value is not None
            }
            request = making.Request(chosen, method, atoms, options, positions=positions, show=show, **common)
            folder = out or _folder(opened.subject.name, chosen, f"{method}-{atoms or 'default'}")
            found = making.decomposed(opened, request, out=folder, progress=progress)
            report = page.write_page(opened, found, request, folder=folder)
    print(report.finding)
    print(folder / "index.html")


def _layer(subject: Any, name: str) -> str:
    """The layer asked for; one must be."""
    from core.errors import BadInput

    if not name:
        raise BadInput(
            f"name the layer to be taken apart with --layer; {subject.name} has {_few(list(subject.layers))}"
        )
    return name


def _few(names: list[str]) -> str:
    """A list of names, its middle left out where it is long.

    >>> _few(["a", "b"]), _few(list("abcdefghijkl"))
    ('a, b', 'a, b, c, d, e ... h, i, j, k, l')
    """
    return ", ".join(names) if len(names) <= 10 else f"{', '.join(names[:5])} ... {', '.join(names[-5:])}"


def _folder(*parts: str) -> Path:
    text = "-".join(["decompose", *parts])
    return Path("runs") / "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in text)
