"""The rows of a sweep as one Parquet table, in an order that depends on nothing but the sweep."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.artifacts import atomic, read_csv
from core.errors import Unreadable
from rl.records import COLUMNS
from rl.sweeps.task import Task, rows_file

TABLE = "table.parquet"
WHOLE = ("seed", "steps", "n")
NUMBERS = ("estimate", "low", "high")


def gather(tasks: Iterable[Task], out: Path) -> list[dict[str, Any]]:
    """The rows of all tasks that are done, task after task, with numbers as numbers.

    Raises
    ------
    Unreadable
        if a file of rows has not the columns ``rl.records.COLUMNS``.
    """
    return [row for task in tasks if rows_file(task, out).exists() for row in _rows(rows_file(task, out))]


def write_table(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write rows with the columns ``rl.records.COLUMNS``; the same rows give the same bytes."""
    import pyarrow
    import pyarrow.parquet

    kinds = dict.fromkeys(COLUMNS, pyarrow.string())
    kinds |= dict.fromkeys(WHOLE, pyarrow.int64()) | dict.fromkeys(NUMBERS, pyarrow.float64())
    table = pyarrow.Table.from_pylist([dict(row) for row in rows], schema=pyarrow.schema(list(kinds.items())))
    with atomic(path) as temporary:
        pyarrow.parquet.write_table(table, temporary, compression="zstd")


def read_table(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a sweep's table (or of anything with these columns in Parquet).

    Raises
    ------
    Unreadable
        if there is no such file or it is no Parquet.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
        return rows
    except FileNotFoundError as error:
        raise Unreadable(f"there is no table {str(path)!r}") from error
    except pyarrow.ArrowInvalid as error:
        raise Unreadable(f"{str(path)!r} is not a whole Parquet file: {error}") from error


def _rows(path: Path) -> list[dict[str, Any]]:
    rows = read_csv(path)
    if not rows or tuple(rows[0]) != COLUMNS:
        raise Unreadable(
            f"{str(path)!r} does not hold the rows of an agent; delete it and run the sweep again"
        )
    return [_numbered(row) for row in rows]


def _numbered(row: Mapping[str, str]) -> dict[str, Any]:
    return {**row} | {name: int(row[name]) for name in WHOLE} | {name: float(row[name]) for name in NUMBERS}
