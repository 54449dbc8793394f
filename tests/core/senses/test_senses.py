"""taken_apart(): planted units come apart into what fires them, and only those; what it leaves behind (about 15 s)."""

import numpy as np
import pytest
import torch
from sklearn.metrics import adjusted_rand_score
from torch import Tensor, nn

from core.errors import BadInput, UnknownName
from core.selftest.check import examine
from core.selftest.senses import CHECKS
from core.senses import contributions, layer_before, strongest, taken_apart
from core.senses.apart import Senses
from core.subject import InputSpec, Subject, wrap
from core.targets import Unit
from core.testing import SENSES, planted_classifier, two_senses

SEEDS = (101, 102, 103)


def apart(unit: int, seed: int) -> tuple[Senses, np.ndarray]:
    planted = two_senses(seed=seed)
    target = Unit("units", unit)
    found = taken_apart(
        planted.subject, target, strongest(planted.subject, planted.inputs.split(100), target)
    )
    return found, planted.causes[found.spots.index].numpy()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("unit", [0, 2])
def test_a_unit_of_several_detectors_comes_apart_into_them(unit: int, seed: int) -> None:
    found, causes = apart(unit, seed)
    assert len(found.senses) == len(SENSES[unit])
    assert adjusted_rand_score(causes, found.found.labels) >= 0.95
    named = {int(sense.direction.vector.argmax()) for sense in found.senses}
    assert named == set(SENSES[unit])  # every sense points to its own detector in the layer before
    assert sum(sense.share for sense in found.senses) == pytest.approx(1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_unit_of_one_detector_stays_whole(seed: int) -> None:
    found, _ = apart(1, seed)
    assert [sense.share for sense in found.senses] == [1.0]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.truth)
def test_the_checks_of_the_planted_truth_table_pass(check) -> None:
    assert examine(check, seeds=[201, 202]).passed


def test_contributions_add_up_to_the_unit() -> None:
    planted = two_senses(seed=104, count=40)
    unit = Unit("units", 2)
    spots = strongest(planted.subject, [planted.inputs], unit)
    given = contributions(planted.subject, spots.inputs, unit, spots.row, spots.column, before="seen")
    assert torch.allclose(given.sum(1), spots.score, atol=1e-5)  # a 1 x 1 layer without bias
    weights = planted.subject.module.sums.weight[2, :, 0, 0]
    seen = planted.subject.module.seen(planted.subject.module.detectors(spots.inputs - 0.5))
    here = seen[torch.arange(len(seen)), :, spots.row, spots.column]
    assert torch.allclose(given, weights * here, atol=1e-5)


def test_strongest_finds_the_same_in_any_batches_and_leaves_the_weak_out() -> None:
    planted = two_senses(seed=105, count=90)
    unit = Unit("units", 0)
    one = strongest(planted.subject, [planted.inputs], unit, count=20)
    two = strongest(planted.subject, planted.inputs.split(7), unit, count=20)
    assert one.index.tolist() == two.index.tolist()
    assert one.seen == two.seen == 90
    assert bool((one.score > 0.3 * one.score[0]).all())
    assert torch.equal(one.inputs, planted.inputs[one.index])


class _Forked(nn.Module):
    """A residual block behind a stem: no layer inside the block carries everything."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.act = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU()
        self.left, self.left_act = nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()
        self.out, self.last = nn.Conv2d(6, 6, 1), nn.ReLU()
        self.head = nn.Linear(6, 2)
        generator = torch.Generator().manual_seed(0)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.5, generator=generator)

    def forward(self, inputs: Tensor) -> Tensor:
        first = self.act(self.stem(inputs))
        answer: Tensor = self.head(self.last(first + self.out(self.left_act(self.left(first)))).mean((2, 3)))
        return answer


def forked() -> Subject:
    spec = InputSpec((3, 8, 8), mean=(0.5,) * 3, std=(0.25,) * 3)
    return wrap(_Forked(), name="forked", spec=spec, heads={"class": ("a", "b")})


def test_the_layer_before_is_not_one_that_a_skip_connection_goes_round() -> None:
    subject, inputs = forked(), torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    at = torch.full((4,), 4)
    assert layer_before(subject, inputs, Unit("last", 0), at, at) == "act"
    assert layer_before(subject, inputs, Unit("left", 1), at, at) == "act"
    assert layer_before(subject, inputs, Unit("out", 1), at, at) == "left_act"


def test_units_that_read_the_input_itself_have_no_layer_before() -> None:
    subject, at = planted_classifier(seed=0), torch.zeros(3, dtype=torch.long)
    with pytest.raises(BadInput, match="no layer before conv:0"):
        layer_before(subject, torch.rand(3, 3, 12, 12), Unit("conv", 0), at, at)


def test_bad_input_is_one_sentence() -> None:
    planted = two_senses(seed=106, count=30)
    unit = Unit("units", 0)
    with pytest.raises(BadInput, match="above 0 on none of 2 inputs"):
        strongest(planted.subject, [torch.full((2, 3, 14, 14), 0.5)], unit)
    few = strongest(planted.subject, [planted.inputs], unit, count=5)
    with pytest.raises(BadInput, match="fewer than 24"):
        taken_apart(planted.subject, unit, few)
    with pytest.raises(BadInput, match="channels 0 to 2"):
        strongest(planted.subject, [planted.inputs], Unit("units", 3))
    with pytest.raises(UnknownName, match="seen"):
        contributions(planted.subject, few.inputs, unit, few.row, few.column, before="sean")


def test_nothing_is_left_on_the_subject() -> None:
    planted = two_senses(seed=107)
    subject, unit = planted.subject, Unit("units", 0)
    torch.manual_seed(3)
    before, state = {k: v.clone() for k, v in subject.module.state_dict().items()}, torch.get_rng_state()
    taken_apart(subject, unit, strongest(subject, [planted.inputs], unit))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[name], value) for name, value in subject.module.state_dict().items())
    assert all(p.grad is None and not p.requires_grad for p in subject.module.parameters())
    assert not any(inner._forward_hooks for inner in subject.module.modules())
