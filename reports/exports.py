"""PNG, CSV and JSON of every figure and table, beside the page."""

import io
from pathlib import Path
from typing import Any

from PIL import Image

from core.artifacts import write_bytes, write_csv, write_json
from reports.html import anchor, records
from reports.sections import Figure, Report, figures_of, tables_of


def export(report: Report, folder: str | Path) -> list[Path]:
    """Write each figure as PNG, CSV and JSON and each table as CSV and JSON; returns what was written.

    Files are numbered in reading order and named by title, such as ``figure-1-how-often.csv``.

    Raises
    ------
    DiskFull
        if the disk has no room.
    """
    folder = Path(folder)
    written: list[Path] = []
    for index, figure in enumerate(figures_of(report), 1):
        stem = f"figure-{index}-{anchor(figure.title)[:60]}"
        path = folder / f"{stem}.png"
        write_bytes(path, png(figure))
        about = {"title": figure.title, "caption": figure.caption, "alt": figure.alt}
        written += [path, *_numbers(folder, stem, [dict(row) for row in figure.rows], about)]
    for index, table in enumerate(tables_of(report), 1):
        stem = f"table-{index}-{anchor(table.caption)[:60]}"
        written += _numbers(folder, stem, records(table), {"caption": table.caption})
    return written


def png(figure: Figure) -> bytes:
    """A figure's picture as PNG, on white.

    >>> from reports.drawing import figure as drawn
    >>> png(drawn(lambda canvas: None, height=9, title="t", caption="", alt="Nothing"))[1:4]
    b'PNG'
    """
    if figure.png or isinstance(figure.content, str):
        return figure.png
    buffer = io.BytesIO()
    Image.open(io.BytesIO(figure.content)).save(buffer, "png")
    return buffer.getvalue()


def _numbers(folder: Path, stem: str, rows: list[dict[str, Any]], about: dict[str, Any]) -> list[Path]:
    paths = [folder / f"{stem}.csv", folder / f"{stem}.json"]
    write_csv(paths[0], rows)
    write_json(paths[1], about | {"rows": rows})
    return paths
