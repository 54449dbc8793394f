"""A trace finds the planted units and places; what is patched onto itself does nothing, and controls recover little."""

import pytest
import torch
from torch import nn

from core.errors import BadInput
from core.interventions import attribution_patching, continuation, patch_effects
from core.interventions.tracing import ANOTHER, BEST, RANDOM, TAKEN, counts, trace
from core.pairs import Pair
from core.subject import InputSpec, wrap
from core.targets import Difference, Output
from core.testing import planted_classifier, spotlight

EVERYWHERE = torch.ones(10, 10, dtype=torch.bool)


class Many(nn.Module):
    """40 units that see the same; class 0 is units 3 and 7 at rows 0 and 1, class 1 is nothing."""

    def __init__(self):
        super().__init__()
        self.eye = nn.Conv2d(1, 40, 1, bias=False)
        self.relu = nn.ReLU()
        nn.init.ones_(self.eye.weight)
        weight = torch.zeros(40, 14, 14)
        weight[[3, 7], :2] = 1.0
        self.register_buffer("weight", weight)

    def forward(self, inputs):
        first = (self.relu(self.eye(inputs)) * self.weight).sum((1, 2, 3))
        return torch.stack([first, torch.full_like(first, 14.0)], 1)


def many():
    spec = InputSpec((1, 14, 14), (0.0,), (1.0,), ("grey",))
    return wrap(Many(), name="many", spec=spec, heads={"class": ("something", "nothing")})


def pair(clean, corrupted, unrelated, head="class"):
    changed = (clean != corrupted).any(0)
    return Pair("planted", "one", clean, corrupted, unrelated, head, 0, 1, changed)


@pytest.fixture(scope="module")
def traced():
    clean, corrupted = torch.ones(1, 14, 14), torch.zeros(1, 14, 14)
    tail = continuation(many(), "relu", Output("class", 0))
    return trace(tail, pair(clean, corrupted, corrupted), units=64, seed=0)


def test_the_planted_units_and_no_others_have_effects(traced):
    wanted = torch.zeros(40)
    wanted[[3, 7]] = 0.5
    assert torch.allclose(traced.units.exact, wanted, atol=1e-6)
    assert torch.allclose(traced.units.gradient, wanted, atol=1e-6)  # behind the ReLU all is linear
    assert traced.units.drawn.all()
    assert sorted(traced.units.order[:2].tolist()) == [3, 7]


def test_the_planted_places_are_found_in_blocks_of_two(traced):
    exact = traced.places.exact.view(traced.grid)
    assert traced.grid == (7, 7)
    assert torch.allclose(exact[0], torch.full((7,), 1 / 7), atol=1e-6)
    assert torch.allclose(exact[1:], torch.zeros(6, 7), atol=1e-6)


def test_best_sites_recover_controls_do_not_and_selves_are_exact(traced):
    assert (traced.whole, traced.idle, traced.full) == (1.0, 0.0, 1.0)
    joint = traced.units.joint
    assert joint[BEST].tolist() == pytest.approx([0.5, 1, 1, 1, 1])  # 1, 2, 4 ... of 40 units
    assert joint[TAKEN].tolist() == pytest.approx([0.5, 1, 1, 1, 1])
    assert joint[RANDOM][0] <= 0.5
    assert joint[ANOTHER].abs().max() == 0  # the unrelated input is as dark as the corrupted one


def test_singles_are_patch_effects_and_the_gradient_is_attribution_patching():
    subject, generator = planted_classifier(seed=3), torch.Generator().manual_seed(1)
    clean, corrupted, third = torch.rand(3, 3, 12, 12, generator=generator)
    towards = Difference(Output("class", 0), Output("class", 1))
    ends = patch_effects(subject, clean[None], corrupted[None], towards, "conv")
    if ends.clean[0] < ends.corrupted[0]:
        clean, corrupted = corrupted, clean
    made = trace(
        continuation(subject, "conv", Output("class", 2)), pair(clean, corrupted, third), units=9, seed=0
    )
    question = (subject, clean[None], corrupted[None], towards, "conv")
    assert torch.allclose(made.units.exact, patch_effects(*question).effects[0], atol=1e-4)
    assert torch.allclose(made.units.gradient, attribution_patching(*question).effects[0], atol=1e-4)


def test_of_many_units_the_strongest_and_a_fair_sample_are_measured():
    subject = many()
    clean, corrupted = torch.full((1, 14, 14), 2.0), torch.full((1, 14, 14), 0.1)
    made = trace(
        continuation(subject, "relu", Output("class", 0)), pair(clean, corrupted, corrupted), units=10, seed=0
    )
    measured = ~made.units.exact.isnan()
    assert made.units.drawn.sum() == 5
    assert 5 <= measured.sum() <= 10
    assert measured[[3, 7]].all()  # the gradient sees them: the ReLU is on in both


def test_a_layer_of_numbers_has_no_places():
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.flat = nn.Flatten()

        def forward(self, inputs):
            seen = self.flat(inputs)
            return torch.stack([seen[:, :50].sum(1), seen[:, 50:].sum(1)], 1)

    spec = InputSpec((1, 10, 10), (0.0,), (1.0,), ("grey",))
    subject = wrap(Flat(), name="flat", spec=spec, heads={"class": ("top", "bottom")})
    clean, corrupted = torch.zeros(2, 1, 10, 10)
    clean[:, :5], corrupted[:, 5:] = 1.0, 1.0
    made = trace(
        continuation(subject, "flat", Output("class", 0)), pair(clean, corrupted, clean), units=200, seed=0
    )
    assert made.places is None
    assert torch.allclose(made.units.exact, torch.full((100,), 0.01), atol=1e-6)


def test_nothing_stays_on_the_subject():
    subject = many()
    before = {name: len(module._forward_hooks) for name, module in subject.module.named_modules()}
    test = pair(torch.ones(1, 14, 14), torch.zeros(1, 14, 14), torch.zeros(1, 14, 14))
    state = torch.get_rng_state()
    trace(continuation(subject, "relu", Output("class", 0)), test, units=8, seed=0)
    assert torch.equal(state, torch.get_rng_state())
    assert {name: len(module._forward_hooks) for name, module in subject.module.named_modules()} == before
    assert all(parameter.grad is None for parameter in subject.module.parameters())


@pytest.mark.parametrize(
    ("total", "wanted"), [(4, (1, 1, 1, 1, 2)), (49, (1, 2, 5, 10, 24)), (512, (10, 26, 51, 102, 256))]
)
def test_shares_are_whole_sites(total, wanted):
    assert counts(total) == wanted


def test_a_pair_that_does_not_turn_is_refused():
    dark = torch.zeros(3, 10, 10)
    with pytest.raises(BadInput, match="does not part"):
        trace(
            continuation(spotlight(), "relu", Output("policy", 0)),
            pair(dark, dark, dark, "policy"),
            units=2,
            seed=0,
        )
