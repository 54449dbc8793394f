"""Pathway: a subject whose answer runs through one known unit at one known place, and pairs that differ everywhere."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.subject import InputSpec, Subject, wrap
from core.targets import Output, Unit

UNITS, SIZE = 8, 10


@dataclass(frozen=True, eq=False)
class Pathway:
    """The subject, the one ``unit`` (at its place) that ``target`` depends on, and the layer it is a unit of."""

    subject: Subject
    unit: Unit
    target: Output


class _Readout(nn.Module):
    """maps -> hidden -> logits; with ``saturated`` the true hidden unit bends at 1."""

    def __init__(self, saturated: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, UNITS, 3, padding=1)
        self.relu = nn.ReLU()
        self.hidden = nn.Linear(UNITS * SIZE * SIZE, 6)
        self.bend = nn.ReLU() if saturated else nn.Identity()
        self.head = nn.Linear(6, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.head(self.bend(self.hidden(self.relu(self.conv(inputs)).flatten(1))))
        return logits


def planted_pathway(*, seed: int, saturated: bool = False, randomised: bool = False) -> Pathway:
    """A subject whose logit 1 is 4 times what one unit of ``relu`` says at one place; all others feed logit 0 alone.

    Behind ``relu`` all is linear. With ``saturated`` logit 1 grows with that number only up to 1: a ReLU in ``bend``
    has gone off, and there is no gradient beyond. With ``randomised`` all weights are random.

    >>> planted = planted_pathway(seed=0)
    >>> planted.unit.layer, str(planted.target)
    ('relu', 'class:1')
    """
    generator = torch.Generator().manual_seed(seed)
    net = _Readout(saturated)
    for parameter in net.parameters():
        nn.init.normal_(
            parameter, std=parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.1, generator=generator
        )
    channel, y, x = (int(torch.randint(high, (), generator=generator)) for high in (UNITS, SIZE, SIZE))
    if not randomised:
        values = net.state_dict()
        values["conv.weight"][channel], values["conv.bias"][channel] = 0.0, 0.0
        values["conv.weight"][channel, 0, 1, 1] = 1.0  # the red of the pixel itself
        values["hidden.weight"][0], values["hidden.bias"][0] = 0.0, float(saturated)
        place = values["hidden.weight"].view(6, UNITS, SIZE, SIZE)[:, channel, y, x]
        place.zero_()
        place[0] = -4.0 if saturated else 4.0
        values["head.weight"][1] = 0.0
        values["head.weight"][:, 0] = torch.tensor([0.0, -1.0 if saturated else 1.0])
    spec = InputSpec((3, SIZE, SIZE), mean=(0.0,) * 3, std=(1.0,) * 3)
    subject = wrap(net, name="pathway", spec=spec, heads={"class": ("others", "true")})
    return Pathway(subject, Unit("relu", channel, y, x), Output("class", 1))


def pathway_pairs(
    planted: Pathway, n: int, *, seed: int
) -> tuple[Float[Tensor, "n c h w"], Float[Tensor, "n c h w"]]:
    """Clean and corrupted pictures that have nothing in common; at the true place clean ones are dark in red.

    >>> clean, corrupted = pathway_pairs(planted_pathway(seed=0), 3, seed=0)
    >>> clean.shape == corrupted.shape
    True
    """
    generator = torch.Generator().manual_seed(seed)
    clean, corrupted = torch.rand(2, n, *planted.subject.spec.shape, generator=generator)
    y, x = planted.unit.y, planted.unit.x
    clean[:, 0, y, x] *= 0.2
    corrupted[:, 0, y, x] = 0.6 + 0.4 * corrupted[:, 0, y, x]
    return clean, corrupted
