"""units/LAYER/0017.html of a gallery: all that is known of one unit, at an address of its own; needs no script."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jinja2 import Environment

from feature_viz.examples.crops import folder_name
from reports.gallery.charts import activations
from reports.gallery.score_words import SCORES
from reports.gallery.words import FILTERS, percent, relaxed_sentence, times, unit_sentence, words_of
from reports.html import number

Unit = Mapping[str, Any]
Places = Mapping[str, frozenset[int]]
"""Layer to the units that the gallery has pages for."""

Kin = Mapping[int, Sequence[Mapping[str, Any]]]
"""Unit to the families that it stands in, see ``reports.gallery.kin``."""

KNOWN_LATER: Mapping[str, Any] = {
    "range": [],
    "range_strip": None,
    "histogram": None,
    "classes": [],
    "wires": {},
    "why": None,
}
"""What a UNIT may lack, and what stands for it."""

SIDES = {"in": "From the layers before", "out": "To the layers after"}

TITLES = {"seed": "Again", "negative": "Lowers it", "diverse": "Unlike each other", "free": "No observation"}
"""Further views, as they are called under their pictures."""

ALTS = {
    "seed": "A second picture made to raise {}, from another start",
    "negative": "Picture made to lower {}",
    "diverse": "Pictures made to raise {} that are unlike each other",
    "free": "What raises {} where anything may lie anywhere, to any degree",
}


def unit_pages(
    made: Environment, document: Mapping[str, Any], layer: Mapping[str, Any], places: Places, kin: Kin
) -> Iterator[tuple[int, str]]:
    """The pages of a LAYER's units, one after the other, as channel and text; they link to ``places`` and ``kin``."""
    template = made.get_template("gallery/unit.html")
    for place, held in enumerate(layer["units"]):
        unit = {**KNOWN_LATER, **held}
        bottom = unit["bottom"] if unit["range_strip"] else []
        text = template.render(
            gallery=document,
            layer=layer,
            unit=unit,
            folder=folder_name(layer["name"]),
            before=_beside(layer["units"], place - 1),
            after=_beside(layer["units"], place + 1),
            said=unit_sentence(unit, document["images"]),
            others=_others(unit),
            words=words_of(document),
            relaxed=relaxed_sentence(unit["views"]["positive"]),
            absent=_absent(layer),
            bottom=bottom,
            cells=len(unit["range"]) + len(bottom),
            chart=unit["histogram"] and activations(unit["histogram"], unit["reached"]),
            scores=_scores(unit, words_of(document)),
            classes=_classes(unit),
            wires=_wires(unit["wires"], places),
            families=kin.get(unit["channel"], ()),
        )
        yield unit["channel"], text


def unit_address(layer: str, channel: int) -> str:
    """Where a unit's page lies within the gallery.

    >>> unit_address("a/b", 17)
    'units/a%252Fb/0017.html'
    """
    return f"units/{FILTERS['address'](folder_name(layer))}/{channel:04d}.html"


def _beside(units: Sequence[Unit], place: int) -> dict[str, Any] | None:
    if not 0 <= place < len(units):
        return None
    channel = units[place]["channel"]
    return {"channel": channel, "href": f"{channel:04d}.html"}


def _others(unit: Unit) -> list[dict[str, Any]]:
    """The views beside the positive one."""
    shown = []
    for name, view in unit["views"].items():
        if name not in TITLES:
            continue
        reached = f"reaches {number(view['reached'])}" if view["fired"] else "never fired"
        if view["count"] > 1:
            reached += " in the mean"
        shown.append(
            {"title": TITLES[name], "alt": ALTS[name].format(unit["unit"]), "said": reached}
            | {key: view[key] for key in ("picture", "count")}
        )
    return shown


def _absent(layer: Mapping[str, Any]) -> list[str]:
    if "negative" in layer.get("skipped", ()):
        return ["No picture lowers it: this layer is never below zero."]
    return []


def _scores(unit: Unit, called: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "title": one.title.replace("real image", called["one"]),
            "value": _valued(name, unit["scores"][name]) + _beside_it(name, unit["scores"]),
            "share": unit["scores"][name] if one.share else None,
            "meaning": one.meaning.replace("real images", called["many"]).replace(
                "real image", called["one"]
            ),
        }
        for name, one in SCORES.items()
        if name in unit["scores"]
    ]


def _beside_it(name: str, scores: Mapping[str, float | None]) -> str:
    """What else the same test says, for comparison."""
    found = {
        "a real image": scores.get(f"{name}_natural"),
        "another unit’s picture": scores.get(f"{name}_others"),
    }
    told = [f"{what} {_valued(name, value)}" for what, value in found.items() if value is not None]
    return f" ({', '.join(told)})" if told else ""


def _valued(name: str, value: float | None) -> str:
    if value is None:
        return "unknown"
    if name == "multiple":
        return times(value)
    return percent(value) if SCORES[name].share and value >= 0 else number(value)


def _classes(unit: Unit) -> list[dict[str, Any]]:
    strongest = max((one["mean"] for one in unit["classes"]), default=0.0)
    return [
        dict(one) | {"share": one["mean"] / strongest if strongest > 0 else 0.0} for one in unit["classes"]
    ]


def _wires(wires: Mapping[str, Sequence[Mapping[str, Any]]], places: Places) -> list[dict[str, Any]]:
    return [
        {"title": title, "units": [_wire(one, places) for one in wires[side]]}
        for side, title in SIDES.items()
        if wires.get(side)
    ]


def _wire(one: Mapping[str, Any], places: Places) -> dict[str, Any]:
    layer, _, channel = one["unit"].rpartition(":")
    shown = {
        "unit": one["unit"],
        "weight": one["weight"],
        "signed": ("+" if one["weight"] > 0 else "") + number(one["weight"]),
    }
    if int(channel) not in places.get(layer, frozenset()):
        return shown | {"href": None, "picture": None}
    picture = f"pictures/{FILTERS['address'](folder_name(layer))}/{int(channel):04d}.webp"
    return shown | {"href": f"../../{unit_address(layer, int(channel))}", "picture": f"../../{picture}"}
