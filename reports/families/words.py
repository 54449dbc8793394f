"""What is said of families, derived by rule from the numbers: sentences of a run, a layer and a family, and doubts."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.families.plots import rounded

Document = Mapping[str, Any]

SURE, FAIR = 0.9, 0.6
"""Circular correlation above which tuning curves bear a family out, and below which they speak against it."""

BORNE: Mapping[str, str] = {
    "borne out": "they bear the family out",
    "open": "they leave it open",
    "against": "they speak against it",
}
"""What weights say of a family, in words."""

SQUARE = "symmetries of the square"
"""The group of what agents see and do."""

FEW = 100
"""Inputs below which a likeness is a rough guess."""

ACROSS: Mapping[str, str] = {
    "rotation": "turned",
    "hue": "shifted in hue",
    "scale": "made larger or smaller",
    "reflection": "mirrored",
    "contrast": "inverted in contrast",
    "phase": "shifted in phase",
}
"""What happens to an input along an axis of a group, by its name."""


def run_sentence(document: Document) -> str:
    """A whole run in one sentence.

    >>> counts = {"in families": 12, "families": 2}
    >>> layer = {"name": "relu1", "units": 24, "counts": counts, "null": {"in families": 1, "families": 1}}
    >>> run_sentence({"layers": [layer], "group": {"name": "rotation"}})
    '12 of 24 units of 1 layer stand in 2 rotation families; of the same layer with shuffled weights 1 does.'
    """
    layers = document["layers"]
    if not layers:
        return "No layer has been searched yet."
    units, found = sum(one["units"] for one in layers), sum(one["counts"]["in families"] for one in layers)
    families = sum(one["counts"]["families"] for one in layers)
    stand = "stands" if found == 1 else "stand"
    said = (
        f"{found} of {units} units of {counted(len(layers), 'layer')} {stand} in "
        f"{families_under(document['group']['name'], families)}"
    )
    beside = [one["null"] for one in layers if one.get("null")]
    if len(beside) < len(layers):
        return said + "."
    chance = sum(one["in families"] for one in beside)
    same = "the same layer" if len(layers) == 1 else "the same layers"
    return f"{said}; of {same} with shuffled weights {chance} {'does' if chance == 1 else 'do'}."


def families_under(group: str, count: int | None = None) -> str:
    """Families by their group's name, so many of them.

    >>> families_under("rotation", 1), families_under("rotation"), families_under("symmetries of the square", 2)
    ('1 rotation family', 'rotation families', '2 families of the square')
    """
    before, after = ("", " of the square") if group == SQUARE else (f"{group} ", "")
    number = "" if count is None else f"{count} "
    return f"{number}{before}{'family' if count == 1 else 'families'}{after}"


def layer_sentence(layer: Document, group: Document) -> str:
    """A layer in one sentence."""
    return run_sentence({"layers": [layer], "group": group}).replace(" of 1 layer", "")


def layer_about(layer: Document) -> str:
    """What a layer is, in few words.

    >>> layer_about({"kind": "ReLU", "units": 24, "map": [32, 32], "field": [5, 5]})
    'ReLU · 24 units · maps of 32 × 32 · each position sees 5 × 5 pixels'
    """
    parts = [layer["kind"], counted(layer["units"], "unit")]
    if layer["map"]:
        parts.append(f"maps of {' × '.join(map(str, layer['map']))}")
    if layer["field"]:
        parts.append(f"each position sees {' × '.join(map(str, layer['field']))} pixels")
    return " · ".join(parts)


def counted(count: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "family"), counted(2, "family"), counted(3, "unit")
    ('1 family', '2 families', '3 units')
    """
    if count == 1:
        return f"1 {what}"
    return f"{count} {what[:-1] + 'ies' if what.endswith('y') else what + 's'}"


def score_sentence(family: Document) -> str:
    """How alike members are and how well their places agree."""
    said = (
        f"Mean likeness {rounded(family['likeness'])} at the assigned places, {100 * family['consistency']:.0f} % of "
        "what every pair would reach at an offset of its own."
    )
    return said if not family["stabiliser"] else f"{said} {stabiliser_sentence(family['stabiliser'])}"


def stabiliser_sentence(labels: Sequence[str]) -> str:
    """Which transformations leave the members as they are.

    >>> stabiliser_sentence(["180°"]), stabiliser_sentence(["mirrored 0°"])
    ('Turned by half a turn they are the same.', 'Under mirrored 0° they are the same.')
    """
    halves = {
        "180°": "half a turn",
        "90°, 180°, 270°": "any quarter of a turn",
        "120°, 240°": "a third of a turn",
    }
    text = ", ".join(labels)
    return (
        f"Turned by {halves[text]} they are the same."
        if text in halves
        else f"Under {text} they are the same."
    )


def tuning_sentence(family: Document) -> str:
    """What tuning curves on drawn stimuli, which the search did not see, say of the assigned places."""
    found = family.get("tuning")
    if not found:
        return ""
    if found.get("correlation") is None:
        return f"Tuning curves: {found['why']}."
    value, name = found["correlation"], found["called"]
    verdict = (
        "they bear the places out"
        if value >= SURE
        else "they agree in part"
        if value >= FAIR
        else "they do not bear the places out"
    )
    return (
        f"Tuning curves ({name}, which of {found['tried']} kinds of stimulus members answer to most): circular "
        f"correlation {rounded(value)} of place and preferred angle over {counted(found['n'], 'member')}; {verdict}."
    )


def weights_sentence(family: Document) -> str:
    """What the kernels say, transformed as the places differ."""
    found = family.get("weights")
    if not found:
        return ""
    if found.get("assigned") is None:
        return f"Weights: {found['why']}."
    said = f"Weights ({BORNE[found['word']]}): kernels over {found['source']}, transformed as the places differ, have "
    said += f"a mean cosine of {rounded(found['assigned'])}"
    if found["low"] is not None:
        said += f" [{rounded(found['low'])}, {rounded(found['high'])}]"
    said += f"; at other offsets {rounded(found['elsewhere'])}"
    return said + (
        "." if found["outside"] is None else f", random units instead {rounded(found['outside'])}."
    )


def caveats(document: Document, layer: Document) -> list[str]:
    """Doubts that the numbers of a layer raise, and those that always hold."""
    group, said = document["group"], []
    if layer["inputs"] < FEW:
        said.append(
            f"{layer['inputs']} inputs are few: likenesses are rough, and families may merge or split."
        )
    if not layer.get("null"):
        said.append(
            "There is no control: without shuffled weights nobody knows how many families chance would make."
        )
    elif layer["null"]["in families"] > 0.05 * layer["units"]:
        said.append(
            f"With shuffled weights {layer['null']['in families']} of {layer['units']} units are claimed, more than "
            "one in twenty: take weak families here for chance."
        )
    stable = layer["halves"].get("ari")
    if stable is not None and stable < 0.7 and layer["counts"]["families"]:
        said.append(
            f"Two halves of the inputs agree only so far on who belongs together (adjusted Rand index "
            f"{rounded(stable)}): borders between families are uncertain."
        )
    if shaky := [one for one in layer["families"] if _contradicted(one)]:
        said.append(f"Tuning curves do not bear out the places in {_numbers(shaky)}.")
    if unborne := [one for one in layer["families"] if _unborne(one)]:
        said.append(
            f"Weights speak against {_numbers(unborne)}: they answer alike, but not by kernels alike."
        )
    if document["inputs"]["drawn"] and not layer["counts"]["families"]:
        said.append(
            "Drawn stimuli may not fire what photographs do: an empty layer is no proof that it has none."
        )
    return [
        *said,
        f"Units that answer alike when inputs are {done_to(group)} need not have alike weights, nor be used alike.",
        "A family is found where members differ by steps of the group; one that changes in another way stays unseen.",
    ]


def _contradicted(family: Document) -> bool:
    found = family.get("tuning") or {}
    return found.get("correlation") is not None and found["correlation"] < FAIR


def _unborne(family: Document) -> bool:
    return (family.get("weights") or {}).get("word") == "against"


def _numbers(families: Sequence[Document]) -> str:
    """Which families, in words.

    >>> _numbers([{"number": 3}]), _numbers([{"number": 3}, {"number": 5}])
    ('family 3', 'families 3, 5')
    """
    named = ", ".join(str(one["number"]) for one in families[:12]) + (
        " and others" if len(families) > 12 else ""
    )
    return f"{'families' if len(families) > 1 else 'family'} {named}"


def done_to(group: Document) -> str:
    """What the group does to inputs.

    >>> done_to({"axes": ["hue", "rotation"]}), done_to({"axes": ["own"]})
    ('shifted in hue and turned', 'transformed')
    """
    return " and ".join(dict.fromkeys(ACROSS.get(axis, "transformed") for axis in group["axes"]))
