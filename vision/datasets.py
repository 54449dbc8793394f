"""Image sources: folders, archives, npz files and the procedural set, decoded as they are asked for."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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

LARGEST_ARRAYS = 8 * 2**30
"""Bytes that an npz file may unpack to."""

Stream = Callable[[], Iterator[Float32[Tensor, "3 h w"] | Unreadable]]


@dataclass(frozen=True, eq=False)
class ImageSource:
    """A finite, ordered set of images of one size; RGB, float32 in [0, 1]; the same every time.

    Images that cannot be decoded are left out of the order, and named in ``skipped`` with the reason once a pass
    has met them. ``stream`` gives every image, or what is wrong with it, in the order of ``names``.
    """

    name: str
    names: tuple[str, ...] = field(repr=False)
    size: tuple[int, int]
    fingerprint: str
    stream: Stream = field(repr=False)
    classes: tuple[tuple[int, str] | None, ...] | None = field(default=None, repr=False)
    skipped: dict[str, str] = field(default_factory=dict)
    _passed: list[bool] = field(default_factory=list, repr=False)

    def __len__(self) -> int:
        """How many images there are; before the first whole pass, how many there are at most."""
        return len(self.names) - len(self.skipped)

    def batches(self, batch_size: int) -> Iterator[Float32[Tensor, "n 3 h w"]]:
        """All images in order, ``batch_size`` at a time.

        Raises
        ------
        Unreadable
            if not one of them can be decoded; gives the first one's reason.
        """
        held: list[Tensor] = []
        for name, image in zip(self.names, self.stream(), strict=True):
            if isinstance(image, Unreadable):
                self.skipped[name] = str(image)
                continue
            held.append(image)
            if len(held) == batch_size:
                yield torch.stack(held)
                held = []
        if held:
            yield torch.stack(held)
        self._end_of_pass()

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
        if not self._passed:
            for _ in self.batches(64):  # which images are skipped is known only after a pass
                pass
        pairs = zip(self.names, self.classes, strict=True)
        return [entry for name, entry in pairs if name not in self.skipped]

    def _end_of_pass(self) -> None:
        if not len(self):
            name, reason = next(iter(self.skipped.items()))
            raise Unreadable(
                f"none of the {len(self.names)} pictures in {self.name!r} can be decoded; {name!r}: {reason}"
            )
        if not self._passed:
            self._passed.append(True)


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

    def stream() -> Iterator[Tensor]:
        for first in range(start, start + count, 512):
            yield from shapes.generate(
                seed, range(first, min(first + 512, start + count)), size=size[0]
            ).images

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
            marks.append(fingerprint(name, _bytes_or_reason(read, name)))
            progress(done, len(names), "reading the images")

    def stream() -> Iterator[Tensor | Unreadable]:
        with opened(path) as (_, read):
            for name in names:
                yield _decoded(lambda name=name: decode(read(name), size))  # type: ignore[misc]

    classes = tuple(table.get(name) for name in names) if table else None
    return ImageSource(path.name, tuple(names), size, fingerprint(str(size), *marks), stream, classes)


def _bytes_or_reason(read: Callable[[str], bytes], name: str) -> bytes | str:
    try:
        return read(name)
    except (Unreadable, OSError) as error:
        return str(error)


def _decoded(pixels: Callable[[], np.ndarray]) -> Tensor | Unreadable:
    try:
        return torch.from_numpy(pixels()).permute(2, 0, 1).to(torch.float32).div_(255)
    except (Unreadable, OSError) as error:
        return error if isinstance(error, Unreadable) else Unreadable(str(error))


def _npz(path: Path, size: tuple[int, int], count: int | None) -> ImageSource:
    arrays = _read_npz(path)
    images = arrays["images"][:count]
    rgb = images.ndim == 4 and images.shape[3] == 3
    if images.dtype != np.uint8 or not (rgb or images.ndim == 3) or not len(images):
        raise BadInput(
            f"'images' in {str(path)!r} is {images.dtype} {images.shape}; "
            "expected uint8 (n, h, w, 3) or (n, h, w), at least one"
        )

    def stream() -> Iterator[Tensor | Unreadable]:
        for image in images:
            yield _decoded(lambda image=image: fit(Image.fromarray(image).convert("RGB"), size))  # type: ignore[misc]

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
