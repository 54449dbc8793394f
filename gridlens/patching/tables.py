"""The tables of a patching page: what comes back at every layer, whatever was patched, with intervals over pairs."""

from collections.abc import Sequence

from core.interventions.tracing import ANOTHER, BEST, RANDOM, TAKEN
from gridlens.patching.criteria import AtLayer
from gridlens.patching.measuring import Measured
from gridlens.patching.summary import at_layer, recovered, strongest
from reports.patching import said
from reports.sections import Cell, Table

FEW = ("best one", "best tenth", "tenth at random", "tenth, unrelated input", "lost without the tenth")
"""What is patched at once: the head of both tables."""


def units_table(found: Sequence[Measured], layers: Sequence[AtLayer]) -> Table:
    """Units patched."""
    rows: list[list[Cell]] = []
    for at in layers:
        here = at_layer(found, at.layer)
        whole = recovered(here, lambda trace: trace.whole)
        few = [strongest(here, "units"), at.units[BEST], at.units[RANDOM], at.units[ANOTHER], at.units[TAKEN]]
        rows.append([at.layer, len(here[0].trace.units.order), *(said(value) for value in (whole, *few))])
    return Table(
        ["layer", "units", "whole layer", *FEW],
        rows,
        caption="Units patched: share of the logit difference that comes back, intervals over pairs. Last: lost from "
        "the clean input when the tenth is taken from the corrupted one.",
    )


def places_table(found: Sequence[Measured], spatial: Sequence[AtLayer]) -> list[Table]:
    """Places patched, at the layers that have any."""
    rows: list[list[Cell]] = []
    for at in spatial:
        here, places = at_layer(found, at.layer), at.places or {}
        values = (strongest(here, "places"), places[BEST], places[RANDOM], places[ANOTHER], places[TAKEN])
        height, width = here[0].trace.grid
        factor = (
            None
            if at.inside is None
            else f"{at.inside.estimate:.2f} [{at.inside.low:.2f}, {at.inside.high:.2f}]"
        )
        rows.append([at.layer, f"{height} x {width}", *(said(value) for value in values), factor])
    header = ["layer", "places", *FEW, "more where the inputs differ"]
    caption = "Places patched, all units there. Last: how many times its share of the area the changed part has of it."
    return [Table(header, rows, caption=caption)] if rows else []
