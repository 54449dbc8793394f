"""A gallery's run folder into its page: index.html beside the pictures, one address a unit, opens offline."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.artifacts import write_text
from core.runs import read_manifest
from feature_viz.gallery import read_gallery
from reports.front_page import Entry
from reports.html import environment, number
from reports.sections import Figure

COLUMNS = 3
"""Crops to a row: the top crops are as large together as the visualisation beside them."""

TOGETHER = 60
"""Units that the browser lays out together or not at all, so that thousands do not stutter."""


def write_gallery(folder: str | Path) -> Path:
    """Write ``index.html`` into the folder of a finished gallery; returns its path.

    Raises
    ------
    Unreadable
        if the folder holds no finished gallery.
    DiskFull
        if the disk has no room.
    """
    folder = Path(folder)
    page = gallery_page(read_gallery(folder).document, read_manifest(folder))
    write_text(folder / "index.html", page)
    return folder / "index.html"


def gallery_page(document: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The page of the document GALLERY (``feature_viz.gallery``) and the manifest of its run, as text."""
    made = environment()
    made.filters |= {"address": quote, "bar": bar, "spots": spots, "times": times}
    return made.get_template("gallery.html").render(
        gallery=document,
        manifest=manifest,
        skipped=document["images"].get("skipped", {}),
        summary=summary(document),
        columns=COLUMNS,
        together=TOGETHER,
    )


def gallery_entry(folder: str | Path, *, href: str, pictures: int = 8) -> Entry:
    """A finished gallery as one entry of a front page, with pictures from every layer.

    Raises
    ------
    Unreadable
        if the folder holds no finished gallery.
    """
    folder = Path(folder)
    result = read_gallery(folder)
    shown = _best_of_each_layer(result.document, pictures)
    return Entry(
        kind="Feature gallery",
        title=f"What {result.document['subject']['name']} looks for",
        finding=summary(result.document),
        href=href,
        commands=[str(read_manifest(folder)["command"])],
        pictures=[
            Figure(
                unit["unit"], "", f"What raises unit {unit['unit']}", (folder / unit["picture"]).read_bytes()
            )
            for unit in shown
        ],
    )


def _best_of_each_layer(document: Mapping[str, Any], pictures: int) -> list[Mapping[str, Any]]:
    """Units, as evenly from the layers as it goes: those whose picture does most better than the best real image."""
    layers = [
        sorted((one for one in layer["units"] if one["fired"]), key=lambda one: -(one["multiple"] or 0.0))
        for layer in document["layers"]
    ]
    rounds = zip_longest(*layers)
    taken = [unit for one in rounds for unit in one if unit is not None][:pictures]
    order = [unit["unit"] for layer in document["layers"] for unit in layer["units"]]
    return sorted(taken, key=lambda unit: order.index(unit["unit"]))


def summary(document: Mapping[str, Any]) -> str:
    """The gallery in one sentence, from its numbers.

    >>> unit = {"fired": True, "multiple": 2.0}
    >>> summary({"layers": [{"units": [unit]}], "images": {"count": 500}})
    '1 of 1 units fire more for the picture made for them than for any of 500 real images.'
    """
    units = [unit for layer in document["layers"] for unit in layer["units"]]
    more = sum(unit["fired"] and (unit["multiple"] is None or unit["multiple"] > 1) for unit in units)
    dead = sum(not unit["fired"] for unit in units)
    silent = f"; {dead} could not be made to fire" if dead else ""
    return (
        f"{more} of {len(units)} units fire more for the picture made for them than for any of "
        f"{document['images']['count']} real images{silent}."
    )


def bar(value: float, other: float) -> str:
    """The length of a bar as a share of the longer of the pair, for CSS.

    >>> bar(1.0, 4.0), bar(-1.0, 2.0), bar(0.0, 0.0)
    ('25%', '0%', '0%')
    """
    longest = max(value, other)
    return f"{100 * max(value, 0.0) / longest:.3g}%" if longest > 0 else "0%"


def times(multiple: float | None) -> str:
    """A unit's multiple of the best real image, or nothing where there is none.

    >>> times(2.34), times(None)
    ('2.3×', '')
    """
    return "" if multiple is None else f"{multiple:.1f}×" if multiple < 100 else f"{number(multiple)}×"


def spots(top: Sequence[Mapping[str, Any]]) -> str:
    """The boxes of a unit's top crops as one SVG path, in cells of a grid ``COLUMNS`` wide.

    >>> spots([{"box": [0.25, 0.25, 0.5, 0.5]}])
    'M0.25 0.25h0.5v0.5h-0.5z'
    """
    path = ""
    for index, image in enumerate(top):
        left, up, width, height = (round(side, 3) for side in image["box"])
        across, down = round(index % COLUMNS + left, 3), round(index // COLUMNS + up, 3)
        path += f"M{across:g} {down:g}h{width:g}v{height:g}h{-width:g}z"
    return path
