"""``gridlens patch``: which layers, units and places carry an answer, by activation patching, as a page."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.bars import bars
from gridlens.options import Images, Scaling, Seed, Weights


def patch(
    subject: Annotated[str, typer.Argument(help="Agent folder, organism, or classifier.")] = "shapes",
    kinds: Annotated[
        str | None,
        typer.Option(
            help="What parts clean from corrupted, by commas: two-classes, blurred, replaced, noised, halves; for "
            "agents an edit, such as 'cheese moved' or 'monster gone'. Default: all."
        ),
    ] = None,
    layers: Annotated[
        str | None, typer.Option(help="Layers by name, parted by commas; default: six over the depth.")
    ] = None,
    pairs: Annotated[int, typer.Option(help="Pairs of every kind.", min=2)] = 4,
    units: Annotated[
        int,
        typer.Option(
            help="Units of a layer that are patched one by one; of wider layers half by gradient.", min=2
        ),
    ] = 128,
    weights: Weights = None,
    images: Images = None,
    scaling: Scaling = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Run folder; default runs/patch-SUBJECT.")] = None,
) -> None:
    """Show which layers, units and places carry an answer: activation patching between clean and corrupted inputs.

    Exact, by gradients, and beside patching at random and from an unrelated input. A run that is
    broken off goes on where it was when the same command is given again.
    """
    from core.runs import command_line
    from gridlens.opened import open_subject
    from gridlens.patching.enquiry import PAGE, TABLE, Asked, patching

    opened = open_subject(subject, weights=weights, scaling=scaling)
    asked = Asked(_parted(kinds), _parted(layers), pairs, units, images, seed)
    folder = out or Path("runs") / f"patch-{opened.subject.name}"
    with bars() as progress:
        patching(opened, asked, folder, command=command_line(), progress=progress)
    print(folder / TABLE)
    print(folder / PAGE)


def _parted(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
