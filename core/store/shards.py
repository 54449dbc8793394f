"""Shards: rows of activations as safetensors files, written whole, read through a memory map."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from core.artifacts import atomic
from core.errors import Unreadable

CODES = {"float32": "F32", "float16": "F16"}
"""How numbers may be kept, and what safetensors calls them."""
ROWS = "rows"
"""The one tensor of a shard: (n, c)."""


@dataclass(frozen=True)
class Shard:
    """One file: its name, the images whose rows it holds (``first`` up to ``stop``), its size and its SHA-256."""

    file: str
    first: int
    stop: int
    rows: int
    bytes: int
    sha256: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def write_shard(path: Path, parts: Sequence[Float[np.ndarray, "_ c"]], *, first: int, stop: int) -> Shard:
    """Write the rows of ``parts`` one after another as one safetensors file, at once or not at all.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "0.safetensors"
    >>> shard = write_shard(path, [np.ones((2, 3), np.float32)], first=0, stop=2)
    >>> shard.rows, map_shard(path, "float32", 3).shape, checksum(path) == shard.sha256
    (2, (2, 3), True)
    """
    rows = sum(map(len, parts))
    digest, size = hashlib.sha256(), 0
    with atomic(path) as temporary, temporary.open("wb") as handle:
        for piece in (memoryview(_header(rows, parts[0])), *map(_bytes, parts)):
            handle.write(piece)
            digest.update(piece)
            size += len(piece)
    return Shard(path.name, first, stop, rows, size, digest.hexdigest())


def _header(rows: int, part: np.ndarray) -> bytes:
    """What stands before the numbers: the length of the description (8 bytes) and the description (JSON)."""
    width, kind = part.shape[1], part.dtype
    end = rows * width * kind.itemsize
    about = {ROWS: {"dtype": CODES[kind.name], "shape": [rows, width], "data_offsets": [0, end]}}
    text = json.dumps(about, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _bytes(part: np.ndarray) -> memoryview:
    return np.ascontiguousarray(part).reshape(-1).view(np.uint8).data


def shard_bytes(rows: int, channels: int, dtype: str) -> int:
    """Size of the file of so many rows."""
    return len(_header(rows, np.empty((0, channels), dtype))) + rows * channels * np.dtype(dtype).itemsize


def map_shard(path: Path, dtype: str, channels: int) -> Float[np.ndarray, "n c"]:
    """The rows of a shard, read from the disk only where they are looked at.

    Raises
    ------
    Unreadable
        if the file is missing, cut short, or holds other numbers.
    """
    try:
        with path.open("rb") as handle:
            length = int.from_bytes(handle.read(8), "little")
            about = json.loads(handle.read(length))[ROWS]
        rows, width = about["shape"]
        if (about["dtype"], width) != (CODES[dtype], channels):
            raise ValueError(
                f"{about['dtype']} rows of {width} channels, expected {CODES[dtype]} of {channels}"
            )
        return np.memmap(path, dtype, "r", 8 + length, (rows, width))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise Unreadable(
            f"shard {str(path)!r} cannot be read ({error}); copy it again or collect anew"
        ) from error


def checksum(path: Path) -> str:
    """SHA-256 of a file, as ``sha256sum`` gives it."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def check_shard(path: Path, shard: Shard, *, whole: bool) -> None:
    """Raise Unreadable unless the file has the size written of it and, if ``whole``, the checksum."""
    size = path.stat().st_size if path.exists() else None
    if size != shard.bytes:
        found = "is missing" if size is None else f"has {size:,} bytes"
        raise Unreadable(
            f"shard {str(path)!r} {found}; expected {shard.bytes:,} bytes: copy it again or collect anew"
        )
    if whole and checksum(path) != shard.sha256:
        raise Unreadable(
            f"shard {str(path)!r} is not as it was written (its SHA-256 differs): copy it again or collect anew"
        )
