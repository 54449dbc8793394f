"""What a layer is taken apart on: many pictures, or the states of an agent's held-out levels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.progress import Progress, silent
from envs.pictures.seen import picture
from envs.spec import World
from feature_viz.examples.crops import pictures
from feature_viz.examples.exemplars import ImageSource
from feature_viz.examples.tensor_source import TensorImages
from gridlens.opened import Opened
from rl.agents import see
from rl.concepts import sampled_states
from rl.foreign import moments
from rl.goals import parted
from vision.datasets import open_images
from vision.grey import suited

STATES = 2000
"""States that an agent is shown unless another number is asked for."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Many inputs as a source, and what they are called.

    ``world`` and ``view`` of an agent in a world of ours; ``drawable`` says whether people can look at an input.
    """

    source: ImageSource = field(repr=False)
    called: str
    world: World | None = None
    view: str = ""
    drawable: bool = True

    def whole(self, indices: Sequence[int]) -> dict[int, Float[np.ndarray, "h w 3"]]:
        """Some inputs as pictures in [0, 1], by number."""
        return {number: self._shown(one) for number, one in pictures(self.source, indices)}

    def _shown(self, one: Tensor) -> np.ndarray:
        if self.world is not None:
            return picture(self.world, one.numpy(), self.view).astype(np.float32) / 255
        shown: np.ndarray = one.expand(3, -1, -1).permute(1, 2, 0).cpu().numpy()
        return shown


def many(
    opened: Opened,
    *,
    images: Path | None = None,
    count: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Inputs:
    """The images for a classifier; for an agent states of held-out levels in which goal and proxy lie apart.

    In an environment of gymnasium's: moments of episodes.

    Raises
    ------
    BadInput, Unreadable
        if images are given for an agent, or cannot be opened.

    >>> from gridlens.opened import open_subject
    >>> len(many(open_subject("shapes"), count=20).source)
    20
    """
    subject = opened.subject
    if (opened.agent is not None or opened.env_id is not None) and images is not None:
        raise BadInput(f"{subject.name} is an agent, which is shown states; given images {str(images)!r}")
    if opened.env_id is not None:
        each = 50
        episodes = -(-(count or STATES) // each)
        seen, _ = moments(subject, opened.env_id, episodes=episodes, each=each, seed=seed, progress=progress)
        return Inputs(TensorImages(seen), "moments", drawable=False)
    if opened.agent is not None:
        world = parted(opened.agent.world)
        state = sampled_states(world, count or STATES, seed=seed, fresh=True)
        return Inputs(TensorImages(see(world, state, opened.agent.view)), "states", world, opened.agent.view)
    height, width = subject.spec.shape[1:]
    source = open_images(images or "shapes", size=(height, width), count=count, progress=progress)
    return Inputs(suited(source, subject.spec), "images")
