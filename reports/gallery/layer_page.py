"""layers/LAYER.html of a gallery: a grid of units that sorts and finds, however many there are; and its data."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment

from feature_viz.examples.crops import folder_name
from reports.gallery.score_words import SCORES
from reports.gallery.words import COLUMNS, FILTERS, layer_about, layer_sentence, words_of

FIRST = 24
"""Units that stand in the page itself; the others come with LAYER.js once the first are seen."""

Layer = Mapping[str, Any]


def layer_page(made: Environment, document: Mapping[str, Any], layer: Layer) -> str:
    """The page of one LAYER of the document GALLERY (``feature_viz.gallery.gallery``), as text."""
    names = [one["name"] for one in document["layers"]]
    place = names.index(layer["name"])
    return made.get_template("gallery/layer.html").render(
        gallery=document,
        layer=layer,
        folder=folder_name(layer["name"]),
        said=layer_sentence(layer, document["images"]),
        about=layer_about(layer, words_of(document)["parts"]),
        before=_beside(names, place - 1),
        after=_beside(names, place + 1),
        orders=orders(layer),
        first=layer["units"][:FIRST],
        channels=[unit["channel"] for unit in layer["units"]],
        columns=COLUMNS,
        words=words_of(document),
    )


def layer_data(layer: Layer) -> str:
    """A layer's units as a script: columns of numbers, rounded to what is shown, for the grid to sort and fill.

    >>> unit = {"channel": 3, "fired": True, "reached": 1.23456, "best": 2.0, "firing": 0.5, "scores": {"sds": None},
    ...         "top": [{"label": "cat", "name": "a", "box": [0, 0, 1, 0.5]}]}
    >>> layer_data({"units": [unit]})[:64]
    'window.gridlens={"channel":[3],"fired":[1],"reached":[1.235],"be'
    """
    units = layer["units"]
    labels: dict[str, int] = {}
    for unit in units:
        for image in unit["top"]:
            labels.setdefault(_named(image), len(labels))
    names = list(dict.fromkeys(name for unit in units for name in unit["scores"]))
    columns = {
        "channel": [unit["channel"] for unit in units],
        "fired": [int(unit["fired"]) for unit in units],
        "reached": [_rounded(unit["reached"]) for unit in units],
        "best": [_rounded(unit["best"]) for unit in units],
        "firing": [_rounded(unit["firing"]) for unit in units],
        "scores": {name: [_rounded(unit["scores"].get(name)) for unit in units] for name in names},
        "labels": list(labels),
        "top": [list(dict.fromkeys(labels[_named(image)] for image in unit["top"])) for unit in units],
        "spots": [_packed(unit["top"]) for unit in units],
    }
    return (
        f'window.gridlens={json.dumps(columns, separators=(",", ":"))};dispatchEvent(new Event("units"));\n'
    )


def orders(layer: Layer) -> list[tuple[str, str]]:
    """What the grid can be sorted by: name in the data, and words."""
    known = {name for name, spread in layer["scores"].items() if spread["known"]}
    return [
        ("channel", "number"),
        *((name, one.title) for name, one in SCORES.items() if name in known),
        ("reached", "activation reached"),
        ("best", "best found"),
        ("firing", "how often it fires"),
    ]


def _beside(names: Sequence[str], place: int) -> dict[str, str] | None:
    if not 0 <= place < len(names):
        return None
    return {"name": names[place], "href": f"{FILTERS['address'](folder_name(names[place]))}.html"}


def _named(image: Mapping[str, Any]) -> str:
    return image["label"] or image["name"]


def _rounded(value: float | None) -> float | None:
    return None if value is None or value != value else float(f"{value:.4g}")


def _packed(top: Sequence[Mapping[str, Any]]) -> str:
    """Boxes as text, four signs each: a share from 0 to 1 is one of the 57 signs from # to [."""
    return "".join(chr(35 + round(56 * min(max(side, 0.0), 1.0))) for image in top for side in image["box"])
