"""Class labels from a text file, one a line."""

from pathlib import Path

from core.errors import BadInput, Unreadable


def read_labels(path: str | Path) -> tuple[str, ...]:
    """The lines of a UTF-8 file, in the order of a network's outputs; empty lines at the end do not count.

    Raises
    ------
    Unreadable
        if the file is missing or not text.
    BadInput
        if it is empty.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "labels.txt"
    >>> _ = path.write_text("cat\\ndog\\n")
    >>> read_labels(path)
    ('cat', 'dog')
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"the labels {str(path)!r} cannot be read ({error})") from error
    if not lines:
        raise BadInput(f"the labels {str(path)!r} are empty; expected one a line")
    return tuple(line.strip() for line in lines)
