"""What an agent meets when it plays as in training, and what training would make of it: generalised advantages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from numpy.typing import NDArray

from core.subject import Subject, run
from envs import engine
from envs.spec import World
from envs.state import State
from rl.acting import chances
from rl.agents import see
from rl.draws import drawn, episode_words, step_words

Note = Callable[[World, State], NDArray]
"""Something to be noted of each instance before a step, (n,)."""


@dataclass(frozen=True, eq=False)
class Experience:
    """One episode of each of n levels, t steps; steps after an episode's end are not ``on``.

    ``notes``: what was noted before each step. ``values``: the critic's, in units of reward. ``advantages``: how much
    better each step turned out than the critic had expected, as PPO takes it [schulman2016].
    """

    on: Bool[np.ndarray, "n t"] = field(repr=False)
    events: UInt8[np.ndarray, "n t e"] = field(repr=False)
    event_names: tuple[str, ...]
    notes: Mapping[str, Int[np.ndarray, "n t"]] = field(repr=False)
    values: Float[np.ndarray, "n t"] = field(repr=False)
    advantages: Float[np.ndarray, "n t"] = field(repr=False)

    def of(self, event: str) -> UInt8[np.ndarray, "n t"]:
        """How often the event happened in each step."""
        return self.events[:, :, self.event_names.index(event)]


def experience(
    subject: Subject,
    world: World,
    levels: Int[np.ndarray, "n"],
    notes: Mapping[str, Note],
    *,
    view: str,
    seed: int = 0,
    discount: float = 0.97,
    smoothing: float = 0.95,
    reward_scale: float = 1.0,
) -> Experience:
    """Play one episode of each level, actions drawn, and judge each step as PPO would [schulman2016].

    An episode that was cut short by the world's limit is continued by what the critic says of its last state, as in
    training here. ``smoothing`` is PPO's lambda; ``reward_scale`` what rewards were multiplied by when the critic
    learned.

    >>> from envs.registry import world
    >>> from rl.agents import as_subject
    >>> from rl.networks import build
    >>> from rl.rollouts import level_seeds
    >>> monsters = world("monster")
    >>> net = build("mlp", shape=(5, 15, 15), actions=5, seed=0)
    >>> fresh = as_subject(net, monsters, view="window", name="fresh")
    >>> left = {"monsters": lambda world, state: state.planes[:, 2].sum((1, 2))}
    >>> met = experience(fresh, monsters, level_seeds(3, split="train", seed=0), left, view="window")
    >>> met.advantages.shape, met.notes["monsters"][:, 0].tolist()
    ((3, 25), [5, 5, 5])
    """
    n, steps, state = len(levels), world.limit, engine.reset(world, levels)
    words, on = episode_words(seed, levels), np.ones((n, steps + 1), bool)
    events = np.zeros((n, steps, len(world.events)), np.uint8)
    rewards, values, follows = (np.zeros((n, steps)) for _ in range(3))
    noted = {name: np.zeros((n, steps), np.int64) for name in notes}
    scores, worth = _asked(subject, world, state, view)
    for t in range(steps):
        for name, note in notes.items():
            noted[name][:, t] = note(world, state)
        values[:, t] = worth / reward_scale
        played = engine.step(world, state, drawn(chances(scores, "policy").numpy(), step_words(words, t)))
        events[:, t], rewards[:, t] = played.events, played.reward
        scores, worth = _asked(subject, world, state, view)
        follows[:, t] = worth / reward_scale
        if played.final is not None:
            last = _asked(subject, world, played.final, view)[1] / reward_scale
            follows[played.ended, t] = np.where(played.terminated[played.ended], 0.0, last)
        on[:, t + 1] = on[:, t] & ~(played.terminated | played.truncated)
    found = _advantages(rewards + discount * follows - values, on, discount * smoothing)
    return Experience(on[:, :-1], events, world.events, noted, values, found)


def _asked(subject: Subject, world: World, state: State, view: str) -> tuple[torch.Tensor, NDArray]:
    with torch.no_grad():
        said = run(subject, see(world, state, view))
    return said["policy"], said["value"][:, 0].numpy()


def _advantages(surprises: NDArray, on: NDArray, fading: float) -> NDArray:
    """Sums of what each step and those after it in the same episode brought beyond what was expected, fading."""
    found, after = np.zeros_like(surprises), np.zeros(len(surprises))
    for t in reversed(range(surprises.shape[1])):
        after = np.where(on[:, t], surprises[:, t] + fading * after * on[:, t + 1], 0.0)
        found[:, t] = after
    return found
