"""Classifiers on the same images: each opened, shown them in its own size, their classes matched by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from core.errors import BadInput
from core.progress import Progress
from core.provenance import fingerprint
from core.subject import Subject
from gridlens.comparing.asked import Member, Settings
from vision import models
from vision.datasets import ImageSource, open_images
from vision.grey import suited
from vision.labels import read_labels

DRAWN = 2000
"""Procedural images shown, unless told otherwise."""

LEAST = 40
"""Images that a comparison needs."""


@dataclass(frozen=True, eq=False)
class Lineup:
    """Subjects by name, the images of each in its own size, and the classes that all of them have.

    ``columns`` says which outputs of each subject are the common ``classes``; ``truth`` (n,) which of them every image
    is of, -1 where none, or None where nothing is labelled.
    """

    subjects: Mapping[str, Subject]
    images: Mapping[str, ImageSource] = field(repr=False)
    classes: tuple[str, ...]
    columns: Mapping[str, Int[NDArray, "k"]] = field(repr=False)
    truth: Int[NDArray, "n"] | None = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.subjects)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every two of them, in the order given."""
        return list(combinations(self.subjects, 2))

    @property
    def source(self) -> ImageSource:
        """The images as the first sees them."""
        return self.images[self.names[0]]

    @property
    def fingerprints(self) -> tuple[str, str]:
        """Of all subjects together, and of all their images."""
        return (
            fingerprint(*(f"{name} {subject.fingerprint}" for name, subject in self.subjects.items())),
            fingerprint(*(source.fingerprint for source in self.images.values())),
        )


def lineup(members: Sequence[Member], settings: Settings, *, progress: Progress) -> Lineup:
    """Open classifiers and images.

    Raises
    ------
    BadInput, UnknownName, Unreadable, WeightsMismatch
        if a classifier cannot be opened, or there are no images that it can be shown.
    """
    subjects = {member.name: opened(member, settings) for member in members}
    images = {name: shown_to(subject, settings, progress) for name, subject in subjects.items()}
    lengths = {len(source) for source in images.values()}
    if min(lengths) < LEAST:
        raise BadInput(f"a comparison of classifiers needs at least {LEAST} images; given {min(lengths)}")
    classes, columns = matched_classes(subjects)
    first = next(iter(images.values()))
    return Lineup(subjects, images, classes, columns, _truth(first, subjects, classes))


def opened(member: Member, settings: Settings) -> Subject:
    """The classifier of that name, called as it is in this comparison."""
    subject = models.load(
        member.source,
        weights=member.weights,
        scaling=settings.scaling,
        labels=None if settings.labels is None else read_labels(settings.labels),
        device=settings.device,
    )
    return replace(subject, name=member.name)


def shown_to(subject: Subject, settings: Settings, progress: Progress) -> ImageSource:
    """The images in the size and the channels that a subject takes; classes from folders where nothing else says."""
    height, width = subject.spec.shape[1:]
    what = settings.images or "shapes"
    count = settings.count or (DRAWN if settings.images is None else None)
    source = open_images(what, size=(height, width), count=count, progress=progress)
    return suited(source if source.classes else by_folder(source), subject.spec)


def by_folder(source: ImageSource) -> ImageSource:
    """The source with the folder that each picture lies in as its class, where there are at least two such folders.

    >>> from vision.datasets import shapes_source
    >>> by_folder(shapes_source(3)).classes is not None
    True
    """
    if source.classes is not None:
        return source
    folders = [PurePosixPath(name).parent.name for name in source.names]
    known = sorted({name for name in folders if name})
    if len(known) < 2 or not all(folders):
        return source
    return replace(source, classes=tuple((known.index(name), name) for name in folders))


def matched_classes(subjects: Mapping[str, Subject]) -> tuple[tuple[str, ...], dict[str, NDArray]]:
    """The classes that all have, in the first one's order, and where each has them.

    By name, whatever the case; by place where all lists are the same, since names may come twice.

    >>> from core.testing import planted_classifier
    >>> two = {"a": planted_classifier(seed=0), "b": planted_classifier(seed=1, classes=2)}
    >>> matched_classes(two)[0]
    ('0', '1')
    """
    lists = {name: subject.heads["class"] for name, subject in subjects.items()}
    first = next(iter(lists.values()))
    if all(labels == first for labels in lists.values()):
        return first, {name: np.arange(len(first)) for name in lists}
    places = {name: _alone(labels) for name, labels in lists.items()}
    shared = [label for label in first if all(label.casefold() in known for known in places.values())]
    columns = {
        name: np.array([known[label.casefold()] for label in shared], int) for name, known in places.items()
    }
    return tuple(shared), columns


def _alone(labels: Sequence[str]) -> dict[str, int]:
    """Label to place, those that come twice left out."""
    lowered = [label.casefold() for label in labels]
    return {label: place for place, label in enumerate(lowered) if lowered.count(label) == 1}


def _truth(
    source: ImageSource, subjects: Mapping[str, Subject], classes: Sequence[str]
) -> NDArray[np.int64] | None:
    """Which common class every image is of: by name; by number where names say nothing and all lists are the same."""
    names, numbers = source.labels, source.targets
    if names is None or numbers is None or not classes:
        return None
    places = _alone(classes)
    found = np.array([places.get(name.casefold(), -1) for name in names])
    if (found >= 0).any():
        return found
    same = len({subject.heads["class"] for subject in subjects.values()}) == 1
    numbered = all(name.isdigit() for name in {*names} - {""}) or all(name.isdigit() for name in classes)
    if same and numbered and 0 <= numbers.max(initial=-1) < len(classes):
        return numbers
    return None


def procedural(settings: Settings) -> bool:
    """Whether the images are the procedural ones."""
    return settings.images is None or str(settings.images) == "shapes"


def square_rgb(subject: Subject) -> bool:
    """Whether it can be shown the procedural images, whose factors are known."""
    channels, height, width = subject.spec.shape
    return channels == 3 and height == width and height >= 8


def folder_of(folder: Path, name: str, number: int) -> Path:
    """Where what is found of one subject is kept."""
    return folder / "found" / f"{number}-{name.replace('/', '-')[:40]}"
