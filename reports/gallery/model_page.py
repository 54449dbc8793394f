"""index.html of a gallery: its layers in order of depth, with some pictures, size and the spread of their scores."""

import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

from jinja2 import Environment

from feature_viz.examples.crops import folder_name
from feature_viz.examples.looks import WORDS
from reports.gallery.charts import spread
from reports.gallery.score_words import SCORES
from reports.gallery.unit_page import unit_address
from reports.gallery.words import FILTERS, layer_about, model_sentence, words_of

PICTURES = 2000
"""Pictures on the page at most: with many layers each shows fewer."""

SKIPPED = 20
"""Undecodable pictures that are named; the others are counted."""


def model_page(made: Environment, document: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The page of the document GALLERY (``feature_viz.gallery.gallery``) and the manifest of its run, as text."""
    skipped = document["images"].get("skipped", {})
    return made.get_template("gallery/model.html").render(
        gallery=document,
        manifest=manifest,
        said=model_sentence(document),
        words=words_of(document),
        layers=_layers(document),
        skipped=list(islice(skipped.items(), SKIPPED)),
        more_skipped=max(0, len(skipped) - SKIPPED),
        absent=left_out(document),
    )


def reading_page(made: Environment, document: Mapping[str, Any]) -> str:
    """reading.html: what each score means and what it cannot show."""
    meanings = [
        {
            "name": name,
            "title": one.title[:1].upper() + one.title[1:],
            "meaning": one.meaning,
            "limits": one.limits,
            "source": one.source,
        }
        for name, one in SCORES.items()
    ]
    return made.get_template("gallery/reading.html").render(gallery=document, meanings=meanings)


def left_out(document: Mapping[str, Any]) -> list[str]:
    """What the gallery does not show although it could have been asked for, and why."""
    layers = document["layers"]
    found = []
    flat = sum("negative" in layer.get("skipped", ()) for layer in layers)
    if flat:
        found.append(
            f"pictures that lower a unit, in {flat} of {len(layers)} layers: their units are never below zero"
        )
    partial = sum(layer["count"] < layer["channels"] for layer in layers)
    if partial:
        found.append(f"units, in {partial} of {len(layers)} layers, that were not asked for")
    photographs = words_of(document)["many"] == WORDS["many"]
    for name, one in SCORES.items():
        if photographs and layers and not any(layer["scores"].get(name, {}).get("known") for layer in layers):
            found.append(f"the score “{one.title}”: it was not computed for any unit")
    return found


def _layers(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    layers = document["layers"]
    most = max(1, min(8, PICTURES // max(1, len(layers))))
    widest = math.log1p(max((layer["count"] for layer in layers), default=1))
    return [
        {
            "name": layer["name"],
            "count": layer["count"],
            "size": layer["size"],
            "href": f"layers/{FILTERS['address'](folder_name(layer['name']))}.html",
            "about": layer_about(layer, words_of(document)["parts"]),
            "pictures": [
                one | {"href": unit_address(layer["name"], one["channel"])} for one in layer["shown"][:most]
            ],
            "height": math.log1p(layer["count"]) / widest,
            "chart": spread(layer["scores"].get("multiple", {}).get("deciles", [])),
            "said": _spread_said(layer),
        }
        for layer in layers
    ]


def _spread_said(layer: Mapping[str, Any]) -> str:
    deciles = layer["scores"].get("multiple", {}).get("deciles", [])
    parts = [f"median {FILTERS['times'](deciles[5])}"] if deciles else []
    if layer["silent"]:
        parts.append(f"{layer['silent']} silent")
    return " · ".join(parts)
