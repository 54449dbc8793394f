"""Gridworld agents are subjects too: a few cells, channels that are things, a policy and a value."""

import numpy as np
import pytest
import torch

from core.faithfulness import OverParts, deletion, insertion, judge, replaced, sensitivity_n
from core.subject import run
from core.targets import Difference, Output
from envs import engine
from rl import agents, objects


@pytest.fixture(scope="module")
def seen():
    """Six beginnings of levels that an agent that ships sees: (subject, world, state, view, inputs)."""
    subject, about = agents.load("cheese-anywhere"), agents.info("cheese-anywhere")
    state = engine.reset(about.world, np.arange(6))
    return subject, about.world, state, about.view, agents.see(about.world, state, about.view)


def test_baselines_mean_something_for_things_as_channels(seen):
    inputs = seen[-1]
    assert replaced(inputs, "black").abs().max() == 0  # a cell with nothing in it
    mean = replaced(inputs, "mean")
    assert torch.allclose(
        mean.sum((2, 3)), inputs.sum((2, 3)), atol=1e-3
    )  # as much of each thing, everywhere
    assert mean.flatten(2).std(2).max() < 1e-6
    blur = replaced(inputs, "blur")
    assert ((blur >= 0) & (blur <= inputs.amax((2, 3), keepdim=True) + 1e-5)).all()
    thing = torch.zeros(1, 5, 9, 9)
    thing[0, 3, 4, 4] = 1.0
    smeared = replaced(thing, "blur")
    assert smeared[0, 3].argmax() == 4 * 9 + 4
    assert 0 < smeared[0, 3, 4, 5] < smeared[0, 3, 4, 4] < 0.5
    assert smeared[0, [0, 1, 2, 4]].abs().max() == 0  # no channel spills into another


def test_a_position_goes_with_all_its_channels(seen):
    subject, *_, inputs = seen
    n, _, h, w = inputs.shape
    maps = torch.rand(n, h, w, generator=torch.Generator().manual_seed(0))
    for target in (
        Output("policy", 1),
        Output("value"),
        Difference(Output("policy", 0), Output("policy", 2)),
    ):
        down = deletion(subject, inputs, target, maps, baseline="black", steps=10_000)
        assert down.scores.shape == (n, h * w + 1)
        first = maps.flatten(1).argmax(1)
        gone = inputs.flatten(2).clone()
        gone[torch.arange(n), :, first] = 0.0
        expected = run(subject, gone.view_as(inputs))
        if target == Output("value"):
            assert torch.allclose(down.scores[:, 1], expected["value"].flatten(), atol=1e-4)
        up = insertion(subject, inputs, target, maps, baseline="black", steps=4)
        assert torch.allclose(up.scores[:, -1], down.scores[:, 0], atol=1e-4)
    assert sensitivity_n(subject, inputs, Output("value"), maps, samples=4).side == 1


def test_objects_are_judged_with_their_inputs(seen):
    subject, world, state, view, inputs = seen
    parts = objects.parts(world, state, view)
    gone = objects.baseline(world, state, view)
    over = OverParts("shapley", parts, gone)
    chosen = run(subject, inputs)["policy"].argmax(1).tolist()
    targets = [Output("policy", action) for action in chosen]
    verdicts = judge(
        subject,
        inputs,
        targets,
        methods={"objects": over, "saliency": "saliency"},
        metrics=("deletion-black", "insertion-black", "infidelity"),
        samples=6,
    )
    assert set(verdicts.ranks) == {"objects", "saliency", "random", "edges"}
    assert all(np.isfinite(row.values).all() for row in verdicts.rows)
    assert verdicts.row("objects", "infidelity").values.max() <= 1.0
    assert {check.check for check in verdicts.checks if check.passes is not None} == {
        "randomisation",
        "random-logit",
    }
