"""Likeness in weight space: kernels turned by every element, their inputs handed on to kin, beside all others."""

import numpy as np
from jaxtyping import Float

from core.errors import BadInput
from core.symmetry.families import Families
from core.symmetry.groups import Group
from core.symmetry.likeness import Likeness, symmetric

FINE = 4
"""Samples a tap at which kernels are compared, turned and as they are."""

SHARPNESS = 6
"""The power of a likeness by which an input's weight is handed on: little goes to those that are only alike."""


def kernel_likeness(
    weights: Float[np.ndarray, "o i h w"],
    group: Group,
    spatial: Float[np.ndarray, "g 2 2"],
    *,
    inputs: Float[np.ndarray, "g i i"] | None = None,
) -> Float[np.ndarray, "g o o"]:
    """``values[g, a, b]``: the cosine of kernel a, transformed by g, and kernel b: as ``Likeness.values`` is laid out.

    ``spatial[g] @ (y, x)`` is where g takes a tap at (y, x) from the kernel's middle (y down, both in taps). Kernels
    are taken as smooth (cubic convolution [keys1981]) inside the disc that their taps fill, and both of a pair
    are read off at the same points, so that no element blurs more than another. ``inputs[g][i, j]`` is the share of
    input i's weights that g hands on to input j: colour matrices (``colour_inputs``) or the families of the
    layer below (``kin``); inputs stay what they are if it is not given. Inputs that nothing is handed on from
    or to are left out of both kernels; 0 for a kernel of which nothing is left.

    Raises
    ------
    BadInput
        unless there is a matrix for every element.

    >>> from core.symmetry.groups import cyclic
    >>> right = np.array([[[[0, 0, 0], [0, 0, 1.0], [0, 0, 0]]]])
    >>> up = np.rot90(right, axes=(2, 3))
    >>> turns = np.array([[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]]], float)
    >>> both = np.concatenate([right, up])
    >>> int(kernel_likeness(both, cyclic("rotation", 4), turns)[:, 0, 1].argmax())
    1
    """
    if len(spatial) != len(group):
        raise BadInput(
            f"{group.name} has {len(group)} elements; given {len(spatial)} matrices of what they do"
        )
    count, channels = weights.shape[:2]
    taps = weights.reshape(count, channels, -1).astype(np.float32)
    if inputs is not None:
        given = inputs.astype(np.float32)
        known = (np.abs(given).sum((0, 1)) > 0) & (np.abs(given).sum((0, 2)) > 0)
        taps, given = taps[:, known], given[:, known][:, :, known]
    cross, own = (part.astype(np.float32) for part in _products(weights.shape[2:], spatial))
    still = _lengths(taps, own[group.identity])
    values = np.zeros((len(group), count, count), np.float32)
    for element in range(len(group)):
        moved = taps if inputs is None else np.einsum("aiu,ij->aju", taps, given[element], optimize=True)
        products = (moved @ cross[element]).reshape(count, -1) @ taps.reshape(count, -1).T
        lengths = _lengths(moved, own[element])[:, None] * still
        values[element] = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return symmetric(values, group)


def colour_inputs(
    colour: Float[np.ndarray, "g c c"], *, std: tuple[float, ...] | None = None
) -> Float[np.ndarray, "g c c"]:
    """The ``inputs`` of kernels that read pixels, where g changes a pixel's colour x to ``colour[g] @ x``.

    A kernel w answers to x as the one with ``inv(colour[g]).T @ w`` answers to the changed colour. ``std`` is what
    the network divides its inputs by, if the weights are those for inputs scaled so.

    >>> swap = np.array([np.eye(2), [[0, 1], [1, 0]]])
    >>> bool((colour_inputs(swap) == swap).all())
    True
    """
    handed: Float[np.ndarray, "g c c"] = np.linalg.inv(colour)
    if std is not None:
        scale = np.asarray(std, float)
        handed = handed * scale[None, None, :] / scale[None, :, None]
    return handed


def kin(families: Families, likeness: Likeness | None = None) -> Float[np.ndarray, "g i i"]:
    """The ``inputs`` of a layer whose inputs are the units of ``families``: what each unit becomes under g.

    A unit at place p goes to its family's member at place g p. Real families have holes and uneven steps, so with the
    layer's ``likeness`` it goes to all members, each with S_g(i, j) to a high power: to the right one where there is
    one, to those beside it where there is none. Invariant units go to themselves, near-duplicates where their twin
    goes; units that belong to none are left out.
    """
    labels, units, group = families.labels, families.units, families.group
    own = labels[:, None] == labels[None, :]
    invariant = np.flatnonzero(labels == -2)
    handed = np.zeros((len(group), units, units))
    if likeness is None:
        for family in families.families:
            for one in family.members:
                for other in family.members:
                    for element in right_offsets(group, one.place, other.place, family.stabiliser):
                        handed[element, one.unit, other.unit] = 1.0
    else:
        handed[:] = likeness.values.clip(min=0) ** SHARPNESS * (own & (labels >= 0)[:, None])
    handed[:, invariant, invariant] = 1.0
    return handed


def right_offsets(group: Group, place: int, other: int, stabiliser: tuple[int, ...] = (0,)) -> list[int]:
    """The elements that carry a member at ``place`` to one at ``other``: one, or one for each that changes neither.

    >>> from core.symmetry.groups import cyclic
    >>> right_offsets(cyclic("rotation", 24), 3, 5, (0, 12))
    [2, 14]
    """
    starts = (int(group.table[place, still]) for still in stabiliser)
    found = (int(group.offsets[start, other]) for start in starts if start >= 0)
    return sorted({element for element in found if element >= 0})


def _products(
    shape: tuple[int, int], spatial: Float[np.ndarray, "g 2 2"]
) -> tuple[Float[np.ndarray, "g t t"], Float[np.ndarray, "g t t"]]:
    """Inner products over the disc of a tap under g with a tap as it is, and with another under g."""
    radius = min(shape) / 2
    side = np.arange(-radius, radius, 1 / FINE) + 0.5 / FINE
    points = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
    points = points[(points**2).sum(1) <= radius**2]
    plain = _cubic(points, shape)
    turned = [_cubic(points @ np.linalg.inv(matrix).T, shape) for matrix in spatial]
    return np.stack([taps.T @ plain for taps in turned]), np.stack([taps.T @ taps for taps in turned])


def _lengths(taps: Float[np.ndarray, "o i t"], own: Float[np.ndarray, "t t"]) -> Float[np.ndarray, "o"]:
    squares: Float[np.ndarray, "o"] = ((taps @ own) * taps).sum((1, 2))
    lengths: Float[np.ndarray, "o"] = np.sqrt(squares.clip(min=0))
    return lengths


def _cubic(points: Float[np.ndarray, "p 2"], shape: tuple[int, int]) -> Float[np.ndarray, "p t"]:
    """Cubic convolution [keys1981] of a grid of taps around its middle, at points; 0 beyond the grid."""
    axes = []
    for axis in (0, 1):
        away = np.abs(points[:, axis, None] - (np.arange(shape[axis]) - (shape[axis] - 1) / 2))
        near = 1.5 * away**3 - 2.5 * away**2 + 1
        far = -0.5 * away**3 + 2.5 * away**2 - 4 * away + 2
        axes.append(np.where(away < 1, near, np.where(away < 2, far, 0.0)))
    both: Float[np.ndarray, "p y x"] = axes[0][:, :, None] * axes[1][:, None, :]
    return both.reshape(len(points), -1)
