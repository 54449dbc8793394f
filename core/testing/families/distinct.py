"""Draws that nobody could confuse: each thing's answers, under every element, are unlike those of all before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from core.errors import BadInput
from core.testing.families.acts import Act

ALIKE = 0.7
"""Answers of two that belong to different families, or to none, correlate less than this under every element."""

VARIES = 0.6
"""Answers of whatever is no invariant unit correlate with its own under some element less than this."""

STABLE = 0.85
"""A member's answers correlate with its own under elements that are not near the neutral one less than this."""

STILL = 0.97
"""Answers of an invariant unit correlate with its own under every element at least this much."""

TRIES = 100
"""Draws for each thing that is wanted, before it is given up."""


@dataclass(frozen=True, eq=False)
class Material:
    """What filters of a layer are made of, and ``patches`` (n, d) of what the layer sees, to try them on.

    A source - a kernel, a template - is drawn, carried by an element, added to others, made strange (nearly the same,
    by nothing that the group knows), and rendered as weights (c, k, k).
    """

    act: Act
    draw: Callable[[np.random.Generator], Any]
    carry: Callable[[Any, int], Any]
    add: Callable[[list[Any]], Any]
    strange: Callable[[Any, np.random.Generator], Any]
    render: Callable[[Any], np.ndarray]
    patches: Float[np.ndarray, "n d"] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Thing:
    """A source, its weights under every element, its bias, and its answers to the patches, standardised."""

    source: Any = field(repr=False)
    weights: Float[np.ndarray, "g c k k"] = field(repr=False)
    bias: float
    answers: Float[np.ndarray, "n g"] = field(repr=False)


def thing_of(source: Any, material: Material, *, firing: float) -> Thing:
    """Scaled so that it varies by 1 over the patches, with the bias for which it fires on that share of them."""
    elements = range(len(material.act.group))
    weights = np.stack([material.render(material.carry(source, element)) for element in elements])
    linear = material.patches @ weights.reshape(len(weights), -1).T.astype(np.float32)
    scale = max(float(linear.std()), 1e-9)
    bias = -float(np.quantile(linear / scale, 1 - firing))
    answers = np.maximum(linear / scale + bias, 0)
    answers = answers - answers.mean(0)
    return Thing(source, weights / scale, bias, answers / np.maximum(np.linalg.norm(answers, axis=0), 1e-9))


def distinct(
    wanted: int,
    offer: Callable[[], Any],
    material: Material,
    rng: np.random.Generator,
    *,
    beside: Sequence[Thing],
    fits: Callable[[np.ndarray], bool],
) -> list[Thing]:
    """``wanted`` things of what ``offer`` gives, unlike one another and all ``beside`` under every element.

    ``fits`` is asked about the correlations of a thing's answers under every two elements (g, g).

    Raises
    ------
    BadInput
        if there is no room for so many.
    """
    kept: list[Thing] = []
    for _ in range(TRIES * wanted):
        if len(kept) == wanted:
            break
        thing = thing_of(offer(), material, firing=rng.uniform(0.35, 0.65))
        if fits(thing.answers.T @ thing.answers) and all(
            likest(thing, other) < ALIKE for other in (*beside, *kept)
        ):
            kept.append(thing)
    if len(kept) < wanted:
        raise BadInput(
            f"found {len(kept)} of {wanted} units that nobody could confuse under {material.act.group.name}; "
            "ask for fewer, or for fewer steps"
        )
    return kept


def likest(one: Thing, other: Thing) -> float:
    """The highest correlation of two things' answers, each under any element."""
    return float((one.answers.T @ other.answers).max())


def still(own: Float[np.ndarray, "g g"]) -> bool:
    """Invariant."""
    return bool(own.min() >= STILL)


def varied(own: Float[np.ndarray, "g g"]) -> bool:
    """Far from invariant."""
    return bool(own.min() < VARIES)


def apart(act: Act, stabiliser: Sequence[int]) -> Callable[[np.ndarray], bool]:
    """Whether members can be told apart: nothing but ``stabiliser`` leaves them nearly as they are.

    Neighbours may be more alike, the more the finer the steps: every smooth filter is like itself turned a little.
    """
    group = act.group
    highest = np.full((len(group), len(group)), STABLE)
    near = {element: _nearness(act, element) for element in range(len(group))}
    for one in range(len(group)):
        for same in (int(group.table[one, element]) for element in stabiliser):
            for element in (element for element in near if near[element] and group.table[element, same] >= 0):
                other = group.table[element, same]
                highest[one, other] = max(highest[one, other], near[element])
    return lambda own: varied(own) and bool((own <= highest + 1e-3).all())


def _nearness(act: Act, element: int) -> float:
    """How alike a smooth filter may be to its own copy under an element near the neutral one; 0 for the others."""
    spatial, colour = act.spatial[element], act.colour[element]
    turn = np.degrees(np.arctan2(spatial[1, 0] - spatial[0, 1], np.trace(spatial)))
    hue = np.degrees(np.arccos(np.clip((np.trace(colour) - 1) / 2, -1, 1)))
    growth = 90 * np.log2(act.scale[element])
    away = float(np.sqrt(turn**2 + hue**2 + growth**2)) / 45
    flipped = np.linalg.det(spatial) < 0 or np.linalg.det(colour) < 0
    return 0.0 if flipped or away > 1.01 else 1 - 0.1 * away**2
