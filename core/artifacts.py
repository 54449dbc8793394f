"""Files that outlive a run: atomic writes of JSON, CSV, images and tensors (safetensors, never pickle)."""

import csv
import errno
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DiskFull, Unreadable


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary neighbour of ``path`` to write; it takes the name only when the block ends well.

    A reader, or a run killed at any moment, sees the old file or the new one, never a part.

    Raises
    ------
    DiskFull
        if the disk has no room; the temporary file is removed first.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> (folder / "a.txt").read_text()
    'whole'
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o644)
        _sync(temporary)
        temporary.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"no space left on the disk while writing {str(path)!r}; free some and run again"
            ) from error
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write ``content`` to ``path`` at once or not at all."""
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, content: str) -> None:
    """Write ``content`` as UTF-8 to ``path`` at once or not at all."""
    write_bytes(path, content.encode())


def write_json(path: str | Path, value: Any) -> None:
    """Write a JSON document; numpy numbers and arrays, paths and tuples are written as JSON's own kinds."""
    write_text(path, json.dumps(value, indent=2, default=_plain, allow_nan=True) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def read_json(path: str | Path) -> Any:
    """Read a JSON document.

    Raises
    ------
    Unreadable
        if the file is missing, empty or cut short.
    """
    try:
        return json.loads(Path(path).read_text())
    except FileNotFoundError as error:
        raise Unreadable(f"no file {str(path)!r}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Unreadable(f"{str(path)!r} is not a JSON document ({error})") from error


def write_csv(path: str | Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of one shape as CSV; the first row's keys are the header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_csv(path: str | Path) -> list[dict[str, str]]:
    """The rows of a CSV file as text."""
    with Path(path).open(newline="") as handle:
        return list(csv.DictReader(handle))


def write_tensors(
    path: str | Path, tensors: Mapping[str, Any], metadata: Mapping[str, str] | None = None
) -> None:
    """Write torch tensors or numpy arrays by name as safetensors.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "t.safetensors"
    >>> write_tensors(path, {"a": np.arange(3)}, {"source": "here"})
    >>> read_tensors(path)["a"].tolist(), read_metadata(path)["source"]
    ([0, 1, 2], 'here')
    """
    from safetensors.torch import save

    content = save({name: _tensor(value) for name, value in tensors.items()}, metadata=dict(metadata or {}))
    write_bytes(path, _in_order(content))


def _in_order(content: bytes) -> bytes:
    """The same safetensors bytes with sorted metadata, which the library writes in an order of chance."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[start:]


def _tensor(value: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value.detach().cpu().contiguous()
    return torch.from_numpy(np.array(value, order="C"))


def read_tensors(path: str | Path) -> dict[str, Any]:
    """The tensors of a safetensors file, on the CPU.

    Raises
    ------
    Unreadable
        if the file is missing, empty, cut short or of another format.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        content = Path(path).read_bytes()
        if not content:
            raise Unreadable(f"{str(path)!r} is empty (0 bytes); expected safetensors")
        return load(content)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Unreadable(f"no weights file {str(path)!r}") from error
    except (SafetensorError, ValueError, KeyError) as error:
        size = len(content)
        raise Unreadable(
            f"{str(path)!r} ({size} bytes) is not a whole safetensors file: {error}; copy or download it again"
        ) from error


def read_metadata(path: str | Path) -> dict[str, str]:
    """The free text that a safetensors file carries beside its tensors.

    Raises
    ------
    Unreadable
        as ``read_tensors``.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="numpy") as handle:
            return dict(handle.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise Unreadable(f"{str(path)!r} is not a whole safetensors file: {error}") from error


def write_image(path: str | Path, image: Any, *, quality: int = 90) -> None:
    """Write a picture in the format that the name's ending says (png, webp, jpg).

    ``image`` is float (3, h, w) in [0, 1] or uint8 (h, w, 3).
    """
    from PIL import Image

    with atomic(path) as temporary, temporary.open("wb") as handle:
        kind = Path(path).suffix.lstrip(".").lower().replace("jpg", "jpeg")
        Image.fromarray(as_pixels(image)).save(handle, format=kind, quality=quality)


def as_pixels(image: Any) -> np.ndarray:
    """A float (3, h, w) picture in [0, 1], or one that is uint8 already, as uint8 (h, w, 3).

    >>> as_pixels(np.ones((3, 2, 2), np.float32))[0, 0].tolist()
    [255, 255, 255]
    """
    array = image.detach().cpu().numpy() if hasattr(image, "detach") else np.asarray(image)
    if array.dtype != np.uint8:
        array = np.repeat(array, 3, axis=0) if array.shape[0] == 1 else array
        array = (np.clip(array, 0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    pixels: np.ndarray = array
    return pixels
