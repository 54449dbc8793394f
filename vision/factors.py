"""The factors of the procedural images as concepts to be probed: numbers, choices, angles, and the class itself."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool

from core.errors import UnknownName
from core.probing import Labelled
from vision import shapes
from vision.shapes import ShapeImages

CLASS = "class"
PROBED: Mapping[str, str] = {CLASS: "which of the shapes"} | {one.name: one.meaning for one in shapes.FACTORS}
"""What can be asked of an image, and what it means."""


def labelled_factor(images: ShapeImages, name: str) -> tuple[Bool[np.ndarray, "n"], Labelled]:
    """Which images have a factor, and its values in these.

    Numbers are continuous, choices and the class categorical. An angle wraps: it is asked for as its cosine and sine,
    a grid of one row, the turn that maps a shape to itself counting as a whole circle.

    Raises
    ------
    UnknownName
        if there is no such factor; the nearest is named.

    >>> drawn = shapes.generate(0, range(40))
    >>> known, found = labelled_factor(drawn, "orientation")
    >>> found.kind, found.values.shape[1:], bool(known.all())
    ('grid', (1, 2), False)
    """
    if name not in PROBED:
        raise UnknownName("factor", name, PROBED)
    labels = images.labels.numpy()
    if name == CLASS:
        return np.ones(len(labels), bool), Labelled("categorical", labels)
    kind = next(one.kind for one in shapes.FACTORS if one.name == name)
    values = np.asarray(images.factors[name], float)
    known = np.isfinite(values)
    if kind == "circular":
        whole = (
            np.array([one.period or 360.0 for one in shapes.SHAPES])[labels]
            if name == "orientation"
            else 360.0
        )
        angle = (2 * np.pi * values / whole)[known]
        return known, Labelled("grid", np.stack([np.cos(angle), np.sin(angle)], 1)[:, None])
    return known, Labelled("categorical" if kind == "choice" else "continuous", values[known])
