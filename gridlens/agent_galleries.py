"""What a gallery shows an agent, and how: states of held-out levels and states met in play, drawn as its world."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.progress import Progress, silent
from core.subject import Subject, run
from envs.observations import channels, observation_shape, parse_view
from envs.pictures.seen import picture
from envs.spec import World
from feature_viz.cells.possible import possible
from feature_viz.cells.relaxed import cellwise
from feature_viz.examples.looks import Looks
from feature_viz.examples.tensor_source import TensorImages
from feature_viz.gallery.views import Making
from feature_viz.recipes import RECIPES, Recipe
from feature_viz.transforms import STILL
from gridlens.opened import Opened
from rl.acting import action_head
from rl.agents import AgentInfo, see
from rl.concepts import sampled_states
from rl.goals import parted
from rl.observations import Observations
from rl.rollouts import level_seeds, play

STATES = 3000
"""States shown unless another number is asked for: a third of each kind, see ``shown``."""

EPISODES = 100
"""Held-out levels that are played for the states met in play."""

CELL = 16
"""Pixels of a cell's side."""

CROP = 144
STEPS = 64

WORDS: Mapping[str, str] = {
    "one": "state",
    "many": "states",
    "parts": "cells",
    "most": "Most where its move is",
    "classes": "What the agent does when it fires",
    "over": "largest over positions",
    "made": "A mixture of things in every cell, changed step by step until the unit fires as strongly as it can; then "
    "the nearest observation that may be, changed thing by thing for the same end. Cells left bare hardly count.",
}
"""As ``feature_viz.examples.looks.WORDS``, for agents that see planes."""

WORDS_RGB = {
    **WORDS,
    "over": "mean over positions",
    "parts": "pixels",
    "made": "Noise, changed step by step until the unit fires as it can.",
}


@dataclass(frozen=True, eq=False)
class Shown:
    """What an agent's gallery is made from, and how."""

    source: TensorImages = field(repr=False)
    making: Making


def shown(
    opened: Opened,
    *,
    count: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    recipe: str = "default",
    progress: Progress = silent,
) -> Shown:
    """States for an agent's gallery, labelled by what the agent does there, and how pictures of its units are made.

    A third are states of held-out levels of the agent's own world, a third of the world in which goal and proxy lie
    apart, each with the agent set down anywhere; a third it met itself, playing there. What a cell may hold is learned
    from all of them (``feature_viz.cells``); agents that see pictures get pictures.

    Raises
    ------
    BadInput
        if the agent plays no world of ours, the recipe is not for agents, or fewer than three states are asked for.
    """
    subject, agent = opened.subject, opened.agent
    if agent is None:
        raise BadInput(
            f"{subject.name} plays {opened.env_id}; galleries are made of agents in worlds of ours, whose states can "
            "be drawn"
        )
    count = STATES if count is None else count
    if count < 3:
        raise BadInput(
            f"{count} states are too few for a gallery; at least 3 are needed, and some hundreds tell more"
        )
    source = states(subject, agent, count, seed=seed, progress=progress)
    return Shown(source, _making(agent, source, steps=steps, seed=seed, recipe=recipe))


def states(
    subject: Subject, agent: AgentInfo, count: int, *, seed: int = 0, progress: Progress = silent
) -> TensorImages:
    """``count`` observations with their names, and the greedy action in each as its label; see ``shown``."""
    third, apart = count // 3, parted(agent.world)
    if observation_shape(apart, agent.view) != observation_shape(agent.world, agent.view):
        apart = agent.world  # a dial that parts goal and proxy by making the world larger
    sampled = {"own world": (agent.world, third), "goal and proxy apart": (apart, third)}
    parts, names = [], []
    for where, (world, some) in sampled.items():
        state = sampled_states(world, some, seed=seed)
        parts.append(see(world, state, agent.view))
        names += [f"{where}, level {level}" for level in state.level.tolist()]
    met, told = _met(subject, agent, apart, count - 2 * third, seed=seed, progress=progress)
    seen = torch.cat([*parts, met])
    head = action_head(subject)
    acts = torch.cat(
        [run(subject, some)[head].flatten(1).argmax(1).cpu() for some in seen.split(512)]
    ).numpy()
    labels = [agent.world.actions[act] for act in acts]
    return TensorImages(seen, acts, labels, [*names, *told])


def looks_of(agent: AgentInfo, blank: Float[Tensor, "c h w"]) -> Looks:
    """How what an agent sees is shown: its world's own tiles, or the picture that it sees."""
    world, view = agent.world, agent.view
    if parse_view(world, view).kind == "rgb":
        return Looks(crop=CROP, words=WORDS_RGB, photographs=False)

    def drawn(image: Tensor) -> Tensor:
        pixels = picture(world, image.detach().cpu().numpy(), view, cell=CELL)
        return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)

    above = 1 if world.gauges else 0
    return Looks(drawn, CELL, above, CROP, WORDS, blank, photographs=False)


def _met(
    subject: Subject, agent: AgentInfo, world: World, count: int, *, seed: int, progress: Progress
) -> tuple[Float[Tensor, "n c h w"], list[str]]:
    """Observations met in play, drawn from all of some episodes, and their names."""
    levels = level_seeds(min(EPISODES, count), split="test", seed=seed + 1)
    played = play(subject, world, levels, view=agent.view, seed=seed, progress=progress)
    seen = Observations(world, played, agent.view)
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.choice(len(seen), count, replace=len(seen) < count))
    names = [
        f"met in play, level {played.levels[episode]}, step {step}"
        for episode, step in zip(*seen.step_of(drawn), strict=True)
    ]
    return torch.cat(list(seen.batches(512)))[drawn], names


def _making(agent: AgentInfo, source: TensorImages, *, steps: int | None, seed: int, recipe: str) -> Making:
    looks = looks_of(agent, source.images.mean(0))
    if parse_view(agent.world, agent.view).kind == "rgb":
        return Making(steps, seed, RECIPES[recipe], looks=looks)
    if recipe != "default":
        raise BadInput(
            f"recipe {recipe!r} makes pictures; {agent.name} sees {', '.join(channels(agent.world, agent.view))} in "
            "cells, for which there is 'default' (its view 'free' is what 'pixels' would make)"
        )
    allowed = possible(source.images, gauges=len(agent.world.gauges))
    way: Any = Recipe(cellwise(allowed), STILL, steps=STEPS)
    return Making(steps, seed, way, "cells", looks=looks)
