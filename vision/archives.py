"""Folders and .tar or .zip archives as named files, read in memory and never extracted."""

import csv
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from core.errors import BadInput, Unreadable
from vision.decoding import LARGEST_FILE

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm")
INDEX = "index.tsv"

Read = Callable[[str], bytes]


@contextmanager
def opened(path: Path) -> Iterator[tuple[list[str], Read]]:
    """The names of a folder's or archive's files, and a function from a name to the file's bytes.

    At most ``LARGEST_FILE`` + 1 bytes of a file are read.

    Raises
    ------
    Unreadable
        if ``path`` is missing or no folder, tar or zip file, or is cut short.
    """
    if path.is_dir():
        yield _folder(path)
    elif not path.exists():
        raise Unreadable(f"no folder or archive of images {str(path)!r}")
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield _zip(archive)
    else:
        try:
            with tarfile.open(path) as archive:
                yield _tar(archive)
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as error:
            raise Unreadable(f"{str(path)!r} is no whole .tar or .zip archive ({error})") from error


def pictures(names: list[str]) -> list[str]:
    """Those of the names that end like a picture's and are not hidden.

    >>> pictures(["a/b.JPEG", "a/.c.png", "readme.md"])
    ['a/b.JPEG']
    """
    paths = ((name, PurePosixPath(name)) for name in names)
    return [name for name, path in paths if path.suffix.lower() in PICTURES and not path.name.startswith(".")]


def class_table(names: list[str], read: Read) -> dict[str, tuple[int, str]]:
    """What an ``index.tsv`` (columns file, class_index, name) says of the files in its folder: index and name.

    Raises
    ------
    BadInput
        if the table lacks a column or an index is no whole number.
    """
    found = {}
    for index in (name for name in names if PurePosixPath(name).name == INDEX):
        beside = PurePosixPath(index).parent
        for row in csv.DictReader(io.StringIO(read(index).decode("utf-8", "replace")), delimiter="\t"):
            try:
                found[str(beside / row["file"])] = (int(row["class_index"]), row["name"])
            except (KeyError, TypeError, ValueError) as error:
                raise BadInput(
                    f"{index!r} needs the columns file, class_index (a whole number) and name; got {row}"
                ) from error
    return found


def _folder(path: Path) -> tuple[list[str], Read]:
    names = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())

    def read(name: str) -> bytes:
        with (path / name).open("rb") as handle:
            return handle.read(LARGEST_FILE + 1)

    return names, read


def _zip(archive: zipfile.ZipFile) -> tuple[list[str], Read]:
    names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]

    def read(name: str) -> bytes:
        try:
            with archive.open(name) as handle:
                return handle.read(LARGEST_FILE + 1)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # damaged, exotic, encrypted
            raise Unreadable(str(error)) from error

    return names, read


def _tar(archive: tarfile.TarFile) -> tuple[list[str], Read]:
    members = {member.name: member for member in archive if member.isfile()}

    def read(name: str) -> bytes:
        handle = archive.extractfile(members[name])
        return handle.read(LARGEST_FILE + 1) if handle else b""

    return list(members), read
