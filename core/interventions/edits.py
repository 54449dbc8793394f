"""Intervention: one edit of one layer's output - ablated, patched, steered or clamped - and how it is applied."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.layers import LayerInfo, as_maps
from core.provenance import fingerprint
from core.subject import Subject, layer_named
from core.targets import Direction, Unit, checked

Place = tuple[int, int]
"""Row and column of a layer's map."""
Change = Callable[[Tensor, LayerInfo], Tensor]
"""A layer's output, and what is known of the layer, to what stands in its stead: a new tensor that broadcasts to it."""


@dataclass(frozen=True, eq=False)
class Intervention:
    """An edit of ``layer``'s output, at some units and places only if they are given; made by the functions below.

    ``content`` is the fingerprint of the tensors that it brings along.
    """

    layer: str
    name: str
    change: Change = field(repr=False)
    units: tuple[int, ...] | None = None
    positions: tuple[Place, ...] | None = None
    direction: Direction | None = field(default=None, repr=False)
    content: str = ""

    def __str__(self) -> str:
        return self.name


def ablate(
    what: str | Unit | Direction, *, to: str = "zero", reference: Tensor | None = None, seed: int = 0
) -> Intervention:
    """A layer, a unit (at a place, if it has one) or a direction put to nothing, to its mean, or to another input's.

    ``reference`` are the layer's activations (m, ...) for other inputs: of those ``to="mean"`` takes the mean at every
    place, and ``to="resample"`` [chan2022] for the k-th input of a batch one of them, always the same, drawn by
    ``seed``. Of a direction the component along it is replaced, and the rest stays.

    Raises
    ------
    BadInput
        if there is no such way, or "mean" or "resample" has no reference.

    >>> ablate("conv", to="mean")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    core.errors.BadInput: to ablate 'conv' to its mean takes reference activations of that layer; ...
    """
    layer = what if isinstance(what, str) else what.layer
    filling = _filling(layer, to, reference, seed)
    content = "" if reference is None else fingerprint(reference, str(seed))
    name = f"{what} ablated to {to}"
    if isinstance(what, Direction):
        change = _component_replaced(what, filling)
        return Intervention(layer, name, change, direction=what, content=fingerprint(what.vector) + content)
    units, positions = _chosen(what) if isinstance(what, Unit) else (None, None)
    return Intervention(layer, name, filling, units, positions, content=content)


def patch(
    layer: str,
    source: Float[Tensor, "m ..."],
    *,
    units: Sequence[int] | None = None,
    positions: Sequence[Place] | None = None,
) -> Intervention:
    """Activations from another run put in a layer's place [vig2020]: all, or those of some units at some positions.

    ``source`` has the layer's shape, one row for every input or one for all. Positions are (row, column) of the
    layer's maps; without them the tokens in front of a grid (the class token) are patched with the rest.

    >>> patch("conv", torch.zeros(1, 4, 12, 12), units=[1]).name
    'conv patched at unit 1'
    """
    chosen = None if units is None else tuple(int(unit) for unit in units)
    places = None if positions is None else tuple((int(y), int(x)) for y, x in positions)
    where = [] if chosen is None else [f"unit {_listed(chosen)}"]
    where += [] if places is None else [f"position {_listed(places)}"]
    name = f"{layer} patched" + (f" at {' and '.join(where)}" if where else "")

    def change(activations: Tensor, info: LayerInfo) -> Tensor:
        return _fitting(source, activations, info.name)

    return Intervention(layer, name, change, chosen, places, content=fingerprint(source))


def steer(
    direction: Direction, amount: float = 1.0, *, positions: Sequence[Place] | None = None
) -> Intervention:
    """``amount`` times a direction's vector added to its layer's output, at every position or at some [turner2023].

    The vector is taken as long as it is.

    >>> str(steer(Direction("conv", torch.ones(4), "up"), 2.5))
    'conv~up added 2.5 times'
    """
    places = None if positions is None else tuple((int(y), int(x)) for y, x in positions)

    def change(activations: Tensor, info: LayerInfo) -> Tensor:
        return activations + amount * _laid_out(direction.vector.to(activations), info)

    return Intervention(
        direction.layer,
        f"{direction} added {amount:g} times" + (f" at {_listed(places)}" if places else ""),
        change,
        positions=places,
        direction=direction,
        content=fingerprint(direction.vector),
    )


def clamp(unit: Unit, value: float) -> Intervention:
    """A unit held at ``value``: over its whole map, or at its one place, as the cheese channel was [mini2023].

    >>> str(clamp(Unit("conv", 2, 7, 7), 5.6))
    'conv:2@7,7 held at 5.6'
    """
    units, positions = _chosen(unit)
    return Intervention(
        unit.layer,
        f"{unit} held at {value:g}",
        lambda activations, _: torch.full_like(activations, value),
        units,
        positions,
    )


def applied(
    intervention: Intervention, activations: Float[Tensor, "n ..."], layer: LayerInfo
) -> Float[Tensor, "n ..."]:
    """What the layer's output becomes; the tensor given is left as it is.

    >>> vector = LayerInfo("fc", "Linear", (3,), axes="c")
    >>> applied(clamp(Unit("fc", 1), 9.0), torch.zeros(1, 3), vector)
    tensor([[0., 9., 0.]])
    """
    changed = intervention.change(activations, layer)
    if intervention.units is None and intervention.positions is None:
        return changed.expand_as(activations)
    return torch.where(_mask(intervention, activations, layer), changed, activations)


def fitting(subject: Subject, intervention: Intervention) -> Intervention:
    """The intervention itself, if the subject has its layer, units and positions.

    Raises
    ------
    UnknownName, BadInput
        with what the subject has instead.

    >>> from core.testing import planted_classifier
    >>> fitting(planted_classifier(seed=0), clamp(Unit("conv", 4), 1.0))
    Traceback (most recent call last):
    ...
    core.errors.BadInput: layer 'conv' has channels 0 to 3; 4 is not among them (nearest: 3)
    """
    layer_named(subject, intervention.layer)
    for unit in intervention.units or ():
        checked(subject, Unit(intervention.layer, unit))
    for y, x in intervention.positions or ():
        checked(subject, Unit(intervention.layer, 0, y, x))
    if intervention.direction is not None:
        checked(subject, intervention.direction)
    return intervention


def _filling(layer: str, to: str, reference: Tensor | None, seed: int) -> Change:
    """What is put in the place of what is ablated."""
    if to == "zero":
        return lambda activations, _: torch.zeros_like(activations)
    if to not in ("mean", "resample"):
        raise BadInput(f"{layer!r} cannot be ablated to {to!r}; there are: zero, mean, resample")
    if reference is None or len(reference) == 0:
        given = {"mean": "its mean", "resample": "what it says of other inputs"}[to]
        raise BadInput(
            f"to ablate {layer!r} to {given} takes reference activations of that layer; "
            f"give capture(subject, inputs, [{layer!r}])[{layer!r}]"
        )
    known = reference
    if to == "mean":
        mean = known.mean(0, keepdim=True)
        return lambda activations, info: _fitting(mean, activations, info.name)

    def drawn(activations: Tensor, info: LayerInfo) -> Tensor:
        rows = torch.randint(len(known), (len(activations),), generator=torch.Generator().manual_seed(seed))
        return _fitting(known[rows.to(known.device)], activations, info.name)

    return drawn


def _component_replaced(direction: Direction, filling: Change) -> Change:
    def change(activations: Tensor, info: LayerInfo) -> Tensor:
        unit = direction.vector.to(activations)
        unit = unit / unit.norm()
        axes: tuple[int, ...] = tuple(range(1, activations.ndim))
        if unit.ndim == 1:
            axes = (1,) if info.axes in ("chw", "c") else (activations.ndim - 1,)
        laid = _laid_out(unit, info)
        gone = ((filling(activations, info) - activations) * laid).sum(axes, keepdim=True)
        return activations + gone * laid

    return change


def _laid_out(vector: Tensor, layer: LayerInfo) -> Tensor:
    """A vector over channels so that it broadcasts over the layer's positions; one of the layer's shape as it is."""
    return vector.view(-1, 1, 1) if vector.ndim == 1 and layer.axes == "chw" else vector


def _fitting(source: Tensor, activations: Tensor, layer: str) -> Tensor:
    if source.shape[1:] != activations.shape[1:] or len(source) not in (1, len(activations)):
        raise BadInput(
            f"activations of shape {tuple(source.shape)} do not fit layer {layer!r}, which says "
            f"{tuple(activations.shape)} here; give one row of that shape for every input, or one for all"
        )
    return source.to(activations)


def _mask(intervention: Intervention, activations: Tensor, layer: LayerInfo) -> Tensor:
    """(1, ...) of the layer's shape: true where the edit is made."""
    mask = torch.zeros(1, *activations.shape[1:], device=activations.device)
    units = slice(None) if intervention.units is None else list(intervention.units)
    if intervention.positions is None:
        (mask.movedim(-1, 1) if layer.axes in ("hwc", "tc") else mask)[:, units] = 1.0
        return mask.bool()
    maps = as_maps(mask, layer)
    for y, x in intervention.positions:
        maps[:, units, y, x] = 1.0
    return mask.bool()


def _chosen(unit: Unit) -> tuple[tuple[int, ...], tuple[Place, ...] | None]:
    spot = None if unit.y is None or unit.x is None else ((unit.y, unit.x),)
    return (unit.channel,), spot


def _listed(items: Sequence[object]) -> str:
    shown = ", ".join(map(str, items[:4]))
    return shown + (f" and {len(items) - 4} more" if len(items) > 4 else "")
