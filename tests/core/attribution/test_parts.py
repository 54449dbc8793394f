"""Parts taken away one by one, in all orders and in some: what the axioms promise, on games whose answer is known."""

import importlib
from itertools import permutations as orders

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.attribution import Parts, feature_ablation, numbers, occlusion, shapley, squares
from core.attribution.parts import laid_out, spread
from core.errors import BadInput
from core.layers import LayerInfo
from core.subject import InputSpec, run, wrap
from core.targets import Output
from core.testing import planted_classifier, switches
from core.testing.switches import SHARES

VALUE = Output("value")


def game(count, seed):
    """A random network of so many numbers."""
    generator = torch.Generator().manual_seed(seed)
    net = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(count, 6), torch.nn.ReLU(), torch.nn.Linear(6, 1)
    )
    for parameter in net.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    spec = InputSpec(
        (count, 1, 1), (0.0,) * count, (1.0,) * count, tuple(f"number {k}" for k in range(count))
    )
    return wrap(net, name="game", spec=spec, heads={"value": ("value",)})


def value(subject, inputs):
    return run(subject, inputs)["value"][:, 0].double()


@pytest.mark.parametrize("count", [5, 8])
def test_exact_values_are_those_of_the_definition(count):
    made = shapley(switches(count=count), torch.ones(2, count, 1, 1), VALUE)
    truth = [*SHARES, *[0.0] * count][:count]
    for row in made.part_values.tolist():
        assert row == pytest.approx(truth, abs=1e-6)
    assert not made.part_errors.any()


def test_exact_values_average_over_all_orders():
    subject, inputs = game(4, 3), torch.rand(1, 4, 1, 1)
    told = torch.zeros(4, dtype=torch.float64)
    for order in orders(range(4)):
        there = torch.zeros(1, 4, 1, 1)
        for part in order:
            before = value(subject, there)
            there = there.clone()
            there[:, part] = inputs[:, part]
            told[part] += (value(subject, there) - before)[0] / 24
    assert torch.allclose(shapley(subject, inputs, VALUE).part_values[0], told, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(count=st.integers(9, 14), seed=st.integers(0, 1000), pairs=st.integers(2, 5))
def test_sampled_values_sum_to_the_change_however_few_the_orders(count, seed, pairs):
    subject = game(count, seed)
    inputs = torch.rand(2, count, 1, 1, generator=torch.Generator().manual_seed(seed))
    made = shapley(subject, inputs, VALUE, permutations=2 * pairs, seed=seed)
    change = value(subject, inputs) - value(subject, torch.zeros_like(inputs))
    assert torch.allclose(made.part_values.sum(1), change, atol=1e-9)
    assert torch.allclose(made.values.flatten(1).sum(1).double(), change, atol=1e-4)
    assert made.completeness_gap.abs().max() < 1e-9


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_alike_parts_get_alike_and_dummies_nothing(seed):
    subject = game(6, seed)
    weight = subject.module[1].weight
    weight.data[:, 1] = weight.data[:, 0]
    weight.data[:, 5] = 0.0
    inputs = torch.rand(1, 6, 1, 1, generator=torch.Generator().manual_seed(seed))
    inputs[:, 1] = inputs[:, 0]
    found = shapley(subject, inputs, VALUE).part_values[0]
    assert abs(float(found[0] - found[1])) < 1e-6
    assert abs(float(found[5])) < 1e-6


def test_standard_errors_tell_how_far_the_truth_is(monkeypatch):
    """Errors by standard errors, over seeds: their spread is 1, as it is for honest errors."""
    subject, inputs = game(12, 8), torch.ones(1, 12, 1, 1)
    with monkeypatch.context() as patched:
        patched.setattr(importlib.import_module("core.attribution.shapley"), "EXACT", 12)
        truth = shapley(subject, inputs, VALUE).part_values
    scores = []
    for seed in range(30):
        made = shapley(subject, inputs, VALUE, permutations=40, seed=seed)
        scores.append((made.part_values - truth) / made.part_errors.clamp(min=1e-6))
    assert 0.8 < float(torch.cat(scores).std()) < 1.3


def test_reversed_pairs_are_more_exact_than_they_say():
    """An additive game is exact from one pair: each order and its reverse agree."""
    subject = game(10, 1)
    subject.module[1].bias.data[:] = 50.0  # every ReLU open
    made = shapley(subject, torch.rand(1, 10, 1, 1), VALUE, permutations=4)
    assert made.part_errors.max() < 1e-4


def test_ablation_misses_what_stands_in_for_each_other_and_shapley_does_not():
    inputs = torch.ones(1, 8, 1, 1)
    alone = feature_ablation(switches(), inputs, VALUE).part_values[0]
    assert alone[2:4].tolist() == pytest.approx([0, 0])
    assert shapley(switches(), inputs, VALUE).part_values[0, 2:4].tolist() == pytest.approx([0.5, 0.5])


def test_inputs_with_other_parts_in_one_batch():
    subject, images = planted_classifier(seed=2), torch.rand(2, 3, 12, 12)
    labels = torch.zeros(2, 3, 12, 12, dtype=torch.long)
    labels[:, :, :6] = 1
    labels[1, :, 6:, :6], labels[1, :, 6:, 6:] = 2, 3
    parts = Parts(labels, (("top",), ("top", "left", "right")))
    both = shapley(subject, images, Output("class", 0), parts=parts)
    alone = shapley(
        subject, images[:1], Output("class", 0), parts=Parts(labels[:1], (("top",),)), baseline="black"
    )
    assert torch.allclose(both.part_values[0, :1], alone.part_values[0], atol=1e-6)
    assert not both.part_values[0, 1:].any()
    assert not both.values[0, :, 6:].any()  # what belongs to no part is never taken away
    lost = feature_ablation(subject, images, Output("class", 0), parts=parts)
    assert torch.allclose(lost.part_values[0, :1], both.part_values[0, :1], atol=1e-6)


def test_occlusion_covers_every_value():
    subject, images = planted_classifier(seed=2), torch.rand(1, 3, 12, 12)
    for side, stride in ((3, 1), (5, 5), (7, 3)):
        made = occlusion(subject, images, Output("class", 0), side=side, stride=stride)
        assert torch.isfinite(made.values).all()
        assert (made.values[:, 0] == made.values[:, 2]).all()


def test_values_are_spread_evenly_and_laid_out_in_the_layers_order():
    parts = squares(torch.rand(1, 3, 5, 7), 2)
    assert parts.count == 12
    values = torch.arange(12.0)[None]
    assert spread(values, parts.labels).sum().item() == pytest.approx(66.0)
    maps = torch.rand(2, 3, 2, 2)
    last = LayerInfo("l", "L", (2, 2, 3), axes="hwc")
    tokens = LayerInfo("t", "T", (6, 3), axes="tc", extra=2)
    assert torch.equal(laid_out(maps, last, (2, 2, 2, 3)).movedim(-1, 1), maps)
    assert torch.equal(laid_out(maps, tokens, (2, 6, 3))[:, 2:].transpose(1, 2).reshape(maps.shape), maps)
    assert not laid_out(maps, tokens, (2, 6, 3))[:, :2].any()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Parts(torch.full((1, 1, 2, 2), 3), (("a",),)), "expected 0 to 1"),
        (lambda: Parts(torch.zeros(2, 1, 2, 2, dtype=torch.long), (("a",),)), "2 inputs"),
        (lambda: squares(torch.rand(1, 3, 4, 4), 0), "at least one pixel"),
        (
            lambda: shapley(
                switches(), torch.ones(1, 8, 1, 1), VALUE, parts=numbers(torch.ones(1, 3, 1, 1), "abc")
            ),
            "laid out for",
        ),
        (
            lambda: feature_ablation(
                switches(),
                torch.ones(1, 8, 1, 1),
                VALUE,
                parts=Parts(torch.zeros(1, 8, 1, 1, dtype=torch.long), ((),)),
            ),
            "no part",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(wrong, says):
    with pytest.raises(BadInput, match=says):
        wrong()
