"""across(): units of two networks held beside each other under a group, in one pass over the same inputs."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.layers import LayerInfo
from core.progress import Progress, silent
from core.provenance import provenance
from core.subject import Subject, layer_named
from core.symmetry.groups import Group
from core.symmetry.likeness import LEAST, Likeness, answers_under, likeness_of, living, sums_for
from core.symmetry.reading import reach, windows
from core.symmetry.sums import Sums, add
from core.symmetry.views import Views


class Side(NamedTuple):
    """A layer of a network, and the inputs in the size that the network takes."""

    subject: Subject
    layer: str
    views: Views


@dataclass(frozen=True, eq=False)
class Across:
    """Two layers' units read at the same places of the same inputs: each layer by itself, and one beside the other.

    ``values[g, a, b]`` is the correlation of unit a's answer in the first to x at p, and b's in the other to g x at
    g p; ``halves`` are the same over two disjoint halves of the inputs.
    """

    one: Likeness
    other: Likeness
    values: Float[np.ndarray, "g a b"] = field(repr=False)
    halves: tuple[Float[np.ndarray, "g a b"], Float[np.ndarray, "g a b"]] = field(repr=False)

    @property
    def group(self) -> Group:
        """The group of the inputs."""
        return self.one.group


def across(
    one: Side,
    other: Side,
    *,
    positions: int = 16,
    draws: int = 4,
    batch_size: int = 16,
    seed: int = 0,
    progress: Progress = silent,
) -> Across:
    """The likeness of all units of two layers, of their own layer and of the other's, under every element.

    They are read as if they were one layer, so that each network runs once for every input and element. Both views
    must be of the same inputs under the same group, each in its network's size. Memory does not grow with the inputs.

    Raises
    ------
    UnknownName
        if a layer is not its subject's.
    BadInput
        if there are fewer than sixteen inputs, or the two views differ in number or group.
    NotFinite
        if an activation is NaN or infinite.

    >>> from core.testing import planted_families, planted_views
    >>> planted = planted_families("reflection", seed=0, alone=2)
    >>> side = Side(planted.subject, planted.layer, planted_views(planted, count=16, seed=0))
    >>> found = across(side, side)
    >>> np.allclose(found.values, found.one.values, atol=1e-5)
    True
    """
    _refuse_unlike(one.views, other.views)
    infos = [layer_named(side.subject, side.layer) for side in (one, other)]
    weights = _weights((one, other), infos, positions=positions, seed=seed)
    group, rng = one.views.group, np.random.default_rng(seed)
    halves: tuple[Sums, Sums] | None = None
    done = 0
    for parts in _read((one, other), infos, weights, batch_size):
        read = torch.cat([part.to(parts[0].device) for part in parts], 1)
        swapped = torch.as_tensor(rng.integers(len(group), size=(draws, read.shape[2])), device=read.device)
        halves = halves or (sums_for(read, group, draws), sums_for(read, group, draws))
        for half in (0, 1):
            add(halves[half], read[:, :, half::2], swapped[:, half::2])
        done += read.shape[2]
        progress(done, len(one.views), "answers of both networks to transformed inputs")
    assert halves is not None, "there are at least sixteen inputs"
    stamp = provenance(
        subject=one.subject.fingerprint,
        data=one.views.fingerprint,
        seed=seed,
        other=other.subject.fingerprint,
        other_data=other.views.fingerprint,
        group=group.name,
        positions=positions,
        draws=draws,
    )
    joint = likeness_of(f"{one.layer} | {other.layer}", one.views, halves, weights[0].shape[1], stamp)
    return _parted(joint, one.layer, other.layer, infos[0].channels)


def _refuse_unlike(views: Views, others: Views) -> None:
    if len(views) < LEAST:
        raise BadInput(f"families are compared over at least {LEAST} inputs; given {len(views)}")
    if len(views) != len(others) or views.group.labels != others.group.labels:
        raise BadInput(
            f"two networks are compared over the same inputs under the same group; given {len(views)} under "
            f"{views.group.name} ({len(views.group)} elements) and {len(others)} under {others.group.name} "
            f"({len(others.group)} elements)"
        )


def _weights(
    sides: tuple[Side, Side], infos: list[LayerInfo], *, positions: int, seed: int
) -> list[Float[Tensor, "g p m"]]:
    """The same places for both: within the smaller reach of the two."""
    known = list(zip(sides, infos, strict=True))
    plain = any(not info.spatial for info in infos)
    if plain:  # a vector says one number of an input, so a map is read as its mean
        return [_one_place(side, info, seed) for side, info in known]
    radius = min(reach(side.subject, info, side.views) for side, info in known)
    return [
        windows(
            side.subject, info, side.views, positions=positions, pooled=False, seed=seed, radius=radius
        ).to(side.subject.device)
        for side, info in known
    ]


def _one_place(side: Side, info: LayerInfo, seed: int) -> Float[Tensor, "g 1 m"]:
    found = windows(side.subject, info, side.views, positions=1, pooled=True, seed=seed)
    return found.to(side.subject.device)


def _read(
    sides: tuple[Side, Side], infos: list[LayerInfo], weights: list[Tensor], batch_size: int
) -> Iterator[list[Float[Tensor, "g c n p"]]]:
    """What both say of a batch at every place under each element."""
    batches = zip(*(side.views.batches(batch_size) for side in sides), strict=True)
    for views in batches:
        yield [
            answers_under(
                side.subject, {side.layer: info}, {side.layer: weight}, view, len(side.views.group)
            )[side.layer]
            for side, info, weight, view in zip(sides, infos, weights, views, strict=True)
        ]


def _parted(joint: Likeness, layer: str, other_layer: str, count: int) -> Across:
    """Both layers' own likeness, and that of the first's units with the other's."""
    first, rest = slice(0, count), slice(count, None)

    def part(name: str, units: slice) -> Likeness:
        return replace(
            joint,
            layer=name,
            values=joint.values[:, units, units],
            halves=(joint.halves[0][:, units, units], joint.halves[1][:, units, units]),
            background=joint.background[:, units, units],
            spread=joint.spread[units],
            alive=living(joint.spread[units]),
        )

    return Across(
        part(layer, first),
        part(other_layer, rest),
        joint.values[:, first, rest],
        (joint.halves[0][:, first, rest], joint.halves[1][:, first, rest]),
    )
