"""``gridlens score-families``: how well families of neurons are found, in three scores."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.options import Device

MISSED = 1

Parts = Annotated[
    list[str] | None,
    typer.Option("--part", help="planted, published or agreement; may be repeated. Default: all three."),
]
FirstSeed = Annotated[int, typer.Option(help="First seed of the planted networks.", min=0)]
Seeds = Annotated[int, typer.Option(help="How many planted networks of each kind; the worst counts.", min=1)]
Noise = Annotated[
    list[float] | None,
    typer.Option(help="Noise on planted weights, as a share of each filter's norm; may be repeated."),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help="Kind of planted families, such as rotation; may be repeated. Default: all."),
]
Depths = Annotated[
    list[int] | None, typer.Option("--depth", help="Layers of planted networks, 1 or 2; may be repeated.")
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", help="Network for the agreement of methods; may be repeated. Default: all known."
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder with weights/NETWORK.safetensors and images/ for the agreement of methods; default: "
        "$GRIDLENS_TEST_DATA."
    ),
]
Pictures = Annotated[
    Path | None,
    typer.Option(
        help="Photographs instead of those in the data folder; published truth: instead of drawn leaves."
    ),
]
Count = Annotated[int, typer.Option(help="Pictures that real networks are searched with.", min=16)]
PublishedWeights = Annotated[
    str,
    typer.Option(
        "--weights", help="InceptionV1's weights: 'default' to download them, or a safetensors file."
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit code 1 if a bar is missed.")]
Folder = Annotated[Path, typer.Option(help="Folder of the scores, made or gone on with.")]


def score_families(
    part: Parts = None,
    seed: FirstSeed = 9000,
    seeds: Seeds = 3,
    noise: Noise = None,
    kind: Kinds = None,
    depth: Depths = None,
    model: Models = None,
    data: Data = None,
    images: Pictures = None,
    count: Count = 192,
    weights: PublishedWeights = "default",
    strict: Strict = False,
    device: Device = None,
    out: Folder = Path("runs/score-families"),
) -> None:
    """Score the search for families: against planted truth, published truth, and a second method.

    Planted networks take half an hour on one core, the data folder's an hour each; InceptionV1 is downloaded. What
    cannot be had is left out, with a sentence on why. A killed run goes on where it was. Tables are kept as CSV,
    scores.json and scores.md.
    """
    from gridlens.bars import bars
    from gridlens.family_scores.asked import Request
    from gridlens.family_scores.making import made
    from gridlens.family_scores.tables import shown
    from gridlens.tables import show

    request = Request(
        parts=tuple(part or ()),
        seeds=range(seed, seed + seeds),
        noises=tuple(noise or ()),
        kinds=tuple(kind or ()),
        depths=tuple(depth or ()),
        models=tuple(model or ()),
        data=data,
        images=images,
        count=count,
        weights=weights,
        device=device,
    )
    with bars() as progress:
        parts, path = made(request, out=out, progress=progress)
    for each in parts:
        print(f"\n{each.title}: {each.said}")
        for table in each.tables:
            if table.rows and not table.name.endswith("-rows"):
                print(f"{table.title}. {table.note}")
                show(shown(table.rows))
    print(path)
    if strict and any(each.missed for each in parts):
        raise typer.Exit(MISSED)
