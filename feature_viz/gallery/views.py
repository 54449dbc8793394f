"""Views: the pictures that a gallery makes of a unit: what raises it, twice; what lowers it; a diverse set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.artifacts import write_image
from core.layers import as_maps
from core.progress import Progress
from core.subject import Subject
from core.targets import Unit
from feature_viz.examples.crops import folder_name
from feature_viz.feature_image import FeatureImage
from feature_viz.lucent_render import LUCENT_STEPS, lucent_render
from feature_viz.objectives import Objective, channel, diversity
from feature_viz.optimize import render
from feature_viz.recipes import Recipe

DIVERSE = 4
"""Pictures in a diverse view."""

APART = 2.0
"""How much it counts in a diverse view that its pictures are unlike: a factor from 1 to 1 + this."""


@dataclass(frozen=True)
class View:
    """One kind of picture of a unit: what it raises, from which seed, and the ending of its file's name."""

    wanted: Callable[[Unit], Unit | Objective]
    ending: str
    seed: int = 0
    images: int = 1


def _lowered(unit: Unit) -> Objective:
    return -channel(unit.layer, unit.channel)


def _apart(unit: Unit) -> Objective:
    return channel(unit.layer, unit.channel) * (1 + APART * diversity(unit.layer, DIVERSE))


VIEWS: Mapping[str, View] = {
    "positive": View(lambda unit: unit, ""),
    "seed": View(lambda unit: unit, "-seed", seed=1),
    "negative": View(_lowered, "-negative"),
    "diverse": View(_apart, "-diverse", images=DIVERSE),
}
"""Name to View; a View's ``seed`` is added to the gallery's."""


@dataclass(frozen=True)
class Making:
    """How a gallery's pictures are made and judged: what is fixed for all its life.

    ``engine`` is one of ``ENGINES``, ``steps`` None the engine's or recipe's own; ``judge`` is a network that shares
    no training with the one shown, and says how alike images look.
    """

    steps: int | None = None
    seed: int = 0
    recipe: Recipe = field(default_factory=Recipe)
    engine: str = "gridlens"
    judge: Subject | None = None

    @property
    def step_count(self) -> int:
        """Steps that every picture takes."""
        return self.steps or ENGINES[self.engine].steps or self.recipe.steps


Drawn = Callable[[Subject, Sequence[Unit | Objective], Making, int, int, Progress], Sequence[FeatureImage]]
"""Called with subject, wanted, making, size, batch size and progress."""


@dataclass(frozen=True)
class Engine:
    """What makes pictures: its function, its own number of steps (None: the recipe's), the views it can make."""

    draw: Drawn
    steps: int | None
    views: tuple[str, ...]


def _gridlens(
    subject: Subject,
    wanted: Sequence[Unit | Objective],
    making: Making,
    size: int,
    batch_size: int,
    progress: Progress,
) -> Sequence[FeatureImage]:
    return render(
        subject,
        wanted,
        seed=making.seed,
        steps=making.step_count,
        size=size,
        batch_size=batch_size,
        recipe=making.recipe,
        progress=progress,
    )


def _lucent(
    subject: Subject,
    wanted: Sequence[Unit | Objective],
    making: Making,
    size: int,
    batch_size: int,
    progress: Progress,
) -> Sequence[FeatureImage]:
    units = [each for each in wanted if isinstance(each, Unit)]
    return lucent_render(
        subject, units, steps=making.step_count, size=size, seed=making.seed, progress=progress
    )


ENGINES: Mapping[str, Engine] = {
    "gridlens": Engine(_gridlens, None, tuple(VIEWS)),
    "lucent": Engine(_lucent, LUCENT_STEPS, ("positive", "seed")),
}
"""Name to Engine."""


def make_view(
    subject: Subject,
    name: str,
    units: Sequence[Unit],
    making: Making,
    *,
    size: int,
    folder: Path,
    progress: Progress,
) -> list[dict[str, Any]]:
    """One view of some units of one layer: pictures on disk, and for each unit

    picture     path of the picture, or of the strip of ``count`` pictures side by side, within the folder
    objective   what was raised, on the clean picture
    reached     the channel's largest activation over positions, on the clean picture (the mean of a strip's)
    fired       whether the picture makes the unit differ from zero anywhere
    """
    view = VIEWS[name]
    made = ENGINES[making.engine].draw(
        subject,
        [view.wanted(unit) for unit in units],
        replace(making, seed=making.seed + view.seed),
        size,
        max(1, len(units) // view.images),
        progress,
    )
    peaks = _peaks(subject, units[0].layer, torch.stack([each.image for each in made]))
    entries = []
    for place, unit in enumerate(units):
        rows = range(place * view.images, (place + 1) * view.images)
        reached = [float(peaks[row, unit.channel]) for row in rows]
        path = Path("pictures", folder_name(unit.layer), f"{unit.channel:04d}{view.ending}.webp")
        write_image(folder / path, torch.cat([_shown(made[row].image) for row in rows], 2))
        entries.append(
            {
                "picture": str(path),
                "count": view.images,
                "objective": sum(made[row].activation for row in rows) / view.images,
                "reached": sum(reached) / view.images,
                "fired": any(made[row].fired for row in rows),
            }
        )
    return entries


def _peaks(subject: Subject, layer: str, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n u"]:
    """Every channel's largest activation over positions."""
    activations = capture(subject, images, [layer])[layer]
    return as_maps(activations, subject.layers[layer]).amax((2, 3)).cpu()


def _shown(image: Float[Tensor, "c h w"]) -> Float[Tensor, "d h v"]:
    """A picture as it can be looked at: channels that are no colours side by side, in grey."""
    return image if len(image) in (1, 3) else torch.cat([*image], 1)[None]
