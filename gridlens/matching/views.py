"""What both networks are shown under a group: the images, or drawn stimuli, each in its network's own size."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch.nn.functional as F

from core.similarity import Shown
from core.subject import Subject
from core.symmetry.groups import Group
from core.symmetry.views import View, Views
from gridlens.matching.asked import Asked
from vision.views.actions import Action
from vision.views.leaves import leaves
from vision.views.photographs import photographs

DRAWN = 192
"""Pictures drawn where no images are given."""


def views_of(a: Shown, asked: Asked, action: Action) -> Views:
    """The images, transformed; or drawn stimuli where none were given."""
    if asked.images is not None:
        return photographs(a.images, action)
    channels, height, width = a.subject.spec.shape
    return leaves(
        action, count=asked.count or DRAWN, size=(height, width), seed=asked.seed, channels=channels
    )


@dataclass(frozen=True, eq=False)
class _Resized:
    """The same inputs in another size."""

    views: Views
    size: tuple[int, int]

    @property
    def group(self) -> Group:
        return self.views.group

    @property
    def places(self) -> np.ndarray:
        return self.views.places

    @property
    def valid(self) -> float:
        return self.views.valid

    @property
    def fingerprint(self) -> str:
        return f"{self.views.fingerprint}-{self.size[0]}x{self.size[1]}"

    def __len__(self) -> int:
        return len(self.views)

    def batches(self, batch_size: int) -> Iterator[View]:
        for view in self.views.batches(batch_size):

            def scaled(element: int, view: View = view) -> Any:
                return F.interpolate(view(element), size=self.size, mode="bilinear", antialias=True)

            yield scaled


def fitting(views: Views, subject: Subject) -> Views:
    """The views in the size that a network takes."""
    size = subject.spec.shape[1], subject.spec.shape[2]
    return views if views.size == size else _Resized(views, size)
