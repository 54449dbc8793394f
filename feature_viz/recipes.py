"""Recipes: parametrisation, transforms, steps and rate that go together; RECIPES lists them by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from core.errors import BadInput, UnknownName
from feature_viz.cppn import cppn
from feature_viz.maco import maco
from feature_viz.objectives import Objective
from feature_viz.parametrize import Parametrisation, Shape, fourier, pixels
from feature_viz.transforms import STANDARD, Wobble


@dataclass(frozen=True)
class Recipe:
    """How images are made: parametrisation, transforms, steps, arithmetic of the network.

    The parametrisation's rate rises over the first ``warm_up`` share of the steps and falls to zero as a cosine.
    """

    parametrisation: Parametrisation = field(default_factory=fourier)
    wobble: Wobble = STANDARD
    warm_up: float = 0.05
    precision: torch.dtype = torch.float32
    steps: int = 96

    def __str__(self) -> str:
        way = f"{self.parametrisation.name} at rate {self.parametrisation.rate:g}"
        return f"{way}, {self.wobble}, {str(self.precision).removeprefix('torch.')}"


RECIPES: Mapping[str, Recipe] = {
    # Fills the picture with what the unit likes; faint grounds, natural colours.
    "default": Recipe(),
    # Half the steps for about three quarters of the activation.
    "fast": Recipe(fourier(rate=0.12), steps=48),
    # Nothing held back: the lines that the network sees, over grey and grain.
    "pixels": Recipe(pixels(), steps=128),
    # One smooth emblem of what counts, at a third of the activation and some three times the time of a step.
    "cppn": Recipe(cppn(), steps=128),
    # Objects before a cloudy ground: the energy that photographs have must go somewhere.
    "maco": Recipe(maco(), Wobble(crop=(0.5, 0.95), noise=0.05, views=2), steps=128),
}
"""Name to recipe: the first is render()'s. What is said of each was seen on BVLC GoogLeNet's inception_4a."""

Way = Recipe | Parametrisation | str | Callable[[], tuple[Any, Any]]
"""A recipe, a parametrisation with the default's transforms, a name in RECIPES, or one of lucent's params."""


def as_recipe(way: Way) -> Recipe:
    """The recipe that is meant.

    Raises
    ------
    UnknownName
        if there is no recipe of that name.

    >>> as_recipe("fast").steps, as_recipe(pixels()).parametrisation.name
    (48, 'pixels(sd=0.3)')
    """
    if isinstance(way, Recipe):
        return way
    if isinstance(way, Parametrisation):
        return Recipe(way)
    if isinstance(way, str):
        if way not in RECIPES:
            raise UnknownName("recipe", way, RECIPES)
        return RECIPES[way]
    from feature_viz.lucent_bridge import lucent_param

    return Recipe(lucent_param(way))


def together(wanted: Objective, way: Parametrisation) -> Objective:
    """The objective with as many images as the parametrisation makes of one piece.

    >>> from feature_viz.objectives import channel, diversity
    >>> together(diversity("conv", 2), replace(pixels(), images=4)).images
    4
    """
    if way.images == 1 or way.images == wanted.images:
        return wanted
    if wanted.images > way.images:
        raise BadInput(f"{wanted} is about {wanted.images} images, and {way.name} makes {way.images}")
    return replace(wanted, images=way.images)


def fixed_shape(way: Parametrisation, channels: int, size: int | None) -> Shape:
    """The one shape that a parametrisation can make, once it fits what is asked for."""
    if way.shape is None:
        raise BadInput(f"{way.name} makes images of any shape")
    if way.shape[0] != channels or (size is not None and way.shape[1:] != (size, size)):
        asked = f"{channels} channels" + ("" if size is None else f" of {size} x {size} pixels")
        raise BadInput(f"{way.name} makes images of shape {way.shape}; {asked} were asked for")
    return way.shape
