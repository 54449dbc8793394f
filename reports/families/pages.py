"""A family run's folder into a site of its own: index.html and a page per layer; opens offline."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment

from core.artifacts import read_json, write_csv, write_text
from core.runs import read_manifest
from feature_viz.examples.crops import folder_name
from reports.families.behaviour import behaviour_sentence
from reports.families.plots import KINDS, counts_bar, heat, rounded, tuning
from reports.families.rings import grid, rings, shown_as, strip
from reports.families.words import (
    caveats,
    counted,
    families_under,
    layer_about,
    layer_sentence,
    run_sentence,
    score_sentence,
    tuning_sentence,
    weights_sentence,
)
from reports.gallery.words import FILTERS
from reports.html import TEMPLATES, environment

STYLES = ("style.css", "gallery/site.css", "families/families.css")

TABLE = 24
"""Columns of the table of likeness that are written out; wider ones are in the CSV beside the page alone."""

SHOWN = 3
"""Families that stand for their layer on the front page."""

Document = Mapping[str, Any]


def write_families(folder: str | Path, layer: str | None = None) -> Path:
    """Write the pages of a family run into its folder; with ``layer``, only that layer's and index.html.

    The folder holds PAGES, as ``gridlens.families.documents`` describes: pages.json and pages/LAYER.json.

    Raises
    ------
    Unreadable
        if the folder holds no such run.
    DiskFull
        if the disk has no room.
    """
    folder = Path(folder)
    document, made = read_json(folder / "pages.json"), families_environment()
    write_text(folder / "site.css", "".join((TEMPLATES / name).read_text() for name in STYLES))
    names = [one["name"] for one in document["layers"]]
    for name in names if layer is None else [layer]:
        one = read_json(folder / "pages" / f"{folder_name(name)}.json")
        write_csv(folder / "layers" / f"{folder_name(name)}.csv", likeness_rows(document, one))
        write_text(folder / "layers" / f"{folder_name(name)}.html", layer_page(made, document, one))
    write_text(folder / "index.html", index_page(made, document, read_manifest(folder)))
    return folder / "index.html"


def families_environment() -> Environment:
    """The house's templates with what the families' pages call."""
    made = environment()
    made.filters |= FILTERS
    made.filters |= {"rounded": rounded, "folder": folder_name}
    made.globals |= {
        "behaviour_sentence": behaviour_sentence,
        "counted": counted,
        "counts_bar": counts_bar,
        "families_under": families_under,
        "grid": grid,
        "heat": heat,
        "kinds_of_units": KINDS,
        "rings": rings,
        "score_sentence": score_sentence,
        "strip": strip,
        "tuning": tuning,
        "tuning_sentence": tuning_sentence,
        "weights_sentence": weights_sentence,
    }
    return made


def index_page(made: Environment, document: Document, manifest: Document) -> str:
    """index.html: layers in order of depth, with what their units are beside shuffled weights."""
    return made.get_template("families/index.html").render(
        document=document,
        manifest=manifest,
        said=run_sentence(document),
        about={one["name"]: layer_about(one) for one in document["layers"]},
        shown={one["name"]: one["shown"][:SHOWN] for one in document["layers"]},
    )


def layer_page(made: Environment, document: Document, layer: Document) -> str:
    """layers/LAYER.html: all families of a layer, and what is none."""
    names = [one["name"] for one in document["layers"]]
    place = names.index(layer["name"])
    return made.get_template("families/layer.html").render(
        document=document,
        layer=layer,
        group=document["group"],
        said=layer_sentence(layer, document["group"]),
        about=layer_about(layer),
        shape=shown_as(document["group"]),
        doubts=caveats(document, layer),
        others=no_families(layer),
        wide=len(document["group"]["labels"]) > TABLE,
        before=names[place - 1] if place else None,
        after=names[place + 1] if place + 1 < len(names) else None,
    )


def no_families(layer: Document) -> list[tuple[str, str, list[tuple[str, str | None]]]]:
    """What is told apart from families: title, meaning, and units with the address of their page, if any."""
    pages = layer["hrefs"]

    def named(units: Sequence[int]) -> list[tuple[str, str | None]]:
        return [(str(unit), pages.get(str(unit))) for unit in units]

    twins = [(" = ".join(map(str, group)), pages.get(str(group[0]))) for group in layer["duplicates"]]
    return [
        (
            "Invariant",
            "They answer alike whatever element of the group is applied.",
            named(layer["invariant"]),
        ),
        (
            "Near-duplicates",
            "They answer alike to the same inputs; one of each stands for the others.",
            twins,
        ),
        ("Dead", "They do not vary over these inputs.", named(layer["dead"])),
        ("Alone", "No other unit answers as they do, under any element.", named(layer["alone"])),
    ]


def likeness_rows(document: Document, layer: Document) -> list[dict[str, Any]]:
    """The table of likeness to each family's first member, for export."""
    labels = document["group"]["labels"]
    return [
        {"family": family["number"], "unit": one["unit"], "place": one["label"]}
        | dict(zip(labels, one["row"], strict=True))
        for family in layer["families"]
        for one in family["members"]
    ]
