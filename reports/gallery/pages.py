"""A gallery's run folder into a site of its own: index.html, a page per layer and per unit; opens offline."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from jinja2 import Environment

from core.artifacts import write_text
from core.runs import read_manifest
from feature_viz.examples.crops import folder_name
from feature_viz.gallery.gallery import GalleryResult, read_gallery
from feature_viz.gallery.layer import read_layer
from reports.front_page import Entry
from reports.gallery.kin import read_kin
from reports.gallery.layer_page import layer_data, layer_page
from reports.gallery.model_page import model_page, reading_page
from reports.gallery.unit_page import Places, unit_pages
from reports.gallery.words import FILTERS, model_sentence
from reports.html import TEMPLATES, environment
from reports.sections import Figure

STYLES = ("style.css", "gallery/site.css")


def write_gallery(folder: str | Path, layer: str | None = None) -> Path:
    """Write the pages of a gallery into its folder, one layer at a time; returns the path of index.html.

    With ``layer``, only that layer's and index.html: while others are still being made.

    Raises
    ------
    Unreadable
        if the folder holds no gallery.
    DiskFull
        if the disk has no room.
    """
    result = read_gallery(folder)
    _write_shared(result)
    if layer is not None:
        _write_layer(result, read_layer(result.folder, layer), {})
        return result.folder / "index.html"
    places = {one["name"]: frozenset(unit["channel"] for unit in one["units"]) for one in result.layers}
    for one in result.layers:
        _write_layer(result, one, places)
    return result.folder / "index.html"


def gallery_environment() -> Environment:
    """The house's templates with the filters that the gallery's pages call."""
    made = environment()
    made.filters |= FILTERS
    return made


def _write_shared(result: GalleryResult) -> None:
    made = gallery_environment()
    write_text(result.folder / "site.css", "".join((TEMPLATES / name).read_text() for name in STYLES))
    write_text(result.folder / "site.js", (TEMPLATES / "gallery/site.js").read_text())
    write_text(result.folder / "reading.html", reading_page(made, result.document))
    page = model_page(made, result.document, read_manifest(result.folder))
    write_text(result.folder / "index.html", page)


def _write_layer(result: GalleryResult, layer: Mapping[str, Any], places: Places) -> None:
    made = gallery_environment()
    name = folder_name(layer["name"])
    write_text(result.folder / "layers" / f"{name}.html", layer_page(made, result.document, layer))
    write_text(result.folder / "layers" / f"{name}.js", layer_data(layer))
    kin = read_kin(result.folder, layer["name"])
    for channel, page in unit_pages(made, result.document, layer, places, kin):
        write_text(result.folder / "units" / name / f"{channel:04d}.html", page)


def gallery_entry(folder: str | Path, *, href: str, pictures: int = 8) -> Entry:
    """A gallery as one entry of a front page, with pictures from every layer.

    Raises
    ------
    Unreadable
        if the folder holds no gallery.
    """
    result = read_gallery(folder)
    shown = _from_each_layer(result.document["layers"], pictures)
    return Entry(
        kind="Feature gallery",
        title=f"What {result.document['subject']['name']} looks for",
        finding=model_sentence(result.document),
        href=href,
        commands=[str(read_manifest(folder)["command"])],
        pictures=[
            Figure(text, "", f"What raises unit {text}", (result.folder / picture).read_bytes())
            for text, picture in shown
        ],
    )


def _from_each_layer(layers: Sequence[Mapping[str, Any]], pictures: int) -> list[tuple[str, str]]:
    """Units as text with their pictures, as evenly from the layers as it goes, in order of depth."""
    units = [
        [(f"{layer['name']}:{one['channel']}", one["picture"]) for one in layer["shown"]] for layer in layers
    ]
    taken = [unit for one in zip_longest(*units) for unit in one if unit is not None][:pictures]
    return [unit for layer in units for unit in layer if unit in taken]
