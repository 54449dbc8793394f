"""Backup: a subject in which a silent unit takes over as soon as another is removed."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.subject import InputSpec, Subject, wrap
from core.targets import Output, Unit

UNITS, SIZE = 12, 6


@dataclass(frozen=True, eq=False)
class Backup:
    """The subject, the unit of ``early`` that carries ``target``, and the one of ``late`` that takes over."""

    subject: Subject
    first: Unit
    backup: Unit
    target: Output


class _TwoLayers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, UNITS, 1)
        self.early = nn.ReLU()
        self.conv2 = nn.Conv2d(UNITS, UNITS, 1)
        self.late = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(UNITS, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        maps = self.late(self.conv2(self.early(self.conv1(inputs))))
        logits: Tensor = self.head(self.flatten(self.pool(maps)))
        return logits


def planted_backup(*, seed: int, built_in: bool = True, randomised: bool = False) -> Backup:
    """Two units of ``early`` see red; the first is passed on by ``late``, the second is held down by the first.

    Remove the first and the second's way is open: the unit ``backup`` of ``late`` starts to carry 0.8 of what was lost.
    All other units are random, and read the first as they read the others. Without ``built_in`` nothing
    holds the second down and it is read by nobody; with ``randomised`` all weights are random.

    >>> from core.interventions.edits import ablate
    >>> from core.interventions.intervened import intervened
    >>> from core.subject import run
    >>> planted, red = planted_backup(seed=0), torch.ones(1, 3, 6, 6)
    >>> intact = run(planted.subject, red)["class"][0, 1]
    >>> with intervened(planted.subject, ablate(planted.backup)) as without:  # nothing is lost with the backup alone
    ...     bool(run(without, red)["class"][0, 1] == intact)
    True
    """
    generator = torch.Generator().manual_seed(seed)
    net = _TwoLayers()
    for parameter in net.parameters():
        nn.init.normal_(
            parameter, std=parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.1, generator=generator
        )
    first, second = torch.randperm(UNITS, generator=generator)[:2].tolist()
    carrier, silent = torch.randperm(UNITS, generator=generator)[:2].tolist()
    if not randomised:
        values = net.state_dict()
        for unit in (first, second):
            values["conv1.weight"][unit], values["conv1.bias"][unit] = 0.0, 0.0
            values["conv1.weight"][unit, 0] = 1.0
        late = values["conv2.weight"]
        late *= 0.3
        for unit in (carrier, silent):
            late[unit], values["conv2.bias"][unit] = 0.0, 0.0
        late[:, second] = 0.0
        late[carrier, first] = 1.0
        if built_in:
            late[silent, second], late[silent, first] = 0.8, -2.0
        values["head.weight"][1] *= 0.3
        values["head.weight"][1, [carrier, silent]] = 2.0
    spec = InputSpec((3, SIZE, SIZE), mean=(0.0,) * 3, std=(1.0,) * 3)
    subject = wrap(net, name="backup", spec=spec, heads={"class": ("others", "true")})
    return Backup(subject, Unit("early", first), Unit("late", silent), Output("class", 1))
