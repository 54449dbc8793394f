"""What came unexpected in an episode: TD errors, changes of the policy, and the moments in which both are largest."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Discount(NamedTuple):
    """In what an agent counts its future: ``gamma`` a step, and its own units to a unit of the world's reward."""

    gamma: float = 0.99
    reward_scale: float = 1.0


def td_errors(
    values: Float[np.ndarray, "t1"],
    rewards: Float[np.ndarray, "t"],
    discount: Discount,
    *,
    terminated: bool,
    before: Float[np.ndarray, "t"] | None = None,
) -> Float[np.ndarray, "t"]:
    """The TD error of every step [sutton1988]: reward + gamma x the value after it - the value ``before``.

    ``values`` are those before each step and after the last, which is worth nothing if the episode ``terminated``;
    one cut short is worth what the agent still expected. ``before``: of a Q-network the value of the action played.

    >>> td_errors(np.array([0.5, 1.0, 7.0]), np.array([0.0, 1.0]), Discount(0.5), terminated=True).tolist()
    [0.0, 0.0]
    """
    after = values[1:].astype(float)
    if terminated:
        after[-1] = 0.0
    less = values[:-1] if before is None else before
    errors: np.ndarray = discount.reward_scale * rewards + discount.gamma * after - less
    return errors


def policy_changes(policy: Float[np.ndarray, "t1 a"], *, terminated: bool) -> Float[np.ndarray, "t"]:
    """The total variation between the policy before each step and after it, in [0, 1]; 0 at an end.

    >>> policy_changes(np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]), terminated=False).tolist()
    [1.0, 0.5]
    """
    changes: np.ndarray = 0.5 * np.abs(np.diff(policy, axis=0)).sum(1)
    if terminated:
        changes[-1] = 0.0
    return changes


def surprises(errors: Float[np.ndarray, "t"], changes: Float[np.ndarray, "t"]) -> Float[np.ndarray, "t"]:
    """Absolute TD error and policy change, each less its mean over its standard deviation, added up.

    Either counts as much as the other, whatever the units of the value; one that never varies counts nothing.

    >>> surprises(np.array([0.0, 0.0, -2.0]), np.zeros(3)).round(2).tolist()
    [-0.71, -0.71, 1.41]
    """
    return _standardised(np.abs(errors)) + _standardised(changes)


def peaks(surprise: Float[np.ndarray, "t"], count: int, *, apart: int = 3) -> tuple[int, ...]:
    """The steps of the ``count`` largest local maxima above the mean, ``apart`` or more steps from each other.

    A local maximum is no smaller than the steps beside it; of a level stretch the first counts.

    >>> peaks(np.array([0.0, 5.0, 4.0, 3.0, 0.0, 2.0, -9.0]), 3)
    (1, 5)
    """
    padded = np.concatenate([[-np.inf], surprise, [-np.inf]])
    high = (surprise > padded[:-2]) & (surprise >= padded[2:]) & (surprise > surprise.mean())
    found: list[int] = []
    for step in sorted(np.flatnonzero(high).tolist(), key=lambda one: (-surprise[one], one)):
        if len(found) < count and all(abs(step - other) >= apart for other in found):
            found.append(step)
    return tuple(sorted(found))


def _standardised(values: np.ndarray) -> np.ndarray:
    spread = float(values.std())
    if spread <= 1e-9 * max(1.0, float(np.abs(values).max())):
        return np.zeros(len(values))
    return (values.astype(float) - values.mean()) / spread
