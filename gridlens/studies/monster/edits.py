"""Small edits of a network, as many as there are simple ones: units, directions, biases, gates, input channels."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.interventions import Intervention, ablate, clamp, reweighted, steer
from core.subject import Subject, hooked, run
from core.targets import Direction, Unit
from gridlens.studies.monster.choice import MONSTERS
from gridlens.studies.monster.wiring import FIRST, NEXT, scaled
from rl.choices import Crossroads, leaning

DENSE = {FIRST: "relu1", NEXT: "relu2"}
"""Layers with weights, and what they say after their threshold."""
TIMES = (-4.0, -2.0, -1.0, 1.0, 2.0, 4.0)
SHIFTS = (2.0, 4.0, 8.0, 16.0)
FACTORS = {
    "shield": (0.0, 0.25, 0.5, 0.75),
    "apple": (1.5, 2.0, 3.0, 4.0),
    "monster": (0.0, 0.5, 2.0, 4.0),
    "shields": (0.0, 2.0, 4.0),
}
"""Input channel (its last is the shields in hand) to what its weights are multiplied by."""
PENALTY = 1e-2
HIGH = 0.99


Draw = Callable[[torch.Generator], "Edit"]


@dataclass(frozen=True, eq=False)
class Edit:
    """One edit: of the subject's weights, which are then in ``subject``, or of what its layers say.

    ``drawn`` makes one of the same kind and size by chance: of another unit, along another direction, of other
    inputs.
    """

    family: str
    name: str
    subject: Subject
    interventions: tuple[Intervention, ...] = ()
    drawn: Draw | None = None


@dataclass(frozen=True, eq=False)
class Known:
    """What edits are made from: the same states without and with all monsters, seen, and where their ways part."""

    none: Float[Tensor, "n c h w"]
    all: Float[Tensor, "n c h w"]
    choice: Crossroads


def edits(subject: Subject, known: Known) -> Iterator[Edit]:
    """All of them, always the same."""
    yield from _units(subject, known)
    for direction in _directions(subject, known):
        for times in TIMES:
            yield _steered(subject, direction, times)
    for layer in DENSE:
        way = pull(subject, layer, known)
        for size in SHIFTS:
            yield shifted(subject, layer, size * way)
            yield gated(subject, layer, size * way, known)
    for channel, factors in FACTORS.items():
        for factor in factors:
            yield _rescaled(subject, channel, factor)


def shifted(subject: Subject, layer: str, change: Float[Tensor, "k"]) -> Edit:
    """A layer's biases changed."""
    name = f"{layer} biases moved by {float(change.norm()):g}"
    bias = subject.module.get_parameter(f"{layer}.bias").detach() + change
    made = reweighted(subject, {f"{layer}.bias": bias}, name=name)
    return Edit("biases", name, made, drawn=lambda by: shifted(subject, layer, _alike(change, by)))


def gated(subject: Subject, layer: str, change: Float[Tensor, "k"], known: Known) -> Edit:
    """The same, but only as far as monsters are missing: a rank-one change of weights that reads how many there are.

    In the first layer off the window's monsters, further up off the layer below, as well as a line can.
    """
    name = f"{layer} biases moved by {float(change.norm()):g} as monsters go"
    weights, biases = (
        subject.module.get_parameter(f"{layer}.{part}").detach() for part in ("weight", "bias")
    )
    reader, start = _reader(subject, layer, known)
    weight = weights - torch.outer(change, reader) / MONSTERS
    bias = biases + change * (1 - start / MONSTERS)
    made = reweighted(subject, {f"{layer}.weight": weight, f"{layer}.bias": bias}, name=name)
    return Edit("gated biases", name, made, drawn=lambda by: gated(subject, layer, _alike(change, by), known))


def pull(subject: Subject, layer: str, known: Known) -> Float[Tensor, "k"]:
    """The change of a layer's biases, of length 1, that moves the lean to the apple most where no monster is left."""
    change = torch.zeros(subject.layers[layer].channels, requires_grad=True)

    def hook(_: object, __: object, said: Tensor) -> Tensor:
        return said + change

    with torch.enable_grad(), hooked(subject.module, [layer], lambda _: hook):
        policy = run(subject, known.none)["policy"].softmax(1)
    apple, _ = leaning(policy, known.choice.towards)
    (way,) = torch.autograd.grad(torch.logit(apple, eps=1e-6).mean(), change)
    return way / way.norm()


def _alike(vector: Float[Tensor, "k"], by: torch.Generator) -> Float[Tensor, "k"]:
    """Another vector of the same length, any way."""
    drawn = torch.randn(vector.shape, generator=by)
    return drawn * vector.norm() / drawn.norm()


def _units(subject: Subject, known: Known) -> Iterator[Edit]:
    """Every unit of either layer put to nothing, and held at a high value of its own."""
    for layer in DENSE.values():
        said = capture(subject, torch.cat([known.none, known.all]), [layer])[layer]
        high = said.quantile(HIGH, dim=0)

        for unit in range(len(high)):
            yield _put_out(subject, layer, unit)
            yield _held(subject, layer, unit, high)


def _put_out(subject: Subject, layer: str, unit: int) -> Edit:
    change, units = ablate(Unit(layer, unit)), subject.layers[layer].channels
    return Edit("unit", change.name, subject, (change,), lambda by: _put_out(subject, layer, _any(units, by)))


def _held(subject: Subject, layer: str, unit: int, high: Tensor) -> Edit:
    change = clamp(Unit(layer, unit), float(high[unit]))
    return Edit(
        "unit", change.name, subject, (change,), lambda by: _held(subject, layer, _any(len(high), by), high)
    )


def _any(count: int, by: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=by))


def _steered(subject: Subject, direction: Direction, times: float) -> Edit:
    change = steer(direction, times)

    def drawn(by: torch.Generator) -> Edit:
        other = Direction(direction.layer, _alike(direction.vector, by), "drawn")
        return Edit("direction", f"{change.name}, drawn", subject, (steer(other, times),))

    return Edit("direction", change.name, subject, (change,), drawn)


def _rescaled(subject: Subject, channel: str, factor: float) -> Edit:
    name = f"{channel} times {factor:g}"

    def drawn(by: torch.Generator) -> Edit:
        """As many inputs as a channel has, of any channels."""
        weight = subject.module.get_parameter(f"{FIRST}.weight").detach().clone()
        cells = weight.shape[1] // subject.spec.shape[0]
        weight[:, torch.randperm(weight.shape[1], generator=by)[:cells]] *= factor
        made = reweighted(subject, {f"{FIRST}.weight": weight}, name=f"{name}, drawn")
        return Edit("input channel", f"{name}, drawn", made)

    return Edit("input channel", name, scaled(subject, channel, factor), drawn=drawn)


def _directions(subject: Subject, known: Known) -> Iterator[Direction]:
    """At each layer: from all monsters to none, by means; and what takes a linear reading of them down by all."""
    for layer in DENSE.values():
        none, every = (capture(subject, seen, [layer])[layer] for seen in (known.none, known.all))
        yield Direction(layer, none.mean(0) - every.mean(0), "monsters gone, means")
        reader, _ = _line(torch.cat([none, every]), known)
        yield Direction(layer, -MONSTERS * reader / reader.square().sum(), "monsters gone, read")


def _reader(subject: Subject, layer: str, known: Known) -> tuple[Tensor, float]:
    """Weights and a constant that read how many monsters are left from what goes into a layer."""
    if layer == FIRST:
        count, plane = torch.zeros(subject.spec.shape), tuple(subject.spec.channels or ()).index("monster")
        count[plane] = 1.0
        return count.flatten(), 0.0
    below = DENSE[FIRST]
    return _line(
        torch.cat([capture(subject, seen, [below])[below] for seen in (known.none, known.all)]), known
    )


def _line(said: Float[Tensor, "m k"], known: Known) -> tuple[Tensor, float]:
    """The ridge regression of the number of monsters, 0 in the first half and all in the second."""
    left = torch.zeros(len(said))
    left[len(known.none) :] = MONSTERS
    middle, centre = said.mean(0), left.mean()
    x = said - middle
    spread = x.T @ x / len(x)
    penalty = PENALTY * spread.diagonal().mean() * torch.eye(len(spread))
    weights = torch.linalg.solve(spread + penalty, x.T @ (left - centre) / len(x))
    return weights, float(centre - middle @ weights)
