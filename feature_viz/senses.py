"""senses(): polysemantic units taken apart - which images fire a unit in which way, and a picture of each way."""

from collections.abc import Mapping

import torch

from core.errors import BadInput
from core.progress import Progress, silent
from core.receptive import ReceptiveField
from core.senses import Senses, Spots, taken_apart
from core.senses.strongest import FLOOR
from core.subject import Subject
from core.targets import Direction, Unit, checked
from feature_viz.examples.crops import Cell, pictures, window
from feature_viz.examples.exemplars import Exemplars, ImageSource, exemplars
from feature_viz.objectives import Objective, channel, direction

SPOTS = 200
"""Images that tell what a unit means, at most."""


def senses(
    subject: Subject,
    images: ImageSource,
    unit: Unit,
    *,
    found: Mapping[str, Exemplars] | None = None,
    before: str | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Senses:
    """The senses of a unit on the images that fire it most; see ``core.senses.taken_apart``.

    ``found`` are exemplars of the unit's layer with ``SPOTS`` images a unit, where there are some already: one pass
    over the images serves all units of a layer.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such unit or layer, or too few images fire the unit.

    >>> from core.testing import two_senses
    >>> from feature_viz.examples.tensor_source import TensorImages
    >>> planted = two_senses(seed=0)
    >>> made = senses(planted.subject, TensorImages(planted.inputs), Unit("units", 0))
    >>> made.before, [round(one.share, 1) for one in made.senses]
    ('seen', [0.5, 0.5])
    """
    checked(subject, unit)
    ranked = found or exemplars(subject, images, [unit.layer], k=SPOTS, progress=progress)
    spots = spots_of(images, ranked[unit.layer], unit)
    return taken_apart(subject, unit, spots, before=before, seed=seed)


def spots_of(images: ImageSource, found: Exemplars, unit: Unit, *, floor: float = FLOOR) -> Spots:
    """A unit's strongest images out of exemplars, with their pixels; those above ``floor`` times the strongest.

    Raises
    ------
    BadInput
        if no image fires the unit.
    """
    score = found.top.score[:, unit.channel]
    count = int((score > max(0.0, floor * float(score[0]))).sum())
    if not count:
        raise BadInput(f"{unit} is above 0 on none of {found.count} images; give it others")
    index, row, column = (
        values[:count, unit.channel] for values in (found.top.index, found.top.row, found.top.column)
    )
    pixels = dict(pictures(images, index.tolist()))
    inputs = torch.stack([pixels[number] for number in index.tolist()])
    return Spots(inputs, index, score[:count], row, column, found.count)


def sense_cells(made: Senses, number: int, field: ReceptiveField) -> tuple[Cell, ...]:
    """The crops of a sense, those that fire the unit most first."""
    spots = made.spots
    return tuple(
        Cell(
            int(spots.index[place]),
            float(spots.score[place]),
            int(spots.row[place]),
            int(spots.column[place]),
            window(field, int(spots.row[place]), int(spots.column[place])),
        )
        for place in made.senses[number].members
    )


def sense_objective(made: Senses, number: int) -> Objective:
    """What a picture of a sense is to raise: the unit, and more so what fires it in this sense and in no other.

    The second is the sense's direction less the mean of the others', scaled so that on the sense's own images it
    counts twice as much as the unit.

    >>> from core.testing import two_senses
    >>> from feature_viz.examples.tensor_source import TensorImages
    >>> planted = two_senses(seed=0)
    >>> made = senses(planted.subject, TensorImages(planted.inputs), Unit("units", 0))
    >>> print(sense_objective(made, 1))  # doctest: +ELLIPSIS
    units:0 + ... * seen~0b
    """
    sense = made.senses[number]
    others = [other.direction.vector for place, other in enumerate(made.senses) if place != number]
    apart = sense.direction.vector - (torch.stack(others).mean(0) if others else 0)
    members = list(sense.members)
    fired = float(made.spots.score[members].mean())
    along = float((made.given[members] @ apart).mean())
    weight = 2 * fired / along if along > 0 else 2.0
    contrast = Direction(made.before, apart, sense.direction.name)
    return channel(made.unit.layer, made.unit.channel) + weight * direction(contrast)
