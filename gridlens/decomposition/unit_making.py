"""parted(): some units of a layer taken apart into senses, with a picture of each; kept in a run folder."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from core.artifacts import read_tensors, write_tensors
from core.errors import BadInput
from core.progress import Progress, silent
from core.receptive import ReceptiveField, receptive_fields
from core.runs import running
from core.senses import Senses
from core.subject import Subject, layer_named
from core.targets import Unit
from feature_viz.examples.exemplars import Exemplars, exemplars, read_exemplars, write_exemplars
from feature_viz.gallery.picture_size import picture_size
from feature_viz.gallery.selection import chosen_units
from feature_viz.objectives import Objective, channel
from feature_viz.optimize import render
from feature_viz.senses import SPOTS, sense_objective, senses
from gridlens.decomposition.inputs import Inputs, many
from gridlens.opened import Opened


@dataclass(frozen=True)
class Request:
    """Which units (``0-3,40``) of a layer are taken apart, on what, and by which earlier layer (None: the nearest)."""

    layer: str
    units: str
    before: str | None = None
    images: Path | None = None
    count: int | None = None
    steps: int | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Parted:
    """A unit's senses with pictures made for it: of the unit, and of every sense if there are several."""

    unit: Unit
    senses: Senses
    made: Sequence[Float[Tensor, "c h w"]] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Found:
    """All units that were looked at; ``refused`` are sentences on those whose senses cannot be told."""

    inputs: Inputs
    examples: Exemplars = field(repr=False)
    seen: ReceptiveField
    units: Sequence[Parted]
    refused: Sequence[str] = ()


def parted(opened: Opened, request: Request, *, out: Path, progress: Progress = silent) -> Found:
    """Find what fires the units, part it, make pictures; given again for the same folder, go on where it was.

    Raises
    ------
    BadInput, UnknownName, Unreadable
        if layer, units or inputs do not fit the subject: before anything is computed or written.
    RunConflict
        if the folder holds a different run.
    """
    subject = opened.subject
    info = layer_named(subject, request.layer)
    units = chosen_units(request.units, info.channels, request.layer)
    if request.before is not None:
        layer_named(subject, request.before)
    inputs = many(opened, images=request.images, count=request.count, seed=request.seed, progress=progress)
    with running(
        out,
        kind="senses",
        parameters={
            name: getattr(request, name) for name in ("layer", "units", "before", "images", "count", "steps")
        },
        seeds={"seed": request.seed},
        subject=subject.fingerprint,
        data=inputs.source.fingerprint,
    ) as run:
        examples = _examples(subject, inputs, request.layer, run.folder, progress)
        seen = receptive_fields(subject, [request.layer], size=inputs.source.size)[request.layer]
        found, refused = [], []
        for done, number in enumerate(units):
            progress(done, len(units), "taking units apart")
            try:
                made = senses(
                    subject,
                    inputs.source,
                    Unit(request.layer, number),
                    found={request.layer: examples},
                    before=request.before,
                    seed=request.seed,
                )
            except BadInput as error:  # too few inputs fire it, or no layer carries all that it is told
                refused.append(f"{error}.")
                continue
            found.append(_pictured(subject, inputs, made, seen, request, run.folder))
        progress(len(units), len(units), "taking units apart")
    return Found(inputs, examples, seen, found, refused)


def _examples(subject: Subject, inputs: Inputs, layer: str, folder: Path, progress: Progress) -> Exemplars:
    path, unfinished = folder / "examples.safetensors", folder / "unfinished"
    if not path.exists():
        found = exemplars(subject, inputs.source, [layer], k=SPOTS, checkpoint=unfinished, progress=progress)[
            layer
        ]
        write_exemplars(path, found)
        shutil.rmtree(unfinished, ignore_errors=True)
    return read_exemplars(path, layer, subject, inputs.source)


def _pictured(
    subject: Subject,
    inputs: Inputs,
    found: Senses,
    seen: ReceptiveField,
    request: Request,
    folder: Path,
) -> Parted:
    """The senses with their pictures; none of what an agent sees, which noise does not turn into."""
    if inputs.world is not None or not inputs.drawable:
        return Parted(found.unit, found, ())
    wanted = [channel(found.unit.layer, found.unit.channel)]
    if len(found.senses) > 1:
        wanted += [sense_objective(found, number) for number in range(len(found.senses))]
    path = folder / "pictures" / f"{found.unit.channel:05d}.safetensors"
    return Parted(found.unit, found, _made(subject, wanted, seen, request, path))


def _made(
    subject: Subject,
    wanted: Sequence[Objective],
    seen: ReceptiveField,
    request: Request,
    path: Path,
) -> list[Tensor]:
    """Pictures in the order wanted, made if they are not there yet."""
    if not path.exists():
        size = picture_size(subject, seen)
        found = render(subject, wanted, seed=request.seed, steps=request.steps, size=size)
        write_tensors(path, {str(place): each.image for place, each in enumerate(found)})
    held = read_tensors(path)
    return [held[str(place)] for place in range(len(wanted))]
