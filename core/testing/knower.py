"""Knower: a policy that works out concepts at a chosen layer, and acts on one of them or on none."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.errors import UnknownName
from core.probing.labelled import Labelled
from core.subject import InputSpec, Subject, wrap

PAIRED, BITS, WIDTH = 6, 24, 40
"""Inputs that the concepts are made of, all inputs (0 or 1 each), and units of every layer."""
LAYERS = ("early", "middle", "late")
"""The layers with ReLUs, in order; the concepts may come to be known at any of them."""
CONCEPTS = ("first", "second", "third")
"""Whether one bit of the pair is set and the other is not: no linear map of the input tells anything of it."""
CUE = "cue"
"""A plain input, known everywhere; the answer depends on it where no concept is used."""
SHARP = 3.0


@dataclass(frozen=True, eq=False)
class Knower:
    """A policy with heads "policy" and "value", the ``layer`` from which on it knows its concepts, and what it uses.

    Its answers depend on ``used`` alone: one of the concepts, or the cue. The others it knows all the same.
    """

    subject: Subject
    layer: str
    used: str

    @property
    def before(self) -> tuple[str, ...]:
        """The layers at which no linear map tells a concept."""
        names = list(self.subject.layers)
        return tuple(names[: names.index(self.layer)])

    def drawn(self, n: int, *, seed: int) -> tuple[Float[Tensor, "n c 1 1"], Mapping[str, Labelled]]:
        """Inputs, and what concepts and cue are in each."""
        bits = torch.randint(0, 2, (n, BITS), generator=torch.Generator().manual_seed(seed))
        numbers = bits.numpy().astype(bool)
        told = {name: numbers[:, 2 * i] != numbers[:, 2 * i + 1] for i, name in enumerate(CONCEPTS)}
        told[CUE] = numbers[:, PAIRED]
        return bits.float()[:, :, None, None], {
            name: Labelled("binary", values) for name, values in told.items()
        }


class _Policy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        before = BITS
        for name in LAYERS:
            setattr(self, f"to_{name}", nn.Linear(before, WIDTH))
            setattr(self, name, nn.ReLU())
            before = WIDTH
        self.policy, self.value = nn.Linear(WIDTH, 4), nn.Linear(WIDTH, 1)

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        hidden = inputs.flatten(1)
        for name in LAYERS:
            hidden = getattr(self, name)(getattr(self, f"to_{name}")(hidden))
        return {"policy": self.policy(hidden), "value": self.value(hidden)}


def knower(*, seed: int, layer: str = "middle", used: str | None = "first") -> Knower:
    """A policy whose weights, but for what is planted, are drawn by ``seed``.

    Raises
    ------
    UnknownName
        if there is no such layer or concept.

    >>> planted = knower(seed=0)
    >>> planted.before
    ('to_early', 'early', 'to_middle')
    """
    chosen = CUE if used is None else used
    if layer not in LAYERS:
        raise UnknownName("layer of the knower", layer, LAYERS)
    if chosen not in (*CONCEPTS, CUE):
        raise UnknownName("concept of the knower", chosen, (*CONCEPTS, CUE))
    generator = torch.Generator().manual_seed(seed)
    module = _Policy().requires_grad_(False)
    # What a layer says is carrier @ what it holds + shift: its ReLUs are on, but for those that work concepts out.
    carrier, shift = torch.eye(BITS), torch.zeros(BITS)
    for name in LAYERS:
        read, line = torch.linalg.pinv(carrier), getattr(module, f"to_{name}")
        if name == layer:
            weight, bias, carrier = _worked_out(generator)
        else:
            carrier = _rotation(WIDTH, carrier.shape[1], generator)
            weight, bias = carrier, carrier.abs().sum(1)
        line.weight.copy_(weight @ read)
        line.bias.copy_(bias - weight @ read @ shift)
        shift = bias
    reading = torch.linalg.pinv(carrier)[BITS + CONCEPTS.index(chosen) if chosen in CONCEPTS else PAIRED]
    _answer(module, reading, shift)
    spec = InputSpec((BITS, 1, 1), (0.0,) * BITS, (1.0,) * BITS, tuple(f"bit {i}" for i in range(BITS)))
    heads = {"policy": ("up", "right", "down", "left"), "value": ("value",)}
    return Knower(wrap(module, name="knower", spec=spec, heads=heads), layer, chosen)


def _worked_out(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Weights on the bits, biases, and what the units say after their ReLUs of the bits and the concepts.

    Two units a concept are on if the one bit is set and the other is not: half the difference plus half the concept.
    """
    pairs = len(CONCEPTS)
    weight, bias = torch.zeros(WIDTH, BITS), torch.zeros(WIDTH)
    carrier = torch.zeros(WIDTH, BITS + pairs)
    for i in range(pairs):
        for unit, sign in ((2 * i, 1.0), (2 * i + 1, -1.0)):
            weight[unit, 2 * i], weight[unit, 2 * i + 1] = sign, -sign
            carrier[unit] = torch.cat([weight[unit] / 2, torch.eye(pairs)[i] / 2])
    plain = slice(2 * pairs, None)
    weight[plain] = _rotation(WIDTH - 2 * pairs, BITS, generator)
    bias[plain] = weight[plain].abs().sum(1)
    carrier[plain, :BITS] = weight[plain]
    order = torch.randperm(WIDTH, generator=generator)
    size = 0.5 + torch.rand(WIDTH, 1, generator=generator)
    return (size * weight)[order], (size[:, 0] * bias)[order], (size * carrier)[order]


def _answer(module: nn.Module, reading: Tensor, shift: Tensor) -> None:
    """Up if what is read is 1, right if it is 0."""
    sides = SHARP * torch.tensor([1.0, -1.0, 0.0, 0.0])
    for head, slopes in (("policy", 2 * sides), ("value", torch.ones(1))):
        line = getattr(module, head)
        line.weight.copy_(slopes[:, None] * reading)
        line.bias.copy_((-slopes / 2) - slopes * (reading @ shift))


def _rotation(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """Orthogonal columns: what is held stays as far apart as it was."""
    axes: Tensor = torch.linalg.qr(torch.randn(rows, columns, generator=generator)).Q
    return axes
