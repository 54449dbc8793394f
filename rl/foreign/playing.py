"""Play a gymnasium environment with a Subject: the return of each episode, and their mean with an interval."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.errors import BadInput
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.subject import Subject, run
from core.uncertainty import Interval, bootstrap_interval
from rl.foreign.spaces import Surroundings, encode, make, surroundings

LIMIT = 100_000
"""Steps after which an episode is cut short where the environment itself has no limit."""
TOGETHER = 32
"""Environments that are played side by side."""


@dataclass(frozen=True, eq=False)
class Returns:
    """The undiscounted return and the length of each episode; ``interval`` is the mean return with 95 %."""

    env_id: str
    returns: Float[np.ndarray, "n"] = field(repr=False)
    lengths: Int[np.ndarray, "n"] = field(repr=False)
    interval: Interval
    provenance: Provenance = field(repr=False)


def evaluate(
    subject: Subject,
    env_id: str,
    *,
    episodes: int = 100,
    seed: int = 0,
    greedy: bool = True,
    progress: Progress = silent,
) -> Returns:
    """Episodes by the agent's best actions, or without ``greedy`` by actions drawn from its policy.

    Episode i begins from ``reset(seed=seed + i)``, so that agents meet the same beginnings.

    Raises
    ------
    BadInput
        if the agent does not fit the environment (both shapes are named), or a Q-network is asked to draw actions.

    >>> from core.subject import InputSpec, wrap
    >>> fresh = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2))
    >>> spec = InputSpec((4, 1, 1), (0.0,) * 4, (1.0,) * 4, ("x", "v", "angle", "spin"))
    >>> agent = wrap(fresh, name="fresh", spec=spec, heads={"policy": ("left", "right")})
    >>> found = evaluate(agent, "CartPole-v1", episodes=3)
    >>> bool((found.returns == found.lengths).all())
    True
    """
    around = surroundings(env_id)
    head = _check_plays(subject, around, greedy=greedy)
    if episodes < 1:
        raise BadInput(f"at least one episode must be played; got {episodes}")
    generator = torch.Generator().manual_seed(seed)
    label = f"{subject.name} in {env_id}, {'greedy' if greedy else 'sampled'}"

    def choose(observations: list[Any], _: list[int]) -> list[np.int64]:
        with torch.no_grad():
            answers = run(subject, encode(around.space, observations))[head].cpu()
        chosen = answers.argmax(1) if greedy else _drawn(answers, generator)
        return list(chosen.numpy())

    played: list[tuple[float, int]] = []
    for start in range(0, episodes, TOGETHER):
        progress(start, episodes, label)
        seeds = range(seed + start, seed + min(start + TOGETHER, episodes))
        played += _play(env_id, seeds, choose)
    progress(episodes, episodes, label)
    returns = np.array([one for one, _ in played], np.float64)
    return Returns(
        env_id,
        returns,
        np.array([length for _, length in played], np.int64),
        bootstrap_interval(returns, seed=seed),
        provenance(subject=subject.fingerprint, data=env_id, seed=seed, greedy=greedy, episodes=episodes),
    )


def moments(
    subject: Subject,
    env_id: str,
    *,
    episodes: int,
    each: int,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[Float[Tensor, "n c h w"], Int[np.ndarray, "n"]]:
    """What the agent sees at ``each`` times of every episode, evenly spaced, playing greedily; and of which episode.

    Raises
    ------
    BadInput
        if the agent does not fit the environment.

    >>> from core.subject import InputSpec, wrap
    >>> fresh = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2))
    >>> spec = InputSpec((4, 1, 1), (0.0,) * 4, (1.0,) * 4, ("x", "v", "angle", "spin"))
    >>> agent = wrap(fresh, name="fresh", spec=spec, heads={"policy": ("left", "right")})
    >>> seen, episode = moments(agent, "CartPole-v1", episodes=2, each=3)
    >>> seen.shape, episode.tolist()
    (torch.Size([6, 4, 1, 1]), [0, 0, 0, 1, 1, 1])
    """
    around = surroundings(env_id)
    head = _check_plays(subject, around, greedy=True)
    kept: list[Any] = []
    for start in range(0, episodes, TOGETHER):
        progress(start, episodes, f"{subject.name} in {env_id}")
        seen: list[list[Any]] = [[] for _ in range(min(TOGETHER, episodes - start))]

        def choose(observations: list[Any], which: list[int], seen: list[list[Any]] = seen) -> list[np.int64]:
            for i, observation in zip(which, observations, strict=True):
                seen[i].append(np.array(observation))
            with torch.no_grad():
                answers = run(subject, encode(around.space, observations))[head]
            return list(answers.argmax(1).cpu().numpy())

        _play(env_id, range(seed + start, seed + start + len(seen)), choose)
        kept += [one[step] for one in seen for step in np.linspace(0, len(one) - 1, each).round().astype(int)]
    progress(episodes, episodes, f"{subject.name} in {env_id}")
    return encode(around.space, kept), np.repeat(np.arange(episodes), each)


def _play(env_id: str, seeds: range, choose: Any) -> list[tuple[float, int]]:
    """One episode from each seed, side by side: returns and lengths."""
    envs = [make(env_id) for _ in seeds]
    try:
        seen: Mapping[int, Any] = {
            i: env.reset(seed=seed)[0] for i, (env, seed) in enumerate(zip(envs, seeds, strict=True))
        }
        returns, lengths = [0.0] * len(envs), [0] * len(envs)
        while seen:
            going = {}
            for i, action in zip(seen, choose(list(seen.values()), list(seen)), strict=True):
                observation, reward, terminated, truncated, _ = envs[i].step(action)
                returns[i] += float(reward)
                lengths[i] += 1
                if not (terminated or truncated or lengths[i] >= LIMIT):
                    going[i] = observation
            seen = going
        return list(zip(returns, lengths, strict=True))
    finally:
        for env in envs:
            env.close()


def _check_plays(subject: Subject, around: Surroundings, *, greedy: bool) -> str:
    """The head that chooses actions; raises BadInput where the subject cannot play."""
    head = next((name for name in ("policy", "q") if name in subject.heads), None)
    if head is None:
        raise BadInput(f"{subject.name} has heads {', '.join(subject.heads)}; an agent has 'policy' or 'q'")
    if head == "q" and not greedy:
        raise BadInput(
            f"{subject.name} is a Q-network, which has no policy to draw actions from; play it greedily"
        )
    if subject.spec.shape != around.shape or len(subject.heads[head]) != len(around.actions):
        raise BadInput(
            f"agent {subject.name} takes observations of shape {subject.spec.shape} and has "
            f"{len(subject.heads[head])} actions, but {around.env_id} gives {around.shape} and has "
            f"{len(around.actions)}"
        )
    return head


def _drawn(logits: Tensor, generator: torch.Generator) -> Tensor:
    return torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
