"""Compensation: which units do more for the target once an important one is removed, and more than by chance."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.errors import BadInput
from core.interventions.continuation import Continuation, Recorded, continuation
from core.interventions.edits import Intervention, ablate, applied
from core.interventions.intervened import intervened
from core.interventions.patching import swept
from core.interventions.sites import units_first
from core.layers import LayerInfo
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject, layer_named
from core.targets import Target, Unit, checked
from core.uncertainty import Interval, bootstrap_interval

BATCH = 64
ROUNDING = 1e-5
"""Losses and changes smaller than this share of the largest effect are none."""


@dataclass(frozen=True)
class Taken:
    """A backup: ``unit`` does more for the target without ``removed``.

    ``change`` is how much more, in the direction that makes up for the loss, over inputs; ``share`` that of what would
    be lost without this; ``chance`` the most that any unit changed in any sham removal.
    """

    removed: Unit
    unit: Unit
    change: Interval
    share: float
    chance: float


@dataclass(frozen=True, eq=False)
class Compensation:
    """Direct effects of the c units of ``layer`` on the target for n inputs: intact, and without each of r units.

    ``before`` (n, c) and ``after`` (r, n, c) are the score less that without the unit. ``loss`` (r, n) is what removing
    takes from the score. ``matrix`` (r, c) is the mean change of each effect, positive where it makes up for the loss;
    ``shams`` (r, k, c) the same for k changes of the same size in random directions, ``chance`` (r,) their maximum.
    """

    layer: str
    target: str
    removed: tuple[Unit, ...]
    before: Float[Tensor, "n c"] = field(repr=False)
    after: Float[Tensor, "r n c"] = field(repr=False)
    loss: Float[Tensor, "r n"] = field(repr=False)
    matrix: Float[Tensor, "r c"] = field(repr=False)
    shams: Float[Tensor, "r k c"] = field(repr=False)
    chance: Float[Tensor, "r"]
    backups: tuple[Taken, ...]
    provenance: Provenance = field(repr=False)


def compensation(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    layer: str,
    removed: Unit | Sequence[Unit],
    *,
    gradient: bool = False,
    shams: int = 20,
    seed: int = 0,
    progress: Progress = silent,
) -> Compensation:
    """Every unit's direct effect before and after an important one is removed [wang2023; mcgrath2023].

    A unit's direct effect is what the target loses if the unit, and nothing before it, is put to 0; ``gradient`` takes
    it to first order, one pass for all units. The diagonal - the removed unit itself - is no backup. Any change of a
    layer moves effects behind it: so the same number is added to the layer of the removed unit in ``shams`` random
    directions over its other units, and a backup is listed where it changes more than any unit in any of these, and
    its interval over inputs lies above 0. By chance that happens in 1 of ``shams`` + 1 removals.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks a layer, unit or target, no unit is to be removed, or its layer has no other.

    >>> from core.testing import planted_backup
    >>> planted = planted_backup(seed=0)
    >>> inputs = torch.rand(8, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    >>> found = compensation(planted.subject, inputs, planted.target, "late", planted.first).backups
    >>> [one.unit for one in found] == [planted.backup]
    True
    """
    gone = (removed,) if isinstance(removed, Unit) else tuple(removed)
    info = layer_named(subject, layer)
    _check(subject, target, gone, shams)
    bench = _Bench(subject, inputs, target, info, gradient, continuation(subject, layer, target))
    steps = 1 + len(gone) * (1 + shams)
    generator = torch.Generator().manual_seed(seed)
    progress(0, steps, f"effects of {layer}")
    before, score = bench.effects()
    after, losses, sham_effects = [], [], []
    for unit in gone:
        ablation = ablate(unit)
        effects, left = bench.effects(ablation)
        after.append(effects)
        losses.append(score - left)
        changes = []
        for number in range(shams):
            changes.append(bench.effects(_sham(ablation, subject.layers[unit.layer], generator))[0] - before)
            progress(2 + number + (1 + shams) * (len(losses) - 1), steps, f"effects of {layer}")
        sham_effects.append(torch.stack(changes).mean(1))
    loss = torch.stack(losses)
    lost, least = loss.mean(1), ROUNDING * float(before.abs().max())
    sign = lost.sign() * (lost.abs() > least)  # nothing makes up for nothing
    kept = _off_diagonal(gone, info, before.device)
    moved = sign[:, None] * torch.stack(sham_effects).flatten(1)
    chance = moved.unflatten(1, (shams, -1)).masked_fill(~kept[:, None], 0).flatten(1).amax(1)
    change = sign[:, None, None] * (torch.stack(after) - before)
    return Compensation(
        layer,
        str(target),
        gone,
        before,
        torch.stack(after),
        loss,
        change.mean(1),
        moved.unflatten(1, (shams, -1)),
        chance,
        _listed(gone, layer, change, kept, chance=chance, loss=loss, least=least, seed=seed),
        provenance(
            subject=subject.fingerprint, data=fingerprint(inputs), seed=seed, gradient=gradient, shams=shams
        ),
    )


@dataclass(frozen=True, eq=False)
class _Bench:
    """What effects are measured with; ``tail`` is the intact network's."""

    subject: Subject
    inputs: Tensor
    target: Target
    layer: LayerInfo
    gradient: bool
    tail: Continuation

    def effects(self, *edits: Intervention) -> tuple[Float[Tensor, "n c"], Float[Tensor, "n"]]:
        """Every unit's effect, and the score, in the edited network."""
        with intervened(self.subject, *edits):
            tail = self.tail if all(self._behind(one.layer) for one in edits) else self._again()
            found, scores = [], []
            for part in self.inputs.split(16):
                record = tail.record(part.to(self.subject.device, memory_format=torch.channels_last))
                found.append(self._sloped(record) if self.gradient else self._ablated(record))
                scores.append(record.clean)
        return torch.cat(found), torch.cat(scores)

    def _again(self) -> Continuation:
        return continuation(self.subject, self.layer.name, self.target)

    def _behind(self, layer: str) -> bool:
        """Whether an edit of that layer is seen in the record alone, so that the tail stays as it is."""
        return (
            self.tail.whole
            or layer == self.layer.name
            or any(layer == one or layer.startswith(f"{one}.") for one in self.tail.skipped)
        )

    def _ablated(self, record: Recorded) -> Float[Tensor, "n c"]:
        nothing = torch.zeros_like(record.activations)
        return record.clean[:, None] - swept(record, nothing, "unit", self.layer, batch_size=BATCH)

    def _sloped(self, record: Recorded) -> Float[Tensor, "n c"]:
        with torch.enable_grad():
            point = record.activations.detach().clone().requires_grad_()
            total = record.scores(point, range(len(point))).sum()
            (slope,) = torch.autograd.grad(total, point)
        return units_first(slope * record.activations, self.layer).sum(2)


def _sham(ablation: Intervention, layer: LayerInfo, generator: torch.Generator) -> Intervention:
    """As large a change of the same layer at the same places, in a random direction over its other units."""
    (unit,) = ablation.units or ()
    vector = torch.randn(layer.channels, generator=generator)
    vector[unit] = 0.0
    vector /= vector.norm()

    def change(activations: Tensor, info: LayerInfo) -> Tensor:
        moved = applied(ablation, activations, info) - activations
        size = units_first(moved, info)[:, unit]
        sham = activations.clone(memory_format=torch.contiguous_format)
        units_first(sham, info).add_(size[:, None] * vector.to(sham)[:, None])
        return sham

    return Intervention(layer.name, f"sham of {ablation}", change, content=fingerprint(vector))


def _listed(
    removed: tuple[Unit, ...],
    layer: str,
    change: Float[Tensor, "r n c"],
    kept: Bool[Tensor, "r c"],
    *,
    chance: Float[Tensor, "r"],
    loss: Float[Tensor, "r n"],
    least: float,
    seed: int,
) -> tuple[Taken, ...]:
    """The backups, those of the first removed unit first, and of these the strongest first."""
    found = []
    for row, unit in enumerate(removed):
        mean = change[row].mean(0)
        above = (mean > chance[row].clamp_min(least)) & kept[row]
        for channel in sorted(above.nonzero().flatten().tolist(), key=lambda one: -float(mean[one])):
            interval = bootstrap_interval(change[row, :, channel].cpu().numpy(), seed=seed)
            if interval.low > 0:
                share = float(mean[channel] / (mean[channel] + loss[row].mean().abs()))
                found.append(Taken(unit, Unit(layer, channel), interval, share, float(chance[row])))
    return tuple(found)


def _off_diagonal(removed: tuple[Unit, ...], layer: LayerInfo, device: torch.device) -> Tensor:
    kept = torch.ones(len(removed), layer.channels, dtype=torch.bool, device=device)
    for row, unit in enumerate(removed):
        if unit.layer == layer.name:
            kept[row, unit.channel] = False
    return kept


def _check(subject: Subject, target: Target, removed: tuple[Unit, ...], shams: int) -> None:
    checked(subject, target)
    if not removed:
        raise BadInput("no unit to be removed is given; name at least one")
    for unit in removed:
        checked(subject, unit)
        if subject.layers[unit.layer].channels < 2:
            raise BadInput(
                f"layer {unit.layer!r} has no unit but {unit}; there is nothing to compare its removal with"
            )
    if shams < 1:
        raise BadInput(f"at least 1 sham removal is needed to say what is chance; got {shams}")
