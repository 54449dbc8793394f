"""Template: a second-layer filter as weights on units of the first at places, carried along by moving both."""

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from jaxtyping import Float, Int

from core.testing.families.acts import Act


@dataclass(frozen=True, eq=False)
class Template:
    """Each part reads one unit below - member ``element`` of ``family`` - through a Gaussian at ``place`` (y, x)."""

    family: Int[np.ndarray, "m"]
    element: Int[np.ndarray, "m"]
    place: Float[np.ndarray, "m 2"]
    width: Float[np.ndarray, "m"]
    weight: Float[np.ndarray, "m"]
    reach: float


def drawn_template(
    rng: np.random.Generator, *, families: int, elements: np.ndarray, reach: float
) -> Template:
    """Three to six parts at random; the first excites. ``elements`` are the members below that may be read."""
    parts, size = int(rng.integers(3, 7)), reach / 2.8
    angle = rng.uniform(0, 2 * np.pi, parts)
    weight = rng.choice([-1.0, 1.0], parts) * rng.uniform(0.5, 1.5, parts)
    weight[0] = 1.5
    return Template(
        family=rng.integers(families, size=parts),
        element=rng.choice(elements, parts),
        place=2.2 * size * np.sqrt(rng.random((parts, 1))) * np.stack([np.sin(angle), np.cos(angle)], -1),
        width=size * rng.uniform(0.7, 1.2, parts),
        weight=weight,
        reach=reach,
    )


def carried_template(template: Template, act: Act, element: int, below: Int[np.ndarray, "e"]) -> Template:
    """Places moved by the element, and the members below replaced by those that it carries them to: ``below[e]``."""
    scale = float(act.scale[element])
    return replace(
        template,
        element=below[template.element],
        place=template.place @ act.spatial[element].T,
        width=scale * template.width,
        weight=template.weight / scale**2,
        reach=scale * template.reach,
    )


def summed_template(templates: list[Template]) -> Template:
    """Templates of one reach, added up."""
    return reduce(_added, templates)


def strange_template(template: Template, rng: np.random.Generator) -> Template:
    """The same parts, each in another's place: nearly a member."""
    return replace(template, place=np.roll(template.place, int(rng.integers(1, len(template.place))), axis=0))


def rendered_template(
    template: Template, size: int, *, inputs: tuple[int, int]
) -> Float[np.ndarray, "i k k"]:
    """The template on a grid of ``size`` units a side, for ``inputs`` = (families, members of each) below.

    >>> template = drawn_template(np.random.default_rng(0), families=2, elements=np.arange(4), reach=2.8)
    >>> rendered_template(template, 7, inputs=(2, 4)).shape
    (8, 7, 7)
    """
    point = np.arange(size) - (size - 1) / 2
    y, x = np.meshgrid(point, point, indexing="ij")
    far = (y - template.place[:, 0, None, None]) ** 2 + (x - template.place[:, 1, None, None]) ** 2
    blobs = template.weight[:, None, None] * np.exp(-far / (2 * template.width[:, None, None] ** 2))
    values = np.zeros((inputs[0] * inputs[1], size, size))
    np.add.at(values, template.family * inputs[1] + template.element, blobs)
    window = np.exp(-(((y**2 + x**2) / template.reach**2) ** 2))
    return np.asarray(values * window)


def _added(one: Template, other: Template) -> Template:
    return Template(
        family=np.concatenate([one.family, other.family]),
        element=np.concatenate([one.element, other.element]),
        place=np.concatenate([one.place, other.place]),
        width=np.concatenate([one.width, other.width]),
        weight=np.concatenate([one.weight, other.weight]),
        reach=one.reach,
    )
