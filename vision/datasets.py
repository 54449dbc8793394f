"""Image sources: folders, archives, npz files and the procedural set, decoded as they are asked for."""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from PIL import Image
from torch import Tensor

from core.errors import BadInput, Unreadable
from core.progress import Progress, silent
from core.provenance import fingerprint
from vision import shapes
from vision.archives import PICTURES, class_table, opened, pictures
from vision.decoding import decode, fit
from vision.read_ahead import read_ahead

DRAWN = 512
"""Procedural images drawn at once."""

LARGEST_ARRAYS = 8 * 2**30
"""Bytes that an npz file may unpack to."""

Stream = Callable[[Sequence[int]], Iterator[Float32[Tensor, "3 h w"] | Unreadable]]


@dataclass(frozen=True, eq=False)
class ImageSource:
    """A finite, ordered set of images of one size; RGB, float32 in [0, 1]; the same every time.

    Images that cannot be decoded are left out of the order, and named in ``skipped`` with the reason once a pass
    has met them. ``stream`` gives the images at some places in ``names``, or what is wrong with them, in that order.
    """

    name: str
    names: tuple[str, ...] = field(repr=False)
    size: tuple[int, int]
    fingerprint: str
    stream: Stream = field(repr=False)
    classes: tuple[tuple[int, str] | None, ...] | None = field(default=None, repr=False)
    skipped: dict[str, str] = field(default_factory=dict)
    _kept: list[int] = field(default_factory=list, repr=False)  # places of the decodable images met so far

    def __len__(self) -> int:
        """How many images there are; before the first whole pass, how many there are at most."""
        return len(self.names) - len(self.skipped)

    @property
    def met(self) -> int:
        """How many of ``names`` are known to be decodable or not."""
        return len(self._kept) + len(self.skipped)

    def batches(self, batch_size: int, *, start: int = 0) -> Iterator[Float32[Tensor, "n 3 h w"]]:
        """All images from number ``start`` on in order, ``batch_size`` at a time.

        Those before ``start`` are decoded only if no pass has met them yet (see ``recall``).

        Raises
        ------
        Unreadable
            if not one of them can be decoded; gives the first one's reason.
        """
        held: list[Tensor] = []
        for image in self._from(start):
            held.append(image)
            if len(held) == batch_size:
                yield torch.stack(held)
                held = []
        if held:
            yield torch.stack(held)
        if not len(self):
            name, reason = next(iter(self.skipped.items()))
            raise Unreadable(
                f"none of the {len(self.names)} pictures in {self.name!r} can be decoded; {name!r}: {reason}"
            )

    def at(self, indices: Sequence[int]) -> Iterator[Float32[Tensor, "3 h w"]]:
        """The images of some numbers, in the order given (rising is quickest), without decoding the others.

        >>> source = shapes_source(9)
        >>> torch.equal(next(source.at([4])), torch.cat(list(source.batches(3)))[4])
        True
        """
        self._meet(max(indices, default=-1) + 1)
        for image in self.stream([self._kept[index] for index in indices]):
            if isinstance(image, Unreadable):
                raise image
            yield image

    def recall(self, skipped: Mapping[str, str], met: int) -> None:
        """Take an earlier pass's word for the first ``met`` names: all but ``skipped`` can be decoded.

        Does nothing where as many are known already.
        """
        if met <= self.met:
            return
        self.skipped.update(skipped)
        self._kept[:] = [place for place in range(met) if self.names[place] not in skipped]

    def targets_of(self, first: int, count: int) -> np.ndarray | None:
        """As ``targets``, of ``count`` images from number ``first`` on, which a pass has met."""
        if self.classes is None:
            return None
        kept = [self.classes[place] for place in self._kept[first : first + count]]
        return np.array([entry[0] if entry else -1 for entry in kept])

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The name of each decodable image's class (empty where unknown), or None if there are no classes."""
        kept = self._kept_classes()
        return None if kept is None else tuple(entry[1] if entry else "" for entry in kept)

    @property
    def targets(self) -> np.ndarray | None:
        """The number of each decodable image's class (-1 where unknown), or None if there are no classes."""
        kept = self._kept_classes()
        return None if kept is None else np.array([entry[0] if entry else -1 for entry in kept])

    def _kept_classes(self) -> list[tuple[int, str] | None] | None:
        if self.classes is None:
            return None
        self._meet(len(self.names))
        return [self.classes[place] for place in self._kept]

    def _from(self, start: int) -> Iterator[Tensor]:
        """The decodable images from number ``start`` on; keeps book of those met for the first time."""
        first = self._kept[start] if start < len(self._kept) else self.met
        left_out = max(0, start - len(self._kept))
        places = range(first, len(self.names))
        for place, image in zip(places, self.stream(places), strict=True):
            new = place == self.met
            if isinstance(image, Unreadable):
                self.skipped[self.names[place]] = str(image)
                continue
            if new:
                self._kept.append(place)
            if left_out:
                left_out -= 1
                continue
            yield image

    def _meet(self, count: int) -> None:
        """Go on until ``count`` decodable images are known, or all there are."""
        if len(self._kept) >= count or self.met == len(self.names):
            return
        for _ in self._from(len(self._kept)):
            if len(self._kept) >= count:
                return


def open_images(
    what: str | Path, *, size: tuple[int, int], count: int | None = None, progress: Progress = silent
) -> ImageSource:
    """A source of images of ``size`` (height, width) in pixels: scaled to the shorter side, the middle cut out.

    Parameters
    ----------
    what
        A folder (searched to the bottom), a .tar or .zip archive, an .npz file with ``images`` (and ``labels`` and
        ``classes``), or ``shapes``: the procedural test images. An ``index.tsv`` in a folder or archive (columns
        file, class_index, name) gives classes.
    count
        Only the first so many images; for ``shapes``, how many (2,000 without it).

    Raises
    ------
    Unreadable
        if ``what`` is missing, cut short, or of no known kind.
    BadInput
        if it holds no pictures.

    >>> source = open_images("shapes", size=(48, 48), count=5)
    >>> len(source), [tuple(batch.shape) for batch in source.batches(3)], source.labels[0] in shapes.CLASSES
    (5, [(3, 3, 48, 48), (2, 3, 48, 48)], True)
    """
    if count is not None and count < 1:
        raise BadInput(f"{count} images were asked for; expected at least 1")
    if str(what) == "shapes":
        return shapes_source(count or 2000, size=size)
    path = Path(what)
    if path.suffix.lower() == ".npz":
        return _npz(path, size, count)
    return _files(path, size, count, progress)


def shapes_source(
    count: int, *, seed: int = 0, start: int = shapes.TEST_START, size: tuple[int, int] = (shapes.SIZE,) * 2
) -> ImageSource:
    """``count`` images of the procedural set from number ``start`` on; without it, the first test images."""
    if size[0] != size[1]:
        raise BadInput(f"the procedural images are square; got {size[0]} x {size[1]}")
    numbers = range(start, start + count)

    def stream(places: Sequence[int]) -> Iterator[Tensor]:
        for first in range(0, len(places), DRAWN):
            wanted = [start + place for place in places[first : first + DRAWN]]
            yield from shapes.generate(seed, np.array(wanted), size=size[0]).images

    drawn = shapes.generate(seed, np.array(numbers), size=8).labels.tolist()
    classes = tuple((label, shapes.CLASSES[label]) for label in drawn)
    mark = fingerprint("shapes", str((seed, start, count, size)), repr(shapes.FACTORS))
    return ImageSource("shapes", tuple(f"{seed}:{i}" for i in numbers), size, mark, stream, classes)


def _files(path: Path, size: tuple[int, int], count: int | None, progress: Progress) -> ImageSource:
    with opened(path) as (every, read):
        names = pictures(every)[:count]
        if not names:
            raise BadInput(f"no pictures in {str(path)!r} (looked for {', '.join(PICTURES)})")
        table = class_table(every, read)
        marks = []
        for done, name in enumerate(names, 1):
            content = _read(read, name)
            marks.append(fingerprint(name, content if isinstance(content, bytes) else str(content)))
            progress(done, len(names), "reading the images")

    def stream(places: Sequence[int]) -> Iterator[Tensor | Unreadable]:
        with opened(path) as (_, read):
            contents = (_read(read, names[place]) for place in places)
            yield from read_ahead(partial(_picture, size=size), contents)

    classes = tuple(table.get(name) for name in names) if table else None
    return ImageSource(path.name, tuple(names), size, fingerprint(str(size), *marks), stream, classes)


def _read(read: Callable[[str], bytes], name: str) -> bytes | Unreadable:
    try:
        return read(name)
    except (Unreadable, OSError) as error:
        return error if isinstance(error, Unreadable) else Unreadable(str(error))


def _picture(content: bytes | Unreadable, size: tuple[int, int]) -> Tensor | Unreadable:
    if isinstance(content, Unreadable):
        return content
    try:
        return _floats(decode(content, size))
    except Unreadable as error:
        return error


def _floats(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1).to(torch.float32).div_(255)


def _npz(path: Path, size: tuple[int, int], count: int | None) -> ImageSource:
    arrays = _read_npz(path)
    images = arrays["images"][:count]
    rgb = images.ndim == 4 and images.shape[3] == 3
    if images.dtype != np.uint8 or not (rgb or images.ndim == 3) or not len(images):
        raise BadInput(
            f"'images' in {str(path)!r} is {images.dtype} {images.shape}; "
            "expected uint8 (n, h, w, 3) or (n, h, w), at least one"
        )

    def stream(places: Sequence[int]) -> Iterator[Tensor | Unreadable]:
        for place in places:
            yield _floats(fit(Image.fromarray(images[place]).convert("RGB"), size))

    classes = None
    if "labels" in arrays:
        names = arrays["classes"].tolist() if "classes" in arrays else None
        numbers = arrays["labels"][: len(images)].tolist()
        classes = tuple((number, str(names[number] if names else number)) for number in numbers)
    places = tuple(str(index) for index in range(len(images)))
    return ImageSource(path.name, places, size, fingerprint(str(size), images), stream, classes)


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > LARGEST_ARRAYS:
            raise BadInput(f"{str(path)!r} unpacks to {unpacked} bytes; at most {LARGEST_ARRAYS} are read")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("images", "labels", "classes") if name in file}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise Unreadable(f"{str(path)!r} is no whole .npz file ({error})") from error
    if "images" not in arrays:
        raise BadInput(f"{str(path)!r} has no array 'images' (uint8, n images of h x w x 3)")
    return arrays
