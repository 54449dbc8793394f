"""``gridlens attribute``: what counted for an answer, by every method, and which of them to believe; as a page."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gridlens.assignments import assignments
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
    str, typer.Argument(help="Agent folder, organism, zip of stable-baselines3, or classifier.")
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        help="class:ring, policy:up, value, relu2:7 ..., or a difference, 'policy:up - policy:left'; may be repeated. "
        "Default: what the network chose, and the value."
    ),
]
Methods = Annotated[
    str,
    typer.Option(
        help="'all', or names parted by commas, as in grad-cam,shapley; the controls, random and edges, come too."
    ),
]
Inputs = Annotated[
    Path | None,
    typer.Option(
        "--inputs",
        "--images",
        help="Folder, .tar, .zip or .npz of pictures for a classifier; default: the procedural images.",
    ),
]
Count = Annotated[int, typer.Option(help="How many inputs are explained.", min=1, max=500)]
Levels = Annotated[
    str | None,
    typer.Option(
        help="Levels of an agent's world, as in 3,17; default: some in which goal and proxy lie apart."
    ),
]
At = Annotated[
    str | None,
    typer.Option("--at", help="A hidden layer whose attributions are taken apart into factors besides."),
]
Maps = Annotated[
    Path | None,
    typer.Option(
        help="Maps computed elsewhere, judged beside ours: .npz of arrays (inputs, rows, columns) by name, or .npy."
    ),
]
Samples = Annotated[
    int, typer.Option(help="Steps of a deletion or insertion curve, and subsets of each size.", min=4)
]
Stages = Annotated[int, typer.Option(help="Stages of the cascading randomisation.", min=2)]
Checked = Annotated[int, typer.Option(help="How many cases the sanity checks are made on.", min=1)]
Orders = Annotated[int, typer.Option(help="Random orders of Shapley values, an even number.", min=4)]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Run folder, or a page (.html) beside whose folder it is; default runs/attribute-SUBJECT."
    ),
]


def attribute(
    subject: Named = "shapes",
    target: Targets = None,
    methods: Methods = "all",
    inputs: Inputs = None,
    levels: Levels = None,
    count: Count = 4,
    at: At = None,
    maps: Maps = None,
    samples: Samples = 16,
    stages: Stages = 5,
    checked: Checked = 4,
    orders: Orders = 16,
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
    out: Out = None,
) -> None:
    """Show which parts of an input counted for a class, an action, the value or a unit, and which methods to believe.

    Every method is judged by what happens when the parts that it calls important are taken away, beside controls
    that know nothing of the network, and by sanity checks. Seconds for an agent; for a network of photographs minutes
    an input. A run that is broken off goes on where it was when the same command is given again.
    """
    from gridlens.attribution.making import Request, attributed
    from gridlens.attribution.page import write_page
    from gridlens.bars import bars
    from gridlens.opened import Elsewhere, open_subject
    from vision.labels import read_labels

    known = read_labels(labels) if labels else None
    elsewhere = Elsewhere(world, assignments(dial or [], option="--dial"), view, normalisation)
    network: dict[str, Any] = {
        "weights": weights,
        "scaling": scaling,
        "size": size,
        "labels": known,
        "device": device,
    }
    opened = open_subject(subject, **network, elsewhere=elsewhere)
    names = tuple(name.strip() for name in methods.split(","))
    effort: dict[str, Any] = {"orders": orders, "samples": samples, "stages": stages, "checked": checked}
    which: dict[str, Any] = {
        "images": inputs,
        "levels": numbers(levels),
        "count": count,
        "at": at,
        "maps": maps,
    }
    request = Request(tuple(target or ()), names, seed=seed, **which, **effort)
    folder, page = places(out or Path("runs") / f"attribute-{opened.subject.name}")
    with bars() as progress:
        found = attributed(opened, request, out=folder, progress=progress)
    report = write_page(opened, found, request, folder=folder, page=page)
    print(report.finding)
    print(page)


def numbers(text: str | None) -> tuple[int, ...]:
    """Level numbers parted by commas.

    >>> numbers("3, 17"), numbers(None)
    ((3, 17), ())
    """
    from core.errors import BadInput

    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    wrong = [part for part in parts if not part.isdecimal()]
    if wrong:
        raise BadInput(f"levels are numbers parted by commas, as in 3,17; got {wrong[0]!r}")
    return tuple(map(int, parts))


def places(out: Path) -> tuple[Path, Path]:
    """The run folder and the page: index.html in the folder, or the page asked for beside the folder of its name.

    >>> [str(path) for path in places(Path("a.html"))], [str(path) for path in places(Path("a"))]
    (['a', 'a.html'], ['a', 'a/index.html'])
    """
    if out.suffix == ".html":
        return out.with_suffix(""), out
    return out, out / "index.html"
