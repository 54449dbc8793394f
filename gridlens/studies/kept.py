"""kept(): rows of numbers that are computed once; a study that was broken off goes on behind what is there."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.artifacts import read_json, write_json

Row = Mapping[str, Any]
"""Numbers and names by what they are."""
PARTS = "parts"
"""The folder of a study in which they lie."""


def kept(folder: Path, name: str, make: Callable[[], Sequence[Row]]) -> list[Row]:
    """The rows of that name in a study's folder; made and written, at once or not at all, if there are none.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> kept(folder, "apples", lambda: [{"seed": 0, "apples": 3}])
    [{'seed': 0, 'apples': 3}]
    >>> kept(folder, "apples", lambda: [])
    [{'seed': 0, 'apples': 3}]
    """
    path = folder / PARTS / f"{name}.json"
    if not path.exists():
        write_json(path, list(make()))
    return list(read_json(path))
