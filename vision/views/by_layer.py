"""by_layer(): what each layer is shown - sheets of patches for units that see little, whole pictures for the others."""

from collections.abc import Callable, Sequence

from core.store.images import Images
from core.subject import Subject
from core.symmetry.likeness import LEAST
from core.symmetry.sheets import patch_size, sheets, spots_for
from core.symmetry.views import Views
from vision.views.actions import Action
from vision.views.crops import crops
from vision.views.leaves import leaves
from vision.views.photographs import photographs

ABREAST = 2
"""Patches side by side on a sheet, at least; units that see more are shown whole pictures."""


def by_layer(
    subject: Subject, layers: Sequence[str], whole: Callable[[], Views], patches: Callable[[int, int], Views]
) -> dict[str, Views]:
    """Views for every layer: ``patches(side, spots)``, with that many on a sheet, or ``whole()``, the same for all."""
    shared: list[Views] = []
    views: dict[str, Views] = {}
    for layer in layers:
        side = patch_size(subject, layer)
        if ABREAST * side > min(subject.spec.shape[1:]):
            shared = shared or [whole()]
            views[layer] = shared[0]
        else:
            spots = len(spots_for(subject, layer, (side, side)))
            views[layer] = sheets(patches(side, spots), subject, layer)
    return views


def photographed(
    subject: Subject, layers: Sequence[str], images: Images, action: Action, *, seed: int
) -> dict[str, Views]:
    """Photographs under an action: random pieces of one image on every sheet, or images as they are.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks a layer, or the action does not act on the images.
    """
    return by_layer(
        subject,
        layers,
        lambda: photographs(images, action),
        lambda side, spots: photographs(crops(images, side, each=spots, seed=seed), action),
    )


def suiting(
    subject: Subject, layers: Sequence[str], images: Images | None, action: Action, *, count: int, seed: int
) -> dict[str, Views]:
    """Photographs under an action; where there are none, ``count`` leaves.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks a layer, or the action does not act on the images.

    >>> from vision.models import load
    >>> from vision.views.actions import rotation
    >>> views = suiting(load("shapes"), ["relu1"], None, rotation(4), count=16, seed=0)
    >>> len(views["relu1"].group)
    4
    """
    if images is not None:
        return photographed(subject, layers, images, action, seed=seed)
    channels = subject.spec.shape[0]

    def draw(size: tuple[int, int], wanted: int) -> Views:
        return leaves(action, count=wanted, size=size, seed=seed, channels=channels)

    return drawn(subject, layers, draw, count=count)


def drawn(
    subject: Subject, layers: Sequence[str], draw: Callable[[tuple[int, int], int], Views], *, count: int
) -> dict[str, Views]:
    """Stimuli that ``draw(size, count)`` draws: at least ``count`` of them, and sheets enough for a search."""
    height, width = subject.spec.shape[1:]

    def patches(side: int, spots: int) -> Views:
        return draw((side, side), spots * max(LEAST, -(-count // spots)))

    return by_layer(subject, layers, lambda: draw((height, width), count), patches)
