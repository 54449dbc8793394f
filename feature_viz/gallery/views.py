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
from feature_viz.examples.looks import Looks
from feature_viz.feature_image import FeatureImage
from feature_viz.lucent_render import LUCENT_STEPS, lucent_render
from feature_viz.objectives import Objective, channel, diversity, peak
from feature_viz.optimize import render
from feature_viz.parametrize import pixels
from feature_viz.recipes import Recipe
from feature_viz.transforms import STILL

DIVERSE = 4
"""Pictures in a diverse view."""

APART = 2.0
"""How much it counts in a diverse view that its pictures are unlike: a factor from 1 to 1 + this."""


@dataclass(frozen=True)
class View:
    """One kind of picture of a unit: what it raises, from which seed, and the ending of its file's name.

    ``recipe`` stands for the gallery's where there is one.
    """

    wanted: Callable[[Unit], Unit | Objective]
    ending: str
    seed: int = 0
    images: int = 1
    recipe: Recipe | None = None


def _lowered(unit: Unit) -> Objective:
    return -channel(unit.layer, unit.channel)


def _apart(unit: Unit) -> Objective:
    return channel(unit.layer, unit.channel) * (1 + APART * diversity(unit.layer, DIVERSE))


VIEWS: Mapping[str, View] = {
    "positive": View(lambda unit: unit, ""),
    "seed": View(lambda unit: unit, "-seed", seed=1),
    "negative": View(_lowered, "-negative"),
    "diverse": View(_apart, "-diverse", images=DIVERSE),
    "free": View(lambda unit: unit, "-free", recipe=Recipe(pixels(), STILL)),
}
"""Name to View; a View's ``seed`` is added to the gallery's."""


@dataclass(frozen=True)
class Making:
    """How a gallery's pictures are made and judged: what is fixed for all its life.

    ``engine`` is one of ``ENGINES``, ``steps`` None the engine's or recipe's own; ``judge`` is a network that shares
    no training with the one shown, and says how alike images look; ``looks`` how inputs are shown.
    """

    steps: int | None = None
    seed: int = 0
    recipe: Recipe = field(default_factory=Recipe)
    engine: str = "gridlens"
    judge: Subject | None = None
    looks: Looks = field(default_factory=Looks)

    @property
    def step_count(self) -> int:
        """Steps that every picture takes."""
        return self.steps or ENGINES[self.engine].steps or self.recipe.steps


Drawn = Callable[[Subject, Sequence[Unit | Objective], Making, int, int, Progress], Sequence[FeatureImage]]
"""Called with subject, wanted, making, size, batch size and progress."""


@dataclass(frozen=True)
class Engine:
    """What makes pictures: its function, its own number of steps (None: the recipe's), the views it can make.

    ``wanted`` is what a view raises where that is not the view's own.
    """

    draw: Drawn
    steps: int | None
    views: tuple[str, ...]
    wanted: Mapping[str, Callable[[Unit], Unit | Objective]] = field(default_factory=dict)


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
        size=size if making.looks.photographs else None,
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


def _peaked(unit: Unit) -> Objective:
    return peak(unit.layer, unit.channel)


PICTURES = tuple(view for view in VIEWS if view != "free")

ENGINES: Mapping[str, Engine] = {
    "gridlens": Engine(_gridlens, None, PICTURES),
    # Inputs of cells: one thing at one place is what tells, so the peak is raised, not the mean over positions.
    "cells": Engine(
        _gridlens,
        None,
        ("positive", "seed", "negative", "free"),
        {"negative": lambda unit: -_peaked(unit)} | dict.fromkeys(("positive", "seed", "free"), _peaked),
    ),
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
    relaxed     where the picture had to settle on a possible input, the objective before it did
    """
    view, engine = VIEWS[name], ENGINES[making.engine]
    made = engine.draw(
        subject,
        [engine.wanted.get(name, view.wanted)(unit) for unit in units],
        replace(making, seed=making.seed + view.seed, recipe=view.recipe or making.recipe),
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
        write_image(folder / path, torch.cat([making.looks.picture(made[row].image) for row in rows], 2))
        entries.append(
            {
                "picture": str(path),
                "count": view.images,
                "objective": sum(made[row].activation for row in rows) / view.images,
                "reached": sum(reached) / view.images,
                "fired": any(made[row].fired for row in rows),
            }
            | _relaxed([made[row].relaxed for row in rows])
        )
    return entries


def _peaks(subject: Subject, layer: str, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n u"]:
    """Every channel's largest activation over positions."""
    activations = capture(subject, images, [layer])[layer]
    return as_maps(activations, subject.layers[layer]).amax((2, 3)).cpu()


def _relaxed(reached: Sequence[float | None]) -> dict[str, float]:
    known = [value for value in reached if value is not None]
    return {"relaxed": sum(known) / len(known)} if known else {}
