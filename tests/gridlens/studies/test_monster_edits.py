"""The edits of the Monster study are what they say, on a network that nobody has trained."""

import pytest
import torch

from core.interventions import intervened
from core.subject import run
from envs.registry import world
from gridlens.studies.monster.edits import FACTORS, SHIFTS, TIMES, Known, edits, gated, pull, shifted
from gridlens.studies.monster.turning import chosen
from gridlens.studies.monster.wiring import scaled
from rl.agents import as_subject, see
from rl.choices import crossroads, fewer, leaning
from rl.networks import build

MONSTERS = world("monster")


@pytest.fixture(scope="module")
def fresh():
    net = build("mlp", shape=(5, 15, 15), actions=5, seed=0)
    with torch.no_grad():
        net.policy.weight *= 100  # an untrained policy is nearly uniform
    return as_subject(net, MONSTERS, view="window", name="fresh")


@pytest.fixture(scope="module")
def known():
    choice = crossroads(MONSTERS, 40, ("apple", "shield"), seed=0)
    none = fewer(MONSTERS, choice.state, "monster", 0, seed=0)
    return Known(see(MONSTERS, none, "window"), see(MONSTERS, choice.state, "window"), choice)


def answer(subject, seen):
    with torch.no_grad():
        return run(subject, seen)["policy"]


def test_there_are_all_of_them_under_names_of_their_own(fresh, known):
    every = list(edits(fresh, known))
    assert len(every) == 2 * (128 + 64) + 4 * len(TIMES) + 4 * len(SHIFTS) + sum(map(len, FACTORS.values()))
    assert len({edit.name for edit in every}) == len(every)
    before = answer(fresh, known.none)
    for edit in every[::20]:
        drawn = edit.drawn(torch.Generator().manual_seed(0))
        assert drawn.family == edit.family
        with intervened(drawn.subject, *drawn.interventions) as other:
            assert answer(other, known.none).shape == before.shape
    assert torch.equal(answer(fresh, known.none), before)


def test_a_gradient_points_where_the_lean_grows(fresh, known):
    def lean(subject):
        apple, _ = leaning(answer(subject, known.none).softmax(1), known.choice.towards)
        return float(torch.logit(apple, eps=1e-6).mean())

    for layer in ("hidden1", "hidden2"):
        way = pull(fresh, layer, known)
        less, more = (shifted(fresh, layer, size * way).subject for size in (-0.1, 0.1))
        assert lean(less) < lean(fresh) < lean(more)


def test_a_gate_on_the_input_is_shut_where_all_monsters_are_seen(fresh, known):
    all_seen = known.all[:, 1].sum((1, 2)) == 5
    edit = gated(fresh, "hidden1", torch.ones(128), known)
    open_, shut = (
        (answer(edit.subject, seen) - answer(fresh, seen)).abs().amax(1) for seen in (known.none, known.all)
    )
    assert bool(all_seen.any())
    assert float(shut[all_seen].max()) < 1e-4 < float(open_.min())
    always = shifted(fresh, "hidden1", torch.ones(128))
    assert torch.allclose(answer(edit.subject, known.none), answer(always.subject, known.none), atol=1e-4)


def test_a_channel_scaled_is_an_input_scaled(fresh, known):
    seen = known.none.clone()
    seen[:, 2] *= 0.5
    assert torch.allclose(answer(scaled(fresh, "shield", 0.5), known.none), answer(fresh, seen), atol=1e-5)


def test_the_best_edit_is_chosen_by_the_half_that_it_is_chosen_by():
    rows = [
        {"edit": "strong", "either chosen": 0.95, "changed chosen": 0.3, "apple chosen": 0.9},
        {"edit": "mild", "either chosen": 0.95, "changed chosen": 0.05, "apple chosen": 0.6},
        {"edit": "lost", "either chosen": 0.2, "changed chosen": 0.05, "apple chosen": 0.99},
    ]
    assert [chosen(rows, how)["edit"] for how in ("keeping", "whatever it costs")] == ["mild", "strong"]
