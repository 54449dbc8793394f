"""Experience: notes are those of the states, and advantages are those of the definition."""

import numpy as np
import pytest
import torch

from core.subject import run
from envs.registry import world
from rl.agents import as_subject, see
from rl.experience import experience
from rl.networks import build
from rl.reproductions.retracing import retraced
from rl.rollouts import level_seeds, play

MONSTERS = world("monster", limit=12)
LEVELS = level_seeds(30, split="train", seed=0)
NOTES = {"left": lambda world, state: state.planes[:, 2].sum((1, 2))}


def fresh(critic=True):
    net = build("mlp", shape=(5, 15, 15), actions=5, seed=0)
    if not critic:
        net.value.weight.data.zero_()
    return as_subject(net, MONSTERS, view="window", name="fresh")


def test_it_is_the_play_of_the_same_seed():
    found = experience(fresh(), MONSTERS, LEVELS, NOTES, view="window", seed=4)
    played = play(fresh(), MONSTERS, LEVELS, seed=4)
    assert (found.events == played.events).all()
    assert found.on.all()
    for t, state, _ in retraced(MONSTERS, played):
        assert (found.notes["left"][:, t] == state.planes[:, 2].sum((1, 2))).all()
        with torch.no_grad():
            said = run(fresh(), see(MONSTERS, state, "window"))["value"][:, 0].numpy()
        assert found.values[:, t] == pytest.approx(said, abs=1e-5)


def test_without_a_critic_an_advantage_is_the_reward_to_come():
    found = experience(fresh(critic=False), MONSTERS, LEVELS, {}, view="window", discount=1.0, smoothing=1.0)
    rewards = found.events @ MONSTERS.pay
    assert np.allclose(found.advantages, rewards[:, ::-1].cumsum(1)[:, ::-1])


def test_advantages_are_those_of_the_definition():
    found = experience(
        fresh(), MONSTERS, LEVELS, {}, view="window", discount=0.9, smoothing=0.8, reward_scale=0.5
    )
    rewards, values = found.events @ MONSTERS.pay, found.values
    # the last surprise holds what the critic says of the state in which the level was cut short
    surprise = rewards[:, :-1] + 0.9 * values[:, 1:] - values[:, :-1]
    for t in range(11):
        wanted = sum((0.9 * 0.8) ** (k - t) * surprise[:, k] for k in range(t, 11))
        wanted = wanted + (0.9 * 0.8) ** (11 - t) * found.advantages[:, 11]
        assert np.allclose(found.advantages[:, t], wanted)
