"""``gridlens compare``: what differs between classifiers, agents, snapshots or populations, as one page."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.options import Device, Images, Labels, Levels, Scaling, Seed, ZipDials, ZipView, ZipWorld

Subjects = Annotated[
    list[str],
    typer.Argument(
        help="Two or more of one kind: classifiers (a name, NAME@WEIGHTS, a folder of train-classifier), agents "
        "(folders, organisms), AGENT@STEPS, or folders of sweeps. NAME=... gives one a name of its own."
    ),
]
Mazes = Annotated[int, typer.Option(help="For agents: mazes of which maps are drawn.", min=1)]
Samples = Annotated[
    int, typer.Option(help="For agents: states on which probes are fitted and scored.", min=1)
]
Recipes = Annotated[
    str | None,
    typer.Option(
        help="For sweeps: the recipes to compare, parted by commas, as the sweep names them; default: all."
    ),
]
Count = Annotated[int | None, typer.Option(help="For classifiers: only the first so many images.", min=40)]
Method = Annotated[
    str | None,
    typer.Option(
        help="For classifiers: the attribution method; default: the first that passes both sanity checks in all."
    ),
]
Factors = Annotated[
    str | None,
    typer.Option(
        help="For classifiers: factors of the procedural images that are probed for, parted by commas, or 'none'."
    ),
]
Families = Annotated[
    list[Path] | None,
    typer.Option(help="For classifiers: a finished run of gridlens families; once for each of two."),
]
Folder = Annotated[
    Path | None,
    typer.Option(help="Run folder: the page, its tables, and what is behind it; default runs/compare-A-B."),
]


def compare(
    context: typer.Context,
    subjects: Subjects,
    images: Images = None,
    count: Count = None,
    levels: Levels = 1000,
    mazes: Mazes = 3,
    samples: Samples = 2000,
    world: ZipWorld = None,
    dial: ZipDials = None,
    view: ZipView = None,
    recipes: Recipes = None,
    method: Method = None,
    factors: Factors = None,
    families: Families = None,
    scaling: Scaling = None,
    labels: Labels = None,
    device: Device = None,
    seed: Seed = 0,
    out: Folder = None,
) -> None:
    """What is different between these: behaviour, disagreements, what each knows and uses, representation; caveats.

    Classifiers are shown the procedural images, or your own with --images (labels from index.tsv, an .npz, or folders
    named by class). Agents are played on held-out levels. See docs/comparing.md. A run that is broken off goes on
    where it was when the same command is given again.
    """
    from gridlens.assignments import assignments
    from gridlens.bars import bars
    from gridlens.comparing.asked import Settings, members, refuse_unfitting
    from gridlens.comparing.kinds import MAKERS, folder_for

    found = members(subjects)
    given = [
        name for name in context.params if str(context.get_parameter_source(name)).endswith("COMMANDLINE")
    ]
    refuse_unfitting(found[0].kind, given)
    settings = Settings(
        levels=levels,
        mazes=mazes,
        samples=samples,
        world=world,
        dials=assignments(dial or [], option="--dial"),
        view=view,
        recipes=parted(recipes),
        seed=seed,
        images=images,
        count=count,
        method=method,
        factors=None if factors is None else parted(factors),
        families=tuple(families or ()),
        scaling=scaling,
        labels=labels,
        device=device,
    )
    folder = out or folder_for(found)
    with bars() as progress:
        page = MAKERS[found[0].kind](found, settings, out=folder, progress=progress)
    print(page.finding)
    print(folder / "index.html")


def parted(text: str | None) -> tuple[str, ...]:
    """A list parted by commas.

    >>> parted("size, x"), parted(None)
    (('size', 'x'), ())
    """
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()
