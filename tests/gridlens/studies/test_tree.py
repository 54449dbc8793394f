"""The Tree study: states that differ by trees far away alone, what felling hangs on, edits as they are said to be."""

import numpy as np
import pytest
import torch

from core.activations import capture
from core.interventions import intervened, patch
from core.subject import run
from core.uncertainty import Interval
from envs import engine
from envs.play.felling import STAY, TREE
from envs.registry import world as make_world
from envs.state import take
from gridlens.studies.tree.agents import Agent, intervals, moments, spread
from gridlens.studies.tree.forests import FAR, Edges, edges
from gridlens.studies.tree.knowledge import LAST
from gridlens.studies.tree.order import Event, come
from gridlens.studies.tree.play import returns
from gridlens.studies.tree.sparing import CLOSE, answers, gap, slopes
from gridlens.studies.tree.turned import beyond
from gridlens.studies.tree.turning import EDITS, Held, made
from rl.agents import AgentInfo, as_subject, see
from rl.networks import build

WORLD = make_world("tree", r_min=0.001)


@pytest.fixture(scope="module")
def asked():
    return edges(WORLD)


def network(seed):
    made = build("mlp", shape=(2, 19, 19), actions=5, seed=seed)
    return as_subject(made, WORLD, view="window", name="fresh")


def agent(steps=(0, 1, 2)):
    about = AgentInfo("planted", WORLD, "window", "mlp")
    return Agent(0, None, about, (), tuple(steps), steps[0], steps[-1])


def test_trees_go_one_by_one_and_never_those_near(asked):
    for trees, state in asked.left.items():
        steps = [
            np.abs(np.argwhere(one[TREE]) - at).sum(1)
            for one, at in zip(state.planes, state.agent, strict=True)
        ]
        assert all(len(far) == trees and (far == 1).sum() == 1 for far in steps)
        assert all((far[far > 1] >= FAR).all() for far in steps)
        assert (state.agent == asked.left[10].agent).all()
        if trees > 1:
            nearest = [far[far > 1].min() for far in steps]
            assert (asked.next[trees] == nearest).all()
            gone = state.planes[:, TREE].astype(int) - asked.left[trees - 1].planes[:, TREE]
            assert (gone.sum((1, 2)) == 1).all()
            assert gone.min() == 0


def test_the_action_named_takes_the_tree_and_waiting_does_not(asked):
    def stays(world, state, words):
        return np.full(len(words), STAY)

    few = take(asked.left[3], slice(50))
    assert (returns(WORLD, few, stays, gamma=0.9, steps=5, first=asked.chop[:50]) == 1).all()
    assert (returns(WORLD, few, stays, gamma=0.9, steps=5) == 0).all()
    assert few.planes[:, TREE].sum() == 150  # and the states are as they were


def test_wood_later_counts_less():
    state = engine.reset(make_world("tree", trees=99, r_min=1.0), [0])

    def walks(world, state, words):
        return np.zeros(len(words), np.int64)

    found = returns(make_world("tree", trees=99, r_min=1.0), state, walks, gamma=0.5, steps=3)
    assert 0 < found[0] <= 1 + 0.5 + 0.25


def test_what_felling_hangs_on_is_told_apart(asked):
    planted = {n: 0.5 + 0.02 * n - 0.03 * asked.next[n] for n in CLOSE}
    assert slopes(planted, asked) == pytest.approx((0.02, -0.03))
    by_number = {n: np.full(len(asked.chop), 0.1 * n) for n in range(1, 11)}
    assert slopes(by_number, asked) == pytest.approx((0.1, 0.0), abs=1e-9)
    assert gap(by_number) == pytest.approx(0.9 - 0.15)


def test_a_policy_that_counts_is_seen_to_spare(asked):
    """Planted: it goes up where the forest is rich and stays where it is poor, whatever lies where."""
    rich = network(0)
    module = rich.module
    with torch.no_grad():
        for one in module.parameters():
            one.zero_()
        module.hidden1.weight[0, 361:] = 1.0  # the trees of the window
        module.hidden2.weight[0, 0] = 1.0
        module.policy.weight[0, 0], module.policy.bias[STAY] = 10.0, 45.0  # up from five trees on
    up = Edges(asked.left, np.zeros(len(asked.chop), np.int64), asked.next)
    found = answers(rich, agent(), up)
    seen = [
        float((see(WORLD, asked.left[n], "window")[:, 1].sum((1, 2)) > 4.5).float().mean()) for n in (10, 1)
    ]
    assert found["chop"][10].mean() == pytest.approx(seen[0], abs=0.01)
    assert found["chop"][1].mean() < 0.01
    assert found["stay"][1].mean() > 0.9
    assert gap(found["chop"]).mean() > 0.8


@pytest.mark.parametrize("edit", EDITS, ids=lambda one: one.name)
def test_edited_weights_do_what_edited_activations_would(asked, edit):
    subject, by = network(1), torch.Generator().manual_seed(0)
    seen = see(WORLD, take(asked.left[5], slice(20)), "window")
    said = capture(subject, seen, [LAST])[LAST]
    way, reader = torch.randn(2, said.shape[1], generator=by, dtype=torch.float64)
    held = Held(way, reader, 0.3, said.double())
    moved = said.double() + torch.outer(edit.shift + edit.gain * (said.double() @ reader - 0.3), way)
    with torch.no_grad(), intervened(subject, patch(LAST, moved.float())) as other:
        wanted = run(other, seen)["policy"]
    with torch.no_grad():
        before = run(subject, seen)
        found = run(made(subject, held, edit, way), seen)
    assert torch.allclose(found["policy"], wanted, atol=1e-3)
    assert not torch.allclose(found["policy"], before["policy"], atol=1e-3)
    assert torch.equal(found["value"], before["value"])


def test_moments_hold_what_is_asked_for():
    steps = list(range(0, 4_100_000, 100_000))
    found = moments(steps, [1_300_000])
    assert {0, 1_300_000, 4_000_000} <= set(found)
    assert 12 <= len(found) <= 18
    assert list(found) == sorted(found)


def test_what_has_come_lasts():
    scores = {0: [0.0, 0.5, 0.1, 0.6, 0.7], 1: [0.0, 0.5, 0.6, 0.6, 0.1]}

    def curve(known, seed):
        return [Interval(one, one - 0.05, one + 0.05, 10) for one in scores[seed]]

    event, planted = Event("known", "R²", curve, come=lambda known: 0.3), agent(range(5))
    assert come(planted, event, {}) == 3
    assert come(Agent(1, *list(vars(planted).values())[1:]), event, {}) is None


def test_intervals_come_back_from_rows():
    rows = [{"seed": 0, "n": 7} | dict(spread("score", Interval(0.5, 0.4, 0.6, 7)))]
    assert intervals(rows, "score", seed=0) == [Interval(0.5, 0.4, 0.6, 7)]


def test_beyond_chance_is_beyond_every_draw():
    rows = [
        {"seed": seed, "edit": "louder", "drawn": draw, "few": 1 - parted, "many": 1.0}
        for seed, edit in ((0, 0.6), (1, 0.3))
        for draw, parted in enumerate((edit, 0.1, 0.4))
    ]
    assert beyond(rows, "louder") == 1
