"""likenesses(): how each unit answers to transformed inputs as each other one does to the inputs as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.activations import recording, run_until_enough
from core.errors import BadInput, NotFinite
from core.layers import LayerInfo, as_maps
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.subject import Subject, feed, layer_named
from core.symmetry.groups import Group
from core.symmetry.reading import windows
from core.symmetry.sums import Sums, add, carriers, correlations, deviation, joined, started
from core.symmetry.views import View, Views

LEAST = 16
"""Inputs that a likeness needs at least: eight for each half."""

DEAD = 1e-4
"""A unit is dead if it varies by less than this share of what its layer's median unit does."""

FEW = 6.0
"""Two units that vary over fewer inputs than this agree too easily by chance: they are counted as dead."""


@dataclass(frozen=True, eq=False)
class Likeness:
    """``values[g, a, b]``: the correlation, over inputs x and places p, of a's answer to x at p and b's to g x at g p.

    ``halves`` are the same over two disjoint halves of the inputs. ``background`` (one matrix a draw) is what is left
    when every input has an element of its own, drawn at random: the label-shuffled transforms. ``spread`` is the
    standard deviation of each unit's answers, and ``alive`` says which vary, and over more than ``FEW`` inputs.
    """

    layer: str
    group: Group
    values: Float[np.ndarray, "g a b"]
    halves: tuple[Float[np.ndarray, "g a b"], Float[np.ndarray, "g a b"]]
    background: Float[np.ndarray, "d a b"]
    spread: Float[np.ndarray, "a"]
    alive: Bool[np.ndarray, "a"]
    inputs: int
    positions: int
    provenance: Provenance = field(repr=False)

    @property
    def units(self) -> int:
        """How many units the layer has."""
        return len(self.spread)

    def __repr__(self) -> str:
        return (
            f"Likeness({self.layer!r} under {self.group.name} ({len(self.group)} elements): {self.units} units, "
            f"{self.inputs} inputs at {self.positions} places)"
        )


def likenesses(
    subject: Subject,
    layers: Sequence[str],
    views: Views,
    *,
    positions: int = 16,
    pooled: bool = False,
    draws: int = 4,
    batch_size: int = 16,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Likeness]:
    """The likeness of all units of some layers under every element of the views' group, in one pass over the inputs.

    Memory does not grow with the inputs: only sums of products are kept, one matrix product a layer and element.
    ``positions`` places of every input are read, drawn once in the disc where the transformed inputs are true, less
    the field of a unit; or, ``pooled``, the mean over the disc. ``draws`` matrices of the background are made.

    Raises
    ------
    UnknownName
        if a layer is not the subject's.
    BadInput
        if there are fewer than sixteen inputs.
    NotFinite
        if an activation is NaN or infinite; names the layer.

    >>> from core.testing import planted_families, planted_views
    >>> planted = planted_families("rotation", seed=0)
    >>> found = likenesses(planted.subject, [planted.layer], planted_views(planted, count=16, seed=0))
    >>> found[planted.layer].values.shape[0]
    8
    """
    if len(views) < LEAST:
        raise BadInput(f"families are searched with at least {LEAST} inputs; given {len(views)}")
    infos = {name: layer_named(subject, name) for name in layers}
    weights = {
        name: windows(subject, info, views, positions=positions, pooled=pooled, seed=seed).to(subject.device)
        for name, info in infos.items()
    }
    rng = np.random.default_rng(seed)
    sums: dict[str, tuple[Sums, Sums]] = {}
    done = 0
    for view in views.batches(batch_size):
        answers = answers_under(subject, infos, weights, view, len(views.group))
        inputs = next(iter(answers.values())).shape[2]
        swapped = torch.as_tensor(rng.integers(len(views.group), size=(draws, inputs)), device=subject.device)
        for name, read in answers.items():
            if name not in sums:
                sums[name] = sums_for(read, views.group, draws), sums_for(read, views.group, draws)
            for half in (0, 1):
                add(sums[name][half], read[:, :, half::2], swapped[:, half::2])
        done += inputs
        progress(done, len(views), "answers to transformed inputs")
    stamp = provenance(
        subject=subject.fingerprint,
        data=views.fingerprint,
        seed=seed,
        group=views.group.name,
        positions=positions,
        pooled=pooled,
        draws=draws,
    )
    return {name: likeness_of(name, views, sums[name], weights[name].shape[1], stamp) for name in infos}


def symmetric(values: Float[np.ndarray, "g a b"], group: Group) -> Float[np.ndarray, "g a b"]:
    """The mean of what was found from a to b under g, and from b to a under its inverse: the same thing twice."""
    found: np.ndarray = (values + values[group.inverse].transpose(0, 2, 1)) / 2
    return found


def living(spread: Float[np.ndarray, "a"]) -> Bool[np.ndarray, "a"]:
    """Which units of a layer vary at all, by the standard deviation of their answers."""
    usual = float(np.median(spread[spread > 0])) if (spread > 0).any() else 0.0
    found: np.ndarray = spread > DEAD * usual
    return found


def sums_for(read: Float[Tensor, "g c n p"], group: Group, draws: int) -> Sums:
    """Empty sums for answers like these."""
    return started(read.mean((0, 2, 3)), elements=len(group), draws=draws, identity=group.identity)


def answers_under(
    subject: Subject,
    infos: Mapping[str, LayerInfo],
    weights: Mapping[str, Float[Tensor, "g p m"]],
    view: View,
    count: int,
) -> dict[str, Float[Tensor, "g c n p"]]:
    """What every unit says at every place, under each element."""
    answers: dict[str, list[Tensor]] = {name: [] for name in infos}
    for element in range(count):

        def keep(name: str, output: Tensor, element: int = element) -> Tensor:
            maps = as_maps(output, infos[name]).flatten(2)
            return (maps @ weights[name][element].T).transpose(0, 1)

        with torch.no_grad(), recording(subject, list(infos), keep=keep) as kept:
            # Channels last: torch pools maps laid out otherwise several times more slowly on a CPU.
            shown = view(element).contiguous(memory_format=torch.channels_last)
            run_until_enough(subject.module, feed(subject, shown))
        for name in infos:
            answers[name].append(kept[name])
    return {name: torch.stack(read) for name, read in answers.items()}


def likeness_of(
    name: str, views: Views, halves: tuple[Sums, Sums], positions: int, stamp: Provenance
) -> Likeness:
    """What the sums over two halves of the inputs amount to."""
    group, both = views.group, joined(*halves)
    if not torch.isfinite(both.products.sum()):
        raise NotFinite(f"activations at layer {name!r} are not finite")
    values, background = correlations(both)
    spread = deviation(both)
    return Likeness(
        layer=name,
        group=group,
        values=symmetric(values, group),
        halves=(symmetric(correlations(halves[0])[0], group), symmetric(correlations(halves[1])[0], group)),
        background=background,
        spread=spread,
        alive=living(spread) & (carriers(both) >= FEW),
        inputs=len(views),
        positions=positions,
        provenance=stamp,
    )
