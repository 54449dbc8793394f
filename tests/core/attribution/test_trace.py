"""No method leaves a trace on the model or the random state, whatever happens inside."""

import contextlib
import copy

import numpy as np
import pytest
import torch
from torch import nn

from core.attribution import METHODS, attribute, methods_for
from core.subject import InputSpec, run, wrap
from core.targets import Difference, Output, Unit
from core.testing import planted_classifier, seeker


def everything(subject):
    """All that a method could change: tensors, modes, gradients, hooks, attributes, random states.

    Not Python's own: the hook that checks types in tests draws from it.
    """
    modules = list(subject.module.modules())
    return (
        {name: value.clone() for name, value in subject.module.state_dict().items()},
        [(module.training, sorted(vars(module))) for module in modules],
        [(one.requires_grad, one.grad) for one in subject.module.parameters()],
        [
            len(hooks)
            for module in modules
            for hooks in (
                module._forward_hooks,
                module._forward_pre_hooks,
                module._backward_hooks,
                module._backward_pre_hooks,
            )
        ],
        torch.get_rng_state(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002 - the global state is what is asked about
        torch.is_grad_enabled(),
    )


def same(before, after):
    states = before[0].keys() == after[0].keys() and all(
        torch.equal(value, after[0][name]) for name, value in before[0].items()
    )
    return (
        states and before[1:4] == after[1:4] and torch.equal(before[4], after[4]) and before[5:] == after[5:]
    )


TARGETS = [Output("class", 1), Difference(Output("class", 0), Output("class", 2)), Unit("pool", 3)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("at", [None, "relu"])
def test_no_method_leaves_a_trace(method, target, at):
    if method == "edges" and at is not None:
        pytest.skip("edges are of pictures")
    subject, images = planted_classifier(seed=4), torch.rand(2, 3, 12, 12)
    copied, before = images.clone(), everything(subject)
    answer = attribute(subject, images, target, method=method, at=at)
    assert same(before, everything(subject))
    assert torch.equal(images, copied)
    assert images.grad is None
    assert not images.requires_grad
    assert not answer.values.requires_grad
    assert torch.isfinite(answer.values).all()


class Breaks(nn.Module):
    """Raises after so many calls."""

    def __init__(self, error):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)
        self.left, self.error = [10**9], [error]

    def forward(self, inputs):
        maps = torch.relu(self.conv(inputs))
        self.left[0] -= 1
        if self.left[0] < 0:
            raise self.error[0]("stopped")
        return self.head(maps.mean((2, 3)))


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("random", "edges")])
def test_not_even_when_it_is_broken_off(method, error):
    spec = InputSpec((3, 8, 8), (0.5,) * 3, (0.5,) * 3)
    subject = wrap(Breaks(error), name="breaks", spec=spec, heads={"class": ("a", "b")})
    images = torch.rand(2, 3, 8, 8)
    before = everything(subject)
    for calls in (1, 2, 3):
        subject.module.left[0] = calls
        at = "conv" if method != "grad-cam" else None
        with contextlib.suppress(error):
            attribute(subject, images, Output("class", 0), method=method, at=at)
        assert same(before, everything(subject))


def test_asking_what_a_network_can_take_leaves_none_either():
    subject = seeker(seed=1)
    before = everything(subject)
    assert methods_for(subject) == tuple(METHODS)
    assert same(before, everything(subject))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_again_and_in_any_batch(method):
    subject = copy.deepcopy(planted_classifier(seed=5))
    images = torch.rand(5, 3, 12, 12, generator=torch.Generator().manual_seed(2))
    target = Output("class", 0)
    whole = attribute(subject, images, target, method=method).values
    assert torch.equal(whole, attribute(subject, images, target, method=method).values)
    if method not in ("random", "smoothgrad"):  # whose noise is drawn for the batch
        alone = torch.cat(
            [attribute(subject, images[i : i + 1], target, method=method).values for i in range(5)]
        )
        assert torch.allclose(whole, alone, atol=1e-5)
    assert run(subject, images)["class"].shape == (5, 3)
