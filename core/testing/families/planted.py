"""planted_families(): a network whose units are each other's transforms; members, order, holes and strangers known."""

from dataclasses import dataclass, field, replace
from typing import TypedDict, Unpack

import numpy as np
from jaxtyping import Float, Int

from core.errors import BadInput
from core.subject import Subject
from core.symmetry.groups import Group
from core.testing.families.acts import KINDS, Act, Kind, act_of
from core.testing.families.materials import of_templates, of_waves
from core.testing.families.network import convolutional
from core.testing.families.sowing import Counts, Sown, sown
from core.testing.families.waves import WaveViews, wave_views


@dataclass(frozen=True, eq=False)
class PlantedFamilies:
    """A subject whose layer ``layer`` holds families under ``group``; what every unit (u) of it is.

    ``family`` is 0 or more for a member, -1 for a unit that belongs to none, -2 for one that the group leaves as it
    is, -4 for a dead one. ``place`` is the element that carries the family's origin to a member - modulo the family's
    stabiliser: elements that leave its members as they are - and -1 for units in none. ``twin`` is the unit that a
    unit copies, with the same family and place, or -1. ``below`` is the layer before, where there are two.
    """

    subject: Subject
    layer: str
    group: Group
    family: Int[np.ndarray, "u"] = field(repr=False)
    place: Int[np.ndarray, "u"] = field(repr=False)
    twin: Int[np.ndarray, "u"] = field(repr=False)
    stabilisers: tuple[tuple[int, ...], ...] = field(repr=False)
    act: Act = field(repr=False)
    below: "PlantedFamilies | None" = field(default=None, repr=False)


class Population(TypedDict, total=False):
    """How many of what is planted; what is not given is as said beside it."""

    families: int  # 16 of two, 3 to 6 of more
    symmetric: int  # of these; 0
    holes: float  # 0.2
    alone: int  # 20
    invariant: int  # 3
    duplicates: int  # 3
    dead: int  # 1


def planted_families(
    kind: str,
    *,
    seed: int,
    noise: float = 0.1,
    depth: int = 1,
    steps: int | None = None,
    **population: Unpack[Population],
) -> PlantedFamilies:
    """A network of one or two layers, of which the last holds families of a kind (``KINDS``), shuffled.

    A member's filter is another's, carried by an element: waves are turned, mirrored, recoloured, scaled or inverted
    as formulas, not as pixels; in a second layer the places are moved and the inputs replaced by those members of
    the first layer's families that they are carried to. ``noise`` is added to every filter of every layer: noise of
    that share of the filter's norm. ``steps`` are those of rotation, hue (half as many together with rotation) and
    scale.

    ``population``, all optional: ``families`` (16 of two members, 3 to 6 of more); ``symmetric``, those of them whose
    members one element beside the neutral one leaves as they are, as a half turn does a line (0); ``holes``, the
    share of members left out (0.2; none of two); units ``alone`` (20), of which about half are a family's member
    under something that is not in the group; ``invariant`` ones (3; none under scale, nor under contrast in a first
    layer, where a filter plus its negative is nothing); ``duplicates`` (3), which copy a member or a unit alone; and
    ``dead`` ones (1).

    No two that do not belong together answer alike, under any element: see ``distinct.ALIKE``.

    Raises
    ------
    UnknownName
        for another kind.
    BadInput
        if numbers do not make sense, or there is no room for so many distinct units.

    >>> planted = planted_families("rotation", seed=0)
    >>> planted.layer, len(planted.group), int(planted.family.max()) + 1, int((planted.family == -2).sum())
    ('relu1', 8, 5, 3)
    """
    act, row = act_of(kind, steps), KINDS[kind]
    counts = _counts(row, depth, population)
    if depth not in (1, 2) or not 0 <= noise <= 1 or not 0 <= counts.holes <= 0.8:
        raise BadInput(
            f"planted families take depth 1 or 2, noise from 0 to 1 and holes from 0 to 0.8; "
            f"got depth {depth}, noise {noise} and holes {counts.holes}"
        )
    if counts.symmetric and row.half is None:
        raise BadInput(f"families of {kind} cannot be symmetric in themselves")
    rng = np.random.default_rng([seed, sorted(KINDS).index(kind), depth])
    half = None if row.half is None else row.half(act.group)
    if depth == 1:
        layers, acts = [sown(of_waves(act, rng), counts, rng, half=half)], [act]
    else:
        wide = act if act.group.closed else act_of(kind, len(act.group) + 2)
        below = sown(of_waves(wide, rng), Counts(families=_families_below(wide.group)), rng)
        layers = [below, sown(of_templates(act, wide, below, rng), counts, rng, half=half)]
        acts = [wide, act]
    return _assembled(f"planted {kind}", layers, acts, noise, rng)


def planted_views(
    planted: PlantedFamilies, *, count: int = 48, seed: int, size: int | None = None
) -> WaveViews:
    """Images of plane waves under every element of the planted group, as large as the subject takes or of ``size``.

    >>> views = planted_views(planted_families("hue", seed=0, alone=2), count=4, seed=0)
    >>> len(views), next(views.batches(2))(0).shape
    (4, torch.Size([2, 3, 27, 27]))
    """
    return wave_views(planted.act, count=count, size=size or planted.subject.spec.shape[1], seed=seed)


def _counts(row: Kind, depth: int, population: Population) -> Counts:
    usual = Counts(families=row.families, holes=0.2, alone=20, invariant=3, duplicates=3, dead=1)
    counts = replace(usual, **population)
    return counts if row.still is not None and depth >= row.still else replace(counts, invariant=0)


def _families_below(group: Group) -> int:
    """Enough for varied templates, few enough to be quick."""
    return {2: 6}.get(len(group), 3 if len(group) <= 16 else 2)


def _assembled(
    name: str, layers: list[Sown], acts: list[Act], noise: float, rng: np.random.Generator
) -> PlantedFamilies:
    """The layers in one network, every filter with its noise, the units of each in an order by chance."""
    orders = [rng.permutation(len(layer.bias)) for layer in layers]
    filters, before = [], np.arange(3)
    for layer, order in zip(layers, orders, strict=True):
        filters.append((_noisy(layer.weights, noise, rng)[order][:, before], layer.bias[order]))
        before = order
    subject = convolutional(filters, name=name, rng=rng)
    planted: PlantedFamilies | None = None
    for number, (layer, order, act) in enumerate(zip(layers, orders, acts, strict=True), 1):
        where = np.append(np.argsort(order), -1)  # of every unit, and of no unit
        planted = PlantedFamilies(
            subject,
            f"relu{number}",
            act.group,
            layer.family[order],
            layer.place[order],
            where[layer.twin[order]],
            layer.stabilisers,
            act,
            planted,
        )
    assert planted is not None  # there is a layer
    return planted


def _noisy(
    weights: Float[np.ndarray, "o i k k"], noise: float, rng: np.random.Generator
) -> Float[np.ndarray, "o i k k"]:
    """With noise of that share of each filter's norm."""
    drawn = rng.normal(size=weights.shape)
    axes = (1, 2, 3)
    length: np.ndarray = noise * np.sqrt(
        (weights**2).sum(axes, keepdims=True) / (drawn**2).sum(axes, keepdims=True)
    )
    return weights + length * drawn
