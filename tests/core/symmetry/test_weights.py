"""Planted families are borne out by the weights, also through bottlenecks and branches; shuffled ones are not."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.subject import InputSpec, wrap
from core.symmetry.borne_out import evidence
from core.symmetry.families import Member
from core.symmetry.kernels import colour_inputs, kernel_likeness
from core.symmetry.likeness import likenesses
from core.symmetry.weights import weight_evidence
from core.testing.families import planted_views

KINDS = ("rotation", "reflection", "hue", "contrast")


def words(found):
    return Counter(one.word if one else "nothing" for one in found)


def first_layer(planted, weights):
    inputs = colour_inputs(planted.act.colour, std=planted.subject.spec.std)
    return kernel_likeness(weights, planted.group, planted.act.spatial, inputs=inputs)


@pytest.fixture
def rotated(sown):
    return sown("rotation", 2)


@pytest.mark.parametrize("kind", KINDS)
def test_planted_families_are_borne_out_and_shuffled_kernels_bear_out_none(kind, sown, families_in):
    planted = sown(kind)
    found, weights = families_in(planted), planted.subject.module.get_submodule("conv1").weight.numpy()
    true = evidence(found, first_layer(planted, weights), draws=100)
    assert words(true) == {"borne out": len(found.families)}
    assert all(one.assigned.estimate > 0.95 for one in true)
    by_chance = Counter()
    for seed in range(4):
        rng = np.random.default_rng(seed)
        shuffled = rng.permuted(weights.reshape(len(weights), -1), axis=1).reshape(weights.shape)
        by_chance += words(evidence(found, first_layer(planted, shuffled), draws=100))
    assert by_chance["borne out"] <= 0.2 * by_chance.total()  # 5 % are expected


def test_wrong_places_and_wrong_members_are_not_borne_out(sown, families_in):
    planted = sown("rotation")
    found = families_in(planted)
    values = first_layer(planted, planted.subject.module.get_submodule("conv1").weight.numpy())
    misplaced = [
        replace(one, members=tuple(Member(m.unit, (3 * m.place) % 8) for m in one.members))
        for one in found.families
    ]
    alone = iter(found.alone)
    foreign = [
        replace(one, members=tuple(Member(next(alone), m.place) for m in one.members[:3]))
        for one in found.families
    ]
    for wrong in (misplaced, foreign):
        said = evidence(replace(found, families=tuple(wrong)), values, draws=100)
        assert words(said)["borne out"] == 0


def test_a_single_pair_has_the_widest_interval_and_may_still_be_borne_out(sown, families_in):
    planted = sown("reflection")
    values = first_layer(planted, planted.subject.module.get_submodule("conv1").weight.numpy())
    said = evidence(families_in(planted), values)[0]
    assert (said.assigned.n, said.assigned.low, said.assigned.high) == (1, -1.0, 1.0)
    assert said.word == "borne out"


def test_the_second_layer_is_borne_out_by_the_families_of_the_first(rotated, families_in):
    below = families_in(rotated.below)
    likeness = likenesses(rotated.subject, [below.layer], planted_views(rotated.below, count=16, seed=0))
    said = weight_evidence(
        rotated.subject,
        families_in(rotated),
        spatial=rotated.act.spatial,
        lower=(below, likeness[below.layer]),
    )
    assert words(said.families) == {"borne out": len(families_in(rotated).families)}
    assert said.source == "relu1"
    assert said.known > 0.9


class Branches(nn.Module):
    """The planted second layer again: half of its units through a bottleneck, side by side with the others."""

    def __init__(self, planted, gate=False):
        super().__init__()
        first, second = (planted.subject.module.get_submodule(name) for name in ("conv1", "conv2"))
        half, inputs = len(second.weight) // 2, second.weight.shape[1]
        side = second.weight.shape[2]
        self.conv1, self.relu1, self.gate = first, nn.ReLU(), gate
        self.direct = nn.Conv2d(inputs, half, side)
        self.direct.weight.data = second.weight[:half].clone()
        mixing = torch.linalg.qr(torch.randn(inputs, inputs, generator=torch.Generator().manual_seed(0)))[0]
        self.reduce = nn.Conv2d(inputs, inputs, 1)
        self.reduce.weight.data = mixing[:, :, None, None].clone()
        self.expand = nn.Conv2d(inputs, len(second.weight) - half, side)
        self.expand.weight.data = torch.einsum("oiyx,ji->ojyx", second.weight[half:], mixing)
        self.cat, self.head = nn.Identity(), nn.Linear(len(second.weight), 2)

    def forward(self, x):
        x = self.relu1(self.conv1(x))
        if self.gate:
            x = x * x.mean((2, 3), keepdim=True).sigmoid()
        return self.head(self.cat(torch.cat([self.direct(x), self.expand(self.reduce(x))], 1)).mean((2, 3)))


@pytest.mark.parametrize("gate", [False, True])
def test_bottlenecks_and_branches_are_multiplied_through_and_gates_are_not(rotated, families_in, gate):
    spec = rotated.subject.spec
    net = Branches(rotated, gate)
    subject = wrap(
        net, name="branches", spec=InputSpec(spec.shape, spec.mean, spec.std), heads={"class": ("0", "1")}
    )
    below, found = families_in(rotated.below), replace(families_in(rotated), layer="cat")
    likeness = likenesses(subject, ["relu1"], planted_views(rotated.below, count=16, seed=0))["relu1"]
    said = weight_evidence(subject, found, spatial=rotated.act.spatial, lower=(below, likeness))
    if gate:
        assert said == "between cat and relu1 lies what is not followed as weights: mul"
    else:
        assert words(said.families) == {"borne out": len(found.families)}


def test_units_that_nothing_is_known_of_say_nothing(rotated, families_in):
    below = families_in(rotated.below)
    likeness = likenesses(rotated.subject, ["relu1"], planted_views(rotated.below, count=16, seed=0))["relu1"]
    nobody = replace(below, families=(), invariant=(), duplicates=())
    said = weight_evidence(
        rotated.subject, families_in(rotated), spatial=rotated.act.spatial, lower=(nobody, likeness)
    )
    assert said == "0% of the weights of relu2 lie on units of relu1 that are in families, too few"
