"""Planted agents whose units are each other turned and mirrored: in a convolution, and in a layer over all cells."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from core.subject import Subject
from envs.registry import world
from rl.agents import as_subject
from rl.symmetry.square import SQUARE, turned

ALONE, INVARIANT = -1, -2


@dataclass(frozen=True)
class Planted:
    """Of each unit of "conv" and "dense" its family (or ALONE, INVARIANT) and its place; a stabiliser a family."""

    subject: Subject
    family: np.ndarray
    place: np.ndarray
    stabilisers: list[tuple[int, ...]]


class _Agent(nn.Module):
    def __init__(self, kernels, fields):
        super().__init__()
        self.conv = nn.Conv2d(2, len(kernels), kernels.shape[-1], padding=kernels.shape[-1] // 2, bias=False)
        self.conv.weight.data = kernels
        self.relu = nn.ReLU()
        self.dense = nn.Linear(fields[0].numel(), len(fields), bias=False)
        self.dense.weight.data = fields.flatten(1)
        self.policy, self.value = nn.Linear(len(fields), 4), nn.Linear(len(fields), 1)

    def forward(self, seen):
        self.relu(self.conv(seen))
        known = self.dense(seen.flatten(1))
        return {"policy": self.policy(known), "value": self.value(known)}


STABILISERS = [(0,)] * 3 + [(0, 4), (0, 2), (0, 5)]
"""Free orbits of 8; of 4 where left for right (an upright edge), half a turn (a line) or a diagonal changes nothing."""


def _orbits(shape, rng):
    """Kernels with family and place: 6 orbits, one of them with holes, 3 that are invariant, 12 that are alone."""
    kernels, family, place = [], [], []

    def drawn():
        kernel = rng.normal(size=shape)
        return torch.from_numpy(kernel - kernel.mean((1, 2), keepdims=True)).float()[
            None
        ]  # fires half of the time

    for number, stabiliser in enumerate(STABILISERS):
        origin = sum(turned(base, g) for base in [drawn()] for g in stabiliser) / len(stabiliser) ** 0.5
        seen = {min(int(SQUARE.table[g, h]) for h in stabiliser) for g in range(8)}
        members = sorted(seen)[: 6 if number == 0 else 8]
        kernels += [turned(origin, g) for g in members]
        family += [number] * len(members)
        place += members
    kernels += [sum(turned(base, g) for base in [drawn()] for g in range(8)) / 8**0.5 for _ in range(3)]
    kernels += [drawn() for _ in range(12)]
    return torch.cat(kernels), np.array(family + [INVARIANT] * 3 + [ALONE] * 12), np.array(place + [0] * 15)


@pytest.fixture(scope="session")
def planted():
    """``planted(seed, noise)``: the families of both layers stand in the same shuffled order."""

    def make(seed, noise=0.1):
        rng = np.random.default_rng(seed)
        kernels, family, place = _orbits((2, 5, 5), rng)
        fields, _, _ = _orbits((2, 13, 13), rng)
        order = rng.permutation(len(family))
        kernels, fields = kernels[order], fields[order]
        for weights in (kernels, fields):
            weights += noise * weights.std() * torch.from_numpy(rng.normal(size=weights.shape)).float()
        torch.manual_seed(0)
        maze = world("cheese", rand_region=63)
        subject = as_subject(_Agent(kernels, fields), maze, view="window", name="planted")
        return Planted(subject, family[order], place[order], STABILISERS)

    return make
