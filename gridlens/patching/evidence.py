"""The sections of a patching page: shares that come back, units, places, gradients, answers, checks."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from core.interventions.tracing import ANOTHER, BEST, RANDOM, SHARES, STEPS
from gridlens.patching.criteria import CRITERIA, AtLayer, verdicts
from gridlens.patching.measuring import Measured
from gridlens.patching.summary import (
    agreement,
    answered,
    at_layer,
    joint,
    of_kind,
)
from gridlens.patching.tables import places_table, units_table
from gridlens.patching.words import verdict_cells
from reports.html import number
from reports.patching import Panel, Recovered, recovery_by_layer, recovery_by_share, said
from reports.patching_maps import Dots, beside
from reports.sections import Cell, Figure, Section, Table

NAMES = {BEST: "best", RANDOM: "as many at random", ANOTHER: "the same, from an unrelated input"}


def by_layer(found: Sequence[Measured], layers: Sequence[AtLayer]) -> Section:
    """How much comes back at each layer: the curve and the metric tables."""
    names = [at.layer for at in layers]
    lines = [
        Recovered("best tenth of the units", names, [at.units[BEST] for at in layers]),
        Recovered("as many at random", names, [at.units[RANDOM] for at in layers], control=True),
        Recovered("the same, unrelated input", names, [at.units[ANOTHER] for at in layers], control=True),
    ]
    spatial = [at for at in layers if at.places is not None]
    if spatial:
        values = [at.places[BEST] for at in spatial if at.places is not None]
        lines.append(Recovered("best tenth of the places", [at.layer for at in spatial], values))
    curve = recovery_by_layer(
        lines,
        title="What comes back, layer by layer",
        caption="0: the answer stays the corrupted one. 100 %: the whole logit difference of the clean input is back. "
        "Values beyond the axis are drawn at its edge.",
    )
    return Section(
        "How much comes back",
        figures=[curve],
        tables=[units_table(found, layers), *places_table(found, spatial)],
    )


def by_share(found: Sequence[Measured], layers: Sequence[AtLayer]) -> Section:
    """How few units, and how few places, it takes."""
    figures = [_shares(found, [at.layer for at in layers], "units")]
    spatial = [at.layer for at in layers if at.places is not None]
    if spatial:
        figures.append(_shares(found, spatial, "places"))
    return Section("How few it takes", figures=figures)


def by_criteria(layers: Sequence[AtLayer]) -> Section:
    """Which criteria hold at which layer."""
    rows = [[one.name, *(verdict_cells(verdicts(at)[one.name]) for at in layers)] for one in CRITERIA]
    text = "\n\n".join(f"`{one.name}`: {one.words}." for one in CRITERIA)
    table = Table(
        ["criterion", *(at.layer for at in layers)],
        rows,
        caption="The criteria, fixed before measuring. Patching by unit works where the first two hold, by place where "
        "the next two do.",
    )
    return Section("Does it work?", text=text, tables=[table])


def by_gradient(found: Sequence[Measured], layers: Sequence[AtLayer]) -> Section:
    """Exact patching beside attribution patching."""
    panels: list[Dots] = []
    rows: list[list[Cell]] = []
    for at in layers:
        here = at_layer(found, at.layer)
        exact, gradient = (
            np.concatenate([_fair(one, name) for one in here]) for name in ("exact", "gradient")
        )
        note = "" if at.agreement is None else f"r = {at.agreement.estimate:.2f}"
        panels.append(Dots(at.layer, exact, gradient, note))
        places = [agreement(here, "places", stepped=more) if at.places else None for more in (False, True)]
        rows.append([at.layer, len(exact), at.agreement, agreement(here, "units", stepped=True), *places])
    figure = beside(
        panels,
        title="Exact patching beside attribution patching",
        caption="A dot is a unit drawn at random, in one pair: what it brings back when it is patched, and what the "
        "gradient foretells. r: the mean of the pairs' correlations.",
        axes=("exact", "by gradient"),
    )
    table = Table(
        ["layer", "units", "by unit", "by unit, stepped", "by place", "by place, stepped"],
        rows,
        caption="Correlation of exact and gradient effects: mean over pairs, with its interval. Stepped: the mean "
        f"gradient at {STEPS} points on the way instead of the corrupted run's.",
    )
    return Section("Does the gradient foretell it?", figures=[figure], tables=[table])


def by_answer(found: Sequence[Measured], layers: Sequence[AtLayer]) -> Section:
    """What the network says after patching, and whether patching nothing does nothing."""
    rows: list[list[Cell]] = []
    for at in layers:
        here = at_layer(found, at.layer)
        for what in (BEST, RANDOM):
            shares = [f"{100 * answered(here, what, answer):.0f} %" for answer in (0, 1, 2)]
            rows.append([at.layer, f"{NAMES[what]} (tenth of the units)", *shares])
    said_table = Table(
        ["layer", "patched", "the clean answer", "the corrupted one", "another"],
        rows,
        caption="The answer of the patched run, share of pairs. A third answer says that the patched state is strange.",
    )
    checks = Table(
        ["layer", "own activations into corrupted", "own into clean", "whole layer"],
        [[at.layer, *_self(at_layer(found, at.layer))] for at in layers],
        caption="Checks: must be exactly 0 and 1; the whole layer brings back 1 where nothing leads past it. "
        "The value furthest from that, of all pairs.",
    )
    return Section("What the network says then, and checks", tables=[said_table, checks])


def by_kind(found: Sequence[Measured], layer: str) -> Section:
    """The same for each kind of pair."""
    kinds = list(dict.fromkeys(one.pair.kind for one in found))
    here = at_layer(found, layer)
    rows: list[list[Cell]] = []
    for kind in kinds:
        mine = of_kind(here, kind)
        shown = [said(joint(mine, "units", what)) for what in (BEST, RANDOM, ANOTHER)]
        place = said(joint(mine, "places", BEST)) if mine[0].trace.places is not None else None
        width = np.mean([one.trace.clean - one.trace.corrupted for one in mine])
        rows.append([kind, len(mine), number(float(width)), *shown, place])
    table = Table(
        [
            "kind",
            "pairs",
            "logit difference",
            "best tenth of units",
            "at random",
            "unrelated",
            "best tenth of places",
        ],
        rows,
        caption=f"Kinds of pairs, at {layer}.",
    )
    return Section("Kind by kind", tables=[table])


def _shares(found: Sequence[Measured], layers: Sequence[str], by: str) -> Figure:
    panels = [
        Panel(
            layer,
            [
                Recovered(
                    NAMES[what],
                    SHARES,
                    [joint(at_layer(found, layer), by, what, place) for place in range(len(SHARES))],
                    control=what != BEST,
                )
                for what in NAMES
            ],
        )
        for layer in layers
    ]
    return recovery_by_share(
        panels,
        title=f"What comes back with few {by}",
        caption="Best first; as many at random; and the same ones, from an unrelated input.",
        unit=by,
    )


def _fair(one: Measured, name: str) -> Float[np.ndarray, "n"]:
    units = one.trace.units
    values: np.ndarray = getattr(units, name)[units.drawn].numpy()
    return values


def _self(found: Sequence[Measured]) -> list[float]:
    idle = max((one.trace.idle for one in found), key=abs)
    full = max((one.trace.full for one in found), key=lambda value: abs(value - 1))
    whole = max((one.trace.whole for one in found), key=lambda value: abs(value - 1))
    return [idle, full, whole]
