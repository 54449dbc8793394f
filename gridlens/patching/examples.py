"""Examples on a patching page: which units of which pairs carry the effect, and which places of the picture."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from core.subject import Subject
from gridlens.patching.measuring import Measured
from gridlens.patching.summary import at_layer, coverage, of_kind, sites
from reports.maps import Overlay, attribution_overlays
from reports.patching_maps import Grid, place_grids
from reports.sections import Cell, Figure, Section, Table

TOP = 6
"""Units listed for an example."""


def by_site(subject: Subject, found: Sequence[Measured], layer: str, places: str | None) -> Section:
    """Which units of ``layer`` and which places of another carry the effect, in one example of every kind."""
    examples = _examples(found, layer)
    rows: list[list[Cell]] = []
    for one in examples:
        units = one.trace.units
        for rank, unit in enumerate(units.order[:TOP].tolist(), 1):
            exact = float(units.exact[unit])
            rows.append([
                one.pair.kind, _turn(subject, one), rank, f"{layer}:{unit}",
                None if np.isnan(exact) else exact, float(units.gradient[unit]),
            ])  # fmt: skip
    table = Table(
        ["pair", "answer turned", "rank", "unit", "brings back alone", "by gradient"],
        rows,
        caption=f"The first units of {layer}, one pair of every kind; shares of the logit difference.",
    )
    figures = [] if places is None else [_pictured(_examples(found, places), places)]
    return Section(
        "Which units, and which places",
        text=f"Units of {layer}, where the best tenth is furthest above its controls"
        + (f"; places of {places}, where the same holds of places." if places else "."),
        figures=[*figures, *_known_part(found)],
        tables=[table],
    )


def _examples(found: Sequence[Measured], layer: str) -> list[Measured]:
    kinds = dict.fromkeys(one.pair.kind for one in found)
    return [of_kind(at_layer(found, layer), kind)[0] for kind in kinds]


def _pictured(examples: Sequence[Measured], layer: str) -> Figure:
    overlays = []
    for one in examples:
        places = sites(one.trace, "places").exact.view(one.trace.grid).numpy()
        overlays.append(Overlay(one.pair.kind, _picture(one), places, one.pair.name))
    return attribution_overlays(
        overlays,
        title=f"Which places of {layer} bring the answer back",
        caption="Above: the clean input. Below: what each place, patched alone, brings back (orange) or takes further "
        "away (blue).",
    )


def _picture(one: Measured) -> Float[np.ndarray, "h w 3"]:
    """The clean input to look at: a photograph, or the mean over the channels of something else."""
    image = one.pair.clean
    shown = image if len(image) == 3 else image.mean(0, keepdim=True).expand(3, -1, -1)
    return shown.permute(1, 2, 0).cpu().numpy()


def _known_part(found: Sequence[Measured]) -> list[Figure]:
    """Mean place effects by layer of the first kind whose inputs always differ in the same part."""
    for kind in dict.fromkeys(one.pair.kind for one in found):
        mine = [one for one in of_kind(found, kind) if one.trace.places is not None]
        parts = [one.pair.changed for one in mine]
        if not mine or parts[0].all() or any(not bool((part == parts[0]).all()) for part in parts):
            continue
        grids = []
        for layer in dict.fromkeys(one.trace.layer for one in mine):
            here = at_layer(mine, layer)
            effects = np.mean([sites(one.trace, "places").exact.numpy() for one in here], 0).reshape(
                here[0].trace.grid
            )
            share = coverage(parts[0], here[0].trace.grid).numpy()
            inside = (np.abs(effects) * share).sum() / max(np.abs(effects).sum(), 1e-9)
            grids.append(Grid(layer, effects, parts[0].numpy(), f"{100 * inside:.0f} % inside"))
        return [
            place_grids(
                grids,
                title=f"Where the effect lies in pairs of kind {kind}",
                caption=f"Mean effect of every place over {len(mine) // len(grids)} pairs; the inputs differ inside "
                "the line alone.",
            )
        ]
    return []


def _turn(subject: Subject, one: Measured) -> str:
    labels = subject.heads[one.pair.head]
    return f"{labels[one.pair.minus]} to {labels[one.pair.plus]}"
