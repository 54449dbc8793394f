"""What is explained: pictures, or the states in which levels begin, with what people see of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from torch import Tensor

from core.errors import BadInput
from core.progress import Progress, silent
from core.provenance import fingerprint
from envs import engine
from envs.pictures.seen import picture
from envs.spec import World
from envs.state import State
from gridlens.opened import Opened
from rl.agents import see
from rl.fields import shown_levels
from rl.foreign import moments
from rl.goals import parted
from vision.datasets import open_images
from vision.grey import suited


@dataclass(frozen=True, eq=False)
class Shown:
    """Inputs (n, c, h, w), a name and a picture (h, w, 3) in [0, 1] of each; no pictures of lists of numbers.

    ``world``, ``state`` and ``view`` of an agent in a world of ours: whose objects can be told apart.
    """

    inputs: Tensor = field(repr=False)
    names: Sequence[str]
    pictures: Sequence[np.ndarray] = field(repr=False)
    world: World | None = None
    state: State | None = field(default=None, repr=False)
    view: str = ""

    @property
    def fingerprint(self) -> str:
        """Of the inputs."""
        return fingerprint(self.inputs)


def shown(
    opened: Opened,
    *,
    images: Path | None = None,
    count: int = 4,
    levels: Sequence[int] = (),
    seed: int = 0,
    progress: Progress = silent,
) -> Shown:
    """The first images for a classifier; for an agent the levels asked for, or some in which goal and proxy part.

    In an environment of gymnasium's: moments of one episode, without pictures where it shows a list of numbers.

    Raises
    ------
    BadInput
        if images are given for an agent, or levels for what plays none of our worlds; and as ``open_images``.

    >>> from gridlens.opened import open_subject
    >>> shown(open_subject("shapes"), count=2).inputs.shape
    torch.Size([2, 3, 48, 48])
    """
    _fits(opened, images, levels)
    if opened.env_id is not None:
        seen, _ = moments(opened.subject, opened.env_id, episodes=1, each=count, seed=seed)
        names = [f"moment {i}" for i in range(1, len(seen) + 1)]
        return Shown(seen, names, [] if seen.shape[2:] == (1, 1) else [_grey(one) for one in seen])
    if opened.agent is None:
        return _images(opened, images, count, progress)
    about = opened.agent
    broken = parted(about.world)
    numbers = list(levels) or list(shown_levels(broken, count, seed=seed))
    state = engine.reset(broken, np.array(numbers))
    inputs = see(broken, state, about.view)
    pictures = [picture(broken, one.numpy(), about.view) / 255 for one in inputs]
    return Shown(inputs, [f"level {number}" for number in numbers], pictures, broken, state, about.view)


def _fits(opened: Opened, images: Path | None, levels: Sequence[int]) -> None:
    plays = opened.agent is not None or opened.env_id is not None
    if plays and images is not None:
        raise BadInput(
            f"{opened.subject.name} is an agent, which is shown levels; given images {str(images)!r}"
        )
    if levels and opened.agent is None:
        raise BadInput(
            f"{opened.subject.name} plays no world of ours, so there are no levels to name; given {list(levels)}"
        )
    if any(level < 0 for level in levels):
        raise BadInput(f"levels are numbers from 0 on; given {min(levels)}")


def _images(opened: Opened, images: Path | None, count: int, progress: Progress) -> Shown:
    height, width = opened.subject.spec.shape[1:]
    source = suited(
        open_images(images or "shapes", size=(height, width), count=count, progress=progress),
        opened.subject.spec,
    )
    batch = next(iter(source.batches(count)))
    labels = source.labels or [Path(name).stem for name in source.names if name not in source.skipped]
    pictures = [image.expand(3, -1, -1).permute(1, 2, 0).numpy() for image in batch]
    return Shown(batch, [str(label) for label in labels[: len(batch)]], pictures)


def _grey(seen: Tensor) -> np.ndarray:
    """What a stranger's channels show, in grey: their mean, from its least to its most."""
    flat = seen.mean(0)
    low, high = flat.min(), flat.max()
    return ((flat - low) / (high - low).clamp(min=1e-6)).expand(3, -1, -1).permute(1, 2, 0).numpy()
