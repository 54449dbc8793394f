"""How the gallery's pages say things: sentences about a network, a layer and a unit, and filters for templates."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from feature_viz.examples.looks import WORDS
from reports.html import number

COLUMNS = 3
"""Crops to a row: the top crops are as large together as the visualisation beside them."""


def model_sentence(document: Mapping[str, Any]) -> str:
    """A whole gallery in one sentence, from its numbers.

    >>> model_sentence({"layers": [{"more": 1, "count": 1, "silent": 0}], "images": {"count": 500}})
    '1 of 1 units fire more for the picture made for them than for any of 500 real images.'
    """
    many = words_of(document)["many"]
    more, count, silent = (
        sum(layer[key] for layer in document["layers"]) for key in ("more", "count", "silent")
    )
    dead = f"; {silent} could not be made to fire" if silent else ""
    return (
        f"{more} of {count} units fire more for the picture made for them than for any of "
        f"{document['images']['count']} {many}{dead}."
    )


def words_of(document: Mapping[str, Any]) -> Mapping[str, str]:
    """What a gallery calls its inputs; see ``feature_viz.examples.looks.WORDS``, which older galleries do not say.

    >>> words_of({"images": {}})["many"]
    'real images'
    """
    return {**WORDS, **document["images"].get("words", {})}


def relaxed_sentence(view: Mapping[str, Any]) -> str:
    """What a mixture reached before it settled on a possible input; nothing where there was none.

    >>> relaxed_sentence({"relaxed": 2.5})
    '; the mixture before it reached 2.50'
    """
    known = view.get("relaxed")
    return "" if known is None else f"; the mixture before it reached {number(known)}"


def layer_sentence(layer: Mapping[str, Any], images: Mapping[str, Any]) -> str:
    """A layer in one sentence, from its numbers."""
    return model_sentence({"layers": [layer], "images": images})


def layer_about(layer: Mapping[str, Any], parts: str = "pixels") -> str:
    """What a layer is, in few words.

    >>> layer_about({"kind": "Fire", "channels": 128, "count": 32, "map": [55, 55], "field": [15, 15]})
    'Fire · 32 of 128 units · maps of 55 × 55 · each position sees 15 × 15 pixels'
    """
    count, channels = layer["count"], layer["channels"]
    said = [layer["kind"], f"{channels} units" if count == channels else f"{count} of {channels} units"]
    if layer["map"]:
        said.append(f"maps of {' × '.join(map(str, layer['map']))}")
        said.append(f"each position sees {' × '.join(map(str, layer['field']))} {parts}")
    return " · ".join(said)


def unit_sentence(unit: Mapping[str, Any], images: Mapping[str, Any]) -> str:
    """A unit in one sentence or two, from its numbers.

    >>> unit = {"fired": True, "best": 2.0, "firing": 0.4, "scores": {"multiple": 2.34}, "classes": []}
    >>> unit_sentence(unit, {"count": 500})
    'Fires 2.3 times as much for the picture made for it as for the best of 500 real images; 40 % of them fire it.'
    """
    count, called = images["count"], words_of({"images": images})
    many = called["many"]
    real = f"{percent(unit['firing'])} of them fire it"
    if not unit["fired"]:
        return f"Could not be made to fire. Of {count} {many} " + (
            "none fires it." if unit["best"] <= 0 else f"{percent(unit['firing'])} fire it."
        )
    multiple = unit["scores"].get("multiple")
    if multiple is None:
        said = f"Fires for the picture made for it; none of {count} {many} raises it above zero."
    else:
        said = (
            f"Fires {times(multiple)[:-1]} times as much for the picture made for it as for the best of {count} "
            f"{many}; {real}."
        )
    classes = [words(one["label"]) for one in unit["classes"][:3] if one["mean"] > 0]
    return said + (f" {called['most']} {', '.join(classes)}." if classes else "")


def bar(value: float, other: float) -> str:
    """The length of a bar as a share of the longer of the pair, for CSS.

    >>> bar(1.0, 4.0), bar(-1.0, 2.0), bar(0.0, 0.0)
    ('25%', '0%', '0%')
    """
    longest = max(value, other)
    return f"{100 * max(value, 0.0) / longest:.3g}%" if longest > 0 else "0%"


def share(value: float) -> str:
    """A share in [0, 1] as a length for CSS; values beyond are cut off.

    >>> share(0.25), share(1.2)
    ('25%', '100%')
    """
    return f"{100 * min(max(value, 0.0), 1.0):.4g}%"


def percent(value: float) -> str:
    """A share as a percentage in words.

    >>> percent(0.4), percent(0.004), percent(0.0)
    ('40 %', '0.4 %', '0 %')
    """
    return f"{100 * value:.0f} %" if value == 0 or value >= 0.01 else f"{100 * value:.2g} %"


def times(multiple: float | None) -> str:
    """A unit's multiple of the best real image, or nothing where there is none.

    >>> times(2.34), times(None)
    ('2.3×', '')
    """
    return "" if multiple is None else f"{multiple:.1f}×" if multiple < 100 else f"{number(multiple)}×"


def words(label: str | None) -> str:
    """A class's name as a reader says it.

    >>> words("tabby_cat"), words(None)
    ('tabby cat', '')
    """
    return (label or "").replace("_", " ")


def short(name: str) -> str:
    """The end of a name, after any folders, where it is long.

    >>> short("val/n01440764/ILSVRC2012_val_00000293.JPEG"), short("conv")
    ('…_00000293.JPEG', 'conv')
    """
    last = Path(name).name or name
    return last if len(last) <= 16 else f"…{last[-14:]}"


def tail(name: str) -> str:
    """The end of a layer's name, where it is long.

    >>> tail("features.3"), tail("encoder.layers.encoder_layer_11.mlp")
    ('features.3', '…er_layer_11.mlp')
    """
    return name if len(name) <= 16 else f"…{name[-15:]}"


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


FILTERS: Mapping[str, Callable[..., str]] = {
    "address": lambda text: quote(text, safe="/"),
    "bar": bar,
    "percent": percent,
    "share": share,
    "short": short,
    "spots": spots,
    "tail": tail,
    "times": times,
    "words": words,
}
"""What the gallery's templates call, by name."""
