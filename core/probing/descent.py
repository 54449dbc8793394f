"""minimised(): many smooth convex problems side by side, by L-BFGS [liu1989]; one product serves them all."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

Objective = Callable[[NDArray], tuple[NDArray, NDArray]]
"""Where each problem is (r, P, k), to its value (P,) and slopes (r, P, k)."""
MEMORY, HALVINGS = 20, 20


def minimised(
    objective: Objective,
    start: Float[np.ndarray, "r p k"],
    *,
    tolerance: float,
    noise: float,
    most: int = 1000,
) -> Float[np.ndarray, "r p k"]:
    """Where each problem's value is least, from ``start``.

    It ends where half the squared slopes are less than ``tolerance`` times the value for every problem, where no
    problem falls by more than ``noise`` times its value, or after ``most`` steps. Curvatures are near or below 1:
    steps begin with one.

    >>> wanted = np.array([[[1.0], [2.0]]])
    >>> def bowl(at): return 1 + ((at - wanted) ** 2).sum((0, 2)) / 2, at - wanted
    >>> minimised(bowl, np.zeros((1, 2, 1)), tolerance=1e-9, noise=1e-15).ravel().tolist()
    [1.0, 2.0]
    """
    at, (value, slope) = start, objective(start)
    memory: list[tuple[NDArray, NDArray, NDArray]] = []
    for _ in range(most):
        if (0.5 * _dot(slope, slope) <= tolerance * value).all():
            break
        step = -_turned(slope, memory)
        along = _dot(step, slope)
        uphill = along >= 0
        step[:, uphill], along[uphill] = -slope[:, uphill], -_dot(slope, slope)[uphill]
        there, new, other = _walked(objective, at, step, value, along, noise)
        moved, turned = there - at, other - slope
        bend = _dot(moved, turned)
        sound = bend > 1e-12 * np.sqrt(_dot(moved, moved) * _dot(turned, turned))
        memory = [*memory[1 - MEMORY :], (moved, turned, np.where(sound, 1 / np.where(sound, bend, 1), 0))]
        stuck = (value - new <= noise * value).all()
        at, value, slope = there, new, other
        if stuck:
            break
    return at


def _walked(
    objective: Objective, at: NDArray, step: NDArray, value: NDArray, along: NDArray, noise: float
) -> tuple[NDArray, NDArray, NDArray]:
    """A step that lowers every problem's value enough; a problem that no step lowers stays."""
    length = np.ones_like(value)
    for _ in range(HALVINGS):
        there = at + length[:, None] * step
        new, slope = objective(there)
        short = new > value + 1e-4 * length * along + noise * value
        if not short.any():
            return there, new, slope
        length = np.where(short, length / 2, length)
    length = np.where(short, 0, length)
    there = at + length[:, None] * step
    return there, *objective(there)


def _turned(slope: NDArray, memory: list[tuple[NDArray, NDArray, NDArray]]) -> NDArray:
    """The slopes times what is known of the inverse of the curvature."""
    turned, parts = slope.copy(), []
    for moved, change, weight in reversed(memory):
        part = weight * _dot(moved, turned)
        turned -= part[:, None] * change
        parts.append(part)
    for (moved, change, weight), part in zip(memory, reversed(parts), strict=True):
        turned += (part - weight * _dot(change, turned))[:, None] * moved
    return turned


def _dot(first: NDArray, second: NDArray) -> NDArray:
    return np.asarray(np.einsum("rpk,rpk->p", first, second))
