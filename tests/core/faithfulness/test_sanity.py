"""Checks that a method must pass: its map follows the weights and the answer; nothing is left behind."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from core.attribution import METHODS, input_x_gradient
from core.errors import BadInput, UnknownName
from core.faithfulness import (
    case_of,
    max_sensitivity,
    neighbours,
    random_logit,
    randomisation,
    randomised,
)
from core.faithfulness.random_logit import another
from core.faithfulness.randomisation import learned_layers
from core.faithfulness.sanity import CHECKS, check
from core.faithfulness.similarity import spearman
from core.subject import InputSpec, run, wrap
from core.targets import Difference, Direction, Output, Unit
from core.testing import lanterns, planted_classifier, spotlight


def whole(subject, inputs, target):
    """A map that ignores which class is asked for: what all of them add."""
    return sum(
        input_x_gradient(subject, inputs, Output("class", k)).heatmap()
        for k in range(len(subject.heads["class"]))
    )


def brightness(subject, inputs, target):
    """A map that ignores the network."""
    return inputs.sum(1)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("method", ["integrated-gradients", "saliency", "occlusion"])
def test_methods_that_ask_the_network_pass_both_checks(method, seed):
    made = lanterns(seed=seed)
    case = case_of(made.subject, made.inputs, Output("class", 1), made.truth[1], seed=seed)
    for name in CHECKS:
        found = check(name, case, method, label=method)
        assert found.passes, found.reason


@pytest.mark.parametrize(("method", "failing"), [(whole, "random-logit"), (brightness, "randomisation")])
def test_methods_that_do_not_fail_the_check_that_is_theirs(method, failing):
    made = lanterns(seed=3)
    case = case_of(made.subject, made.inputs, Output("class", 0), made.truth[0])
    found = check(failing, case, method, label="mine")
    assert found.passes is False
    assert found.similarity.estimate > 0.999
    assert f"{failing}: " in found.reason
    assert "still like" in found.reason


@pytest.mark.parametrize("name", ["random", "edges"])
def test_controls_fail_both(name):
    made = lanterns(seed=4, n=4)
    case = case_of(made.subject, made.inputs, [Output("class", k) for k in (0, 1, 1, 3)], made.truth[0, :4])
    assert [check(kind, case, name, label=name).passes for kind in CHECKS] == [False, False]


def test_checks_that_do_not_apply_say_so():
    subject = spotlight()
    case = case_of(subject, torch.rand(2, 3, 10, 10), Output("value"), torch.rand(2, 10, 10))
    found = check("random-logit", case, "saliency", label="saliency")
    assert found.passes is None
    assert found.reason == "random-logit: value:0 has no other of its kind"


def test_the_cascade_goes_down_from_the_answer_and_repeats_itself():
    subject = planted_classifier(seed=0)
    assert learned_layers(subject, [Output("class", 0)]) == ("head", "conv")
    assert learned_layers(subject, [Unit("pool", 0)]) == ("conv",)
    top, every = randomised(subject, ["head"], seed=4), randomised(subject, ["head", "conv"], seed=4)
    kept, gone = top.module.state_dict(), every.module.state_dict()
    was = subject.module.state_dict()
    assert torch.equal(kept["conv.weight"], was["conv.weight"])
    assert torch.equal(kept["head.weight"], gone["head.weight"])
    assert not torch.equal(gone["conv.weight"], was["conv.weight"])
    for name, values in gone.items():
        size = values.square().mean().sqrt() / was[name].square().mean().sqrt()
        assert 0.6 < size < 1.5
        assert name.endswith("weight") or torch.equal(values.sort().values, was[name].sort().values)
    assert not torch.equal(gone["conv.weight"], randomised(subject, ["conv"], seed=5).module.conv.weight)


class _Flow(torch.nn.Module):
    """A container with parameters of its own, one layer called twice, one never."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1, 3, 1, 1))
        self.body = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), torch.nn.ReLU())
        self.unused = torch.nn.Linear(4, 4)
        self.head = torch.nn.Linear(3, 2)

    def forward(self, inputs):
        return self.head(self.body(self.body(inputs * self.scale)).mean((2, 3)))


def test_containers_come_where_they_begin_and_what_is_unused_nowhere():
    spec = InputSpec((3, 6, 6), mean=(0.0,) * 3, std=(1.0,) * 3)
    subject = wrap(_Flow(), name="flow", spec=spec, heads={"class": ("a", "b")})
    assert set(learned_layers(subject, [Output("class", 0)])) == {"head", "body.0", ""}
    assert learned_layers(subject, [Output("class", 0)])[0] == "head"
    found = randomisation(subject, torch.rand(2, 3, 6, 6), Output("class", 1), "saliency", stages=9)
    assert len(found.layers) == 3


def test_similarity_falls_as_the_cascade_goes_down():
    made = lanterns(seed=5)
    found = randomisation(made.subject, made.inputs, Output("class", 2), "input-x-gradient")
    assert found.layers == ("read", "eye")
    assert found.signed[:, -1].abs().max() < 0.5
    assert found.signed.shape == found.absolute.shape == (8, 2)
    again = randomisation(made.subject, made.inputs, Output("class", 2), "input-x-gradient")
    assert torch.equal(found.signed, again.signed)


def test_spearman_is_scipys():
    a, b = torch.rand(2, 5, 6, 7, generator=torch.Generator().manual_seed(0)).round(decimals=1)
    expected = [spearmanr(one.flatten(), two.flatten()).statistic for one, two in zip(a, b, strict=True)]
    assert torch.allclose(spearman(a, b), torch.tensor(expected, dtype=torch.float32), atol=1e-6)


def test_the_other_answer_is_another_of_the_same_kind():
    subject, rng = planted_classifier(seed=0), np.random.default_rng(0)
    for _ in range(20):
        assert another(subject, Output("class", 2), rng).index in (0, 1)
        assert another(subject, Unit("conv", 1, 2, 2), rng).channel in (0, 2, 3)
        pair = another(subject, Difference(Output("class", 0), Output("class", 1)), rng)
        assert pair.first.index in (1, 2)
        assert pair.second.index != pair.first.index
    with pytest.raises(BadInput, match="no other of its kind"):
        another(subject, Direction("conv", torch.ones(4), "all"), rng)


def test_random_logit_answers_for_every_input_its_own_target():
    made = lanterns(seed=6, n=3)
    targets = [Output("class", 0), Output("class", 3), Output("class", 0)]
    found = random_logit(made.subject, made.inputs, targets, "input-x-gradient", seed=2)
    assert all(mine != other for mine, other in zip(targets, found.others, strict=True))
    for i, (mine, other) in enumerate(zip(targets, found.others, strict=True)):
        expected = spearman(made.truth[mine.index, i : i + 1], made.truth[other.index, i : i + 1])
        assert torch.allclose(found.signed[i], expected[0], atol=1e-4)


def test_max_sensitivity_of_a_linear_map_is_bounded_and_of_a_constant_one_nothing():
    made = lanterns(seed=7, n=3)
    exact = max_sensitivity(
        made.subject, made.inputs, Output("class", 0), "input-x-gradient", samples=4, seed=1
    )
    moved = torch.stack(
        [
            ((near - made.inputs) * made.subject.module.eye.weight).sum(1) * (made.truth[0] != 0)
            for near in neighbours(made.inputs, radius=0.02, samples=4, seed=1)
        ]
    )
    weights = made.subject.module.read.weight[0].view(16, 16)
    expected = ((moved * weights).flatten(2).norm(dim=2) / made.truth[0].flatten(1).norm(dim=1)).amax(0)
    assert torch.allclose(exact.values, expected, atol=1e-5)
    still = max_sensitivity(made.subject, made.inputs, Output("class", 0), "saliency", samples=2)
    assert still.values.max() < 1e-6  # the gradient of a linear network is the same everywhere
    with pytest.raises(BadInput, match="both must be positive"):
        max_sensitivity(made.subject, made.inputs, Output("class", 0), "saliency", radius=0.0)
    with pytest.raises(UnknownName, match="nearest valid one is 'saliency'"):
        max_sensitivity(made.subject, made.inputs, Output("class", 0), "salience")


def _state(subject):
    """Python's own random state is left out: the type checker of the tests draws from it, nothing here does."""
    module = subject.module
    return (
        {name: value.clone() for name, value in module.state_dict().items()},
        [
            (len(inner._forward_hooks), len(inner._backward_hooks), inner.training)
            for inner in module.modules()
        ],
        [(one.grad is None, one.requires_grad) for one in module.parameters()],
        torch.get_rng_state(),
        np.random.get_state()[1].copy(),  # noqa: NPY002 - the global state is what is looked at
    )


def _same(before, after):
    assert all(torch.equal(value, after[0][name]) for name, value in before[0].items())
    assert before[1:3] == after[1:3]
    assert torch.equal(before[3], after[3])
    assert (before[4] == after[4]).all()


@pytest.mark.parametrize("stop", [None, ValueError, KeyboardInterrupt])
def test_nothing_is_left_on_the_subject_or_in_the_random_state(stop):
    subject = planted_classifier(seed=1)
    inputs = torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    calls = []

    def method(subject, inputs, target):
        calls.append(1)
        if stop is not None and len(calls) % 2 == 0:
            raise stop
        return METHODS["saliency"](subject, inputs, target)

    before = _state(subject)
    for measure in (randomisation, random_logit, max_sensitivity):
        if stop is None:
            measure(subject, inputs, Output("class", 1), method)
        else:
            with pytest.raises(stop):
                measure(subject, inputs, Output("class", 1), method)
        _same(before, _state(subject))
    run(subject, inputs)
