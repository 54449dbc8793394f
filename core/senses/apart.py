"""taken_apart(): a unit's senses - one, or as many as there are ways in which the layer before it fires it."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.provenance import Provenance, provenance
from core.senses.before import layer_before
from core.senses.clusters import Clusters, clusters
from core.senses.contributions import contributions, directions
from core.senses.strongest import Spots
from core.subject import Subject
from core.targets import Direction, Unit

LEAST = 24
"""Inputs that a unit must be fired by before its senses can be told."""

ASKED = 4
"""Inputs that the layer before is looked for with."""


@dataclass(frozen=True, eq=False)
class Sense:
    """One way in which a unit is fired.

    ``members`` are places in the ``Spots``, strongest first, and ``share`` their part of all. ``direction`` lies in the
    layer before: what its channels give, in the mean. ``separation`` is the members' mean silhouette.
    """

    members: tuple[int, ...] = field(repr=False)
    share: float
    direction: Direction
    separation: float


@dataclass(frozen=True, eq=False)
class Senses:
    """The senses of a unit, most frequent first, told by the contributions of layer ``before`` at its ``spots``.

    ``found`` has the test that parted them and the control; see ``clusters``.
    """

    unit: Unit
    before: str
    spots: Spots = field(repr=False)
    senses: tuple[Sense, ...]
    found: Clusters = field(repr=False)
    given: Float[Tensor, "n k"] = field(repr=False)
    provenance: Provenance = field(repr=False)


def taken_apart(
    subject: Subject, unit: Unit, spots: Spots, *, before: str | None = None, seed: int = 0
) -> Senses:
    """The senses of a unit on the inputs that fire it most: clusters of what the layer before says there.

    As PURE does [dreyer2024], every input stands for the circuit that fired the unit on it: the contributions of the
    channels of ``before`` (None: the nearest layer that carries everything; see ``layer_before``), scaled to length 1.
    Unlike there, the number of senses is not given but tested (see ``clusters``), so that a unit with one sense stays
    whole.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such unit or layer, or too few inputs fire the unit.

    >>> from core.senses.strongest import strongest
    >>> from core.testing import two_senses
    >>> planted = two_senses(seed=0)
    >>> spots = strongest(planted.subject, [planted.inputs], Unit("units", 0))
    >>> len(taken_apart(planted.subject, Unit("units", 0), spots).senses)
    2
    """
    if len(spots.index) < LEAST:
        raise BadInput(
            f"{unit} of {subject.name} is fired by {len(spots.index)} of {spots.seen} inputs; "
            f"its senses cannot be told from fewer than {LEAST}"
        )
    if before is None:
        first = slice(0, ASKED)
        before = layer_before(subject, spots.inputs[first], unit, spots.row[first], spots.column[first])
    given = contributions(subject, spots.inputs, unit, spots.row, spots.column, before=before)
    found = clusters(directions(given).numpy(), seed=seed)
    stamp = provenance(
        subject=subject.fingerprint, seed=seed, unit=str(unit), before=before, spots=len(given)
    )
    made = tuple(_sense(number, unit, before, given, found) for number in range(found.count))
    return Senses(unit, before, spots, made, found, given, stamp)


def _sense(number: int, unit: Unit, before: str, given: Float[Tensor, "n k"], found: Clusters) -> Sense:
    members = np.flatnonzero(found.labels == number)
    mean = directions(given[members]).mean(0)
    vector = mean / mean.norm().clamp_min(1e-12)
    return Sense(
        tuple(members.tolist()),
        len(members) / len(given),
        Direction(before, vector, f"{unit.channel}{chr(ord('a') + number)}"),
        float(found.separation[members].mean()),
    )
