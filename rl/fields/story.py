"""Story: one episode step by step - policy, value, what surprised the agent, and what its value rested on."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from core.errors import BadInput
from core.provenance import Provenance, fingerprint, provenance
from core.runs import read_manifest
from core.subject import Subject
from core.targets import Output
from envs import engine
from envs.pictures.rendering import frame
from envs.pictures.seen import picture
from envs.spec import World
from envs.state import State, take
from rl.acting import action_head, ask, blank, chances, worth
from rl.agents import check_fits, see
from rl.episodes import Trajectory, replay, trajectory
from rl.fields.reasons import Reasons, chosen_outputs, reasons_of
from rl.fields.surprise import Discount, peaks, policy_changes, surprises, td_errors
from rl.organism import folder_of
from rl.rollouts import UNLIMITED, play

USUAL = Discount()


@dataclass(frozen=True)
class StoryConfig:
    """How episodes are played and told.

    ``of``: whose attribution is told, the "value" or the "action" that was played; a Q-network's value is its best
    action's. ``method``: of ``core.attribution.METHODS``. ``bookmarks``: the most there are, ``apart`` steps or more
    from each other. ``steps``: where an episode is cut short in a world without a limit, or earlier than the world's.
    """

    discount: Discount = USUAL
    of: Literal["value", "action"] = "value"
    method: str = "integrated-gradients"
    bookmarks: int = 4
    apart: int = 3
    greedy: bool = False
    seed: int = 0
    steps: int = UNLIMITED


@dataclass(frozen=True, eq=False)
class Bookmark:
    """A moment of large surprise: the level as it stood, what the agent saw, and what it rested on there.

    ``frame`` and ``seen`` are pictures; ``attribution`` (rows, columns) belongs to what was seen, summed over its
    channels. ``why``: in words, what came of the step.
    """

    step: int
    surprise: float
    why: str
    frame: UInt8[np.ndarray, "y x 3"] = field(repr=False)
    seen: UInt8[np.ndarray, "v u 3"] = field(repr=False)
    attribution: Float[np.ndarray, "h w"] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Story:
    """An episode of t steps; all arrays begin with them.

    ``policy`` and ``values`` (in the agent's own units) are those before each step; ``errors``, ``changes`` and
    ``surprise`` as by ``rl.fields.surprise``, of what came of the step. ``happened``: its events, in words.
    """

    subject: str
    world: str
    level: int
    action_names: tuple[str, ...]
    actions: Int[np.ndarray, "t"] = field(repr=False)
    policy: Float[np.ndarray, "t a"] = field(repr=False)
    values: Float[np.ndarray, "t"] = field(repr=False)
    rewards: Float[np.ndarray, "t"] = field(repr=False)
    errors: Float[np.ndarray, "t"] = field(repr=False)
    changes: Float[np.ndarray, "t"] = field(repr=False)
    surprise: Float[np.ndarray, "t"] = field(repr=False)
    happened: tuple[str, ...] = field(repr=False)
    terminated: bool
    reasons: Reasons
    bookmarks: tuple[Bookmark, ...]
    discount: Discount
    provenance: Provenance = field(repr=False)


def story_of(
    subject: Subject, world: World, level: int, *, view: str = "window", config: StoryConfig = StoryConfig()
) -> Story:
    """Play one level and tell it; an agent's memory is carried through it.

    Raises
    ------
    BadInput, UnknownName
        if the world does not fit the agent, or the agent cannot take the attribution method.

    >>> from envs.registry import world
    >>> from rl.agents import load
    >>> told = story_of(load("cheese-corner"), world("cheese", size=9, rand_region=63, limit=100), 3)
    >>> told.reasons.channels, len(told.errors) == len(told.values), len(told.bookmarks) <= 4
    (('wall', 'cheese'), True, True)
    """
    check_fits(subject, world, view)
    levels = np.array([level])
    rule: dict[str, Any] = {"greedy": config.greedy, "seed": config.seed, "steps": config.steps}
    episodes = play(subject, world, levels, view=view, **rule)
    return told(subject, world, trajectory(episodes, 0), view=view, config=config)


def told(
    subject: Subject,
    world: World,
    episode: Trajectory,
    *,
    view: str = "window",
    config: StoryConfig = StoryConfig(),
) -> Story:
    """The story of an episode that has been played: by this agent or by anybody, as this agent sees it.

    Raises
    ------
    BadInput, UnknownName
        as ``story_of``; and if the episode has no steps.
    """
    check_fits(subject, world, view)
    episode = _cut(episode, config.steps)
    head, t = action_head(subject), len(episode.actions)
    state = replay(world, episode)
    seen = see(world, _with_the_end(world, state, episode), view)
    answers, memories = answers_through(subject, seen)
    scores, values = answers[head], worth(answers).double().numpy()
    policy = chances(scores, head).double().numpy()
    played = scores.double().numpy()[np.arange(t), episode.actions] if head == "q" else values[:t]
    errors = td_errors(values, episode.rewards, config.discount, terminated=episode.terminated, before=played)
    changes = policy_changes(policy, terminated=episode.terminated)
    surprise = surprises(errors, changes)
    reasons = reasons_of(
        subject,
        _explained(subject, scores[:t], episode.actions, config.of),
        seen[:t],
        method=config.method,
        scene=(world, state, view),
        memories=None if memories is None else memories[:t],
    )
    happened = tuple(_said(episode, step) for step in range(t))
    marked = tuple(
        Bookmark(
            step,
            float(surprise[step]),
            _why(world.actions[episode.actions[step]], errors[step], changes[step], happened[step]),
            frame(world, state, step),
            picture(world, seen[step].numpy(), view),
            reasons.maps[step],
        )
        for step in peaks(surprise, config.bookmarks, apart=config.apart)
    )
    return Story(
        subject=subject.name,
        world=world.name,
        level=episode.level,
        action_names=world.actions,
        actions=episode.actions.astype(np.int64),
        policy=policy[:t],
        values=values[:t],
        rewards=episode.rewards.astype(float),
        errors=errors,
        changes=changes,
        surprise=surprise,
        happened=happened,
        terminated=episode.terminated,
        reasons=reasons,
        bookmarks=marked,
        discount=config.discount,
        provenance=_about(subject, world, episode, config),
    )


def discount_of(agent: str | Path) -> Discount:
    """The discount that an agent's folder, or an organism, says it was trained with; the default where it does not.

    >>> discount_of("monster-25")
    Discount(gamma=0.97, reward_scale=0.1)
    """
    known = read_manifest(folder_of(agent)).get("parameters", {})
    return Discount(
        float(known.get("gamma", USUAL.gamma)), float(known.get("reward_scale", USUAL.reward_scale))
    )


def answers_through(
    subject: Subject, seen: Float[Tensor, "t c h w"]
) -> tuple[dict[str, Tensor], Tensor | None]:
    """Every head's output for the moments of one episode in order, and the memory before each, if there is one.

    >>> from core.testing import spotlight
    >>> answers, memories = answers_through(spotlight(), torch.ones(3, 3, 10, 10))
    >>> answers["policy"].shape, memories
    (torch.Size([3, 2]), None)
    """
    memory = blank(subject, 1)
    with torch.no_grad():
        if memory is None:
            answers = ask(subject, seen, None)
            return {head: answer.cpu() for head, answer in answers.items()}, None
        before, said = [], []
        for moment in seen:
            before.append(memory)
            said.append(ask(subject, moment[None], memory))
            memory = said[-1]["memory"]
    heads = {head: torch.cat([one[head] for one in said]).cpu() for head in subject.heads}
    return heads, torch.cat(before)


def _about(subject: Subject, world: World, episode: Trajectory, config: StoryConfig) -> Provenance:
    return provenance(
        subject=subject.fingerprint,
        data=fingerprint(repr(world.describe()), str(episode.level), episode.actions),
        seed=config.seed,
        method=config.method,
        of=config.of,
        gamma=config.discount.gamma,
        reward_scale=config.discount.reward_scale,
    )


def _cut(episode: Trajectory, steps: int) -> Trajectory:
    if not len(episode.actions):
        raise BadInput(f"the episode of level {episode.level} has no steps; a story takes at least one")
    if len(episode.actions) <= steps:
        return episode
    return Trajectory(
        episode.level,
        episode.positions[: steps + 1],
        episode.actions[:steps],
        episode.rewards[:steps],
        episode.events[:steps],
        episode.event_names,
        terminated=False,
        truncated=True,
        provenance=episode.provenance,
    )


def _with_the_end(world: World, state: State, episode: Trajectory) -> State:
    """The states before each step, and the one in which the last step left the level."""
    last = take(state, [len(episode.actions) - 1])
    played = engine.step(world, last, episode.actions[-1:].astype(np.int64))
    end = last if played.final is None else played.final
    return State(*(np.concatenate(pair) for pair in zip(state, end, strict=True)))


def _explained(
    subject: Subject, scores: Tensor, actions: np.ndarray, of: Literal["value", "action"]
) -> tuple[Output, ...]:
    """The output that is explained in each step."""
    if of == "value" and "value" in subject.heads:
        return (Output("value"),) * len(actions)
    chosen = scores.argmax(1).numpy() if of == "value" else actions
    return chosen_outputs(action_head(subject), chosen)


def _said(episode: Trajectory, step: int) -> str:
    counts = zip(episode.event_names, episode.events[step].tolist(), strict=True)
    return ", ".join(name + (f" x{times}" if times > 1 else "") for name, times in counts if times)


def _why(action: str, error: float, change: float, happened: str) -> str:
    than = "better" if error > 0 else "worse"
    came = f"{action}: {than} than expected by {abs(error):.2g}, policy changed by {change:.0%}"
    return came + (f"; {happened}" if happened else "")
