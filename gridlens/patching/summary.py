"""What all pairs have in common, layer by layer: shares that came back, agreement, places; intervals over pairs."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from core.interventions.tracing import ANOTHER, BEST, RANDOM, SHARES, TAKEN, Sites, Trace
from core.uncertainty import Interval, bootstrap_interval, ratio_interval
from gridlens.patching.criteria import AtLayer
from gridlens.patching.measuring import TENTH, Measured


def layers_of(found: Sequence[Measured]) -> list[str]:
    """The layers, in order."""
    return list(dict.fromkeys(one.trace.layer for one in found))


def at_layer(found: Sequence[Measured], layer: str) -> list[Measured]:
    """The pairs' traces at one layer."""
    return [one for one in found if one.trace.layer == layer]


def of_kind(found: Sequence[Measured], kind: str) -> list[Measured]:
    """The traces of one kind of pair."""
    return [one for one in found if one.pair.kind == kind]


def recovered(found: Sequence[Measured], share: Callable[[Trace], float]) -> Interval:
    """What came back of all pairs' logit differences together: pairs count by how far they part.

    A mean of the pairs' shares would be ruled by pairs that hardly part.
    """
    widths = np.array([one.trace.clean - one.trace.corrupted for one in found])
    shares = np.array([share(one.trace) for one in found])
    return ratio_interval(shares * widths, widths, seed=0)


def joint(found: Sequence[Measured], by: str, what: str, place: int = TENTH) -> Interval:
    """What came back with the ``place``-th of ``SHARES`` of the units or places (``by``)."""
    return recovered(found, lambda trace: float(sites(trace, by).joint[what][place]))


def strongest(found: Sequence[Measured], by: str) -> Interval:
    """What came back with the one site, of those measured alone, that brings back most."""
    return recovered(found, lambda trace: float(sites(trace, by).exact.nan_to_num(-torch.inf).max()))


def sites(trace: Trace, by: str) -> Sites:
    """The trace's units or places."""
    found = trace.units if by == "units" else trace.places
    assert found is not None, "asked only where a layer has places"
    return found


def summary(found: Sequence[Measured], layer: str) -> AtLayer:
    """The numbers that the criteria are held against."""
    here = at_layer(found, layer)
    spatial = here[0].trace.places is not None
    return AtLayer(
        layer,
        units={what: joint(here, "units", what) for what in (BEST, RANDOM, ANOTHER, TAKEN)},
        places={what: joint(here, "places", what) for what in (BEST, RANDOM, ANOTHER, TAKEN)}
        if spatial
        else None,
        inside=inside(here) if spatial else None,
        agreement=agreement(here, "units"),
    )


def agreement(found: Sequence[Measured], by: str, *, stepped: bool = False) -> Interval | None:
    """The mean over pairs of the correlation between exact and gradient effects of the sites drawn at random.

    ``stepped``: of the mean gradient on the way instead of the corrupted run's.
    """
    values = [correlation(sites(one.trace, by), stepped=stepped) for one in found]
    known = [value for value in values if np.isfinite(value)]
    return bootstrap_interval(known, seed=0) if len(known) > 1 else None


def correlation(of: Sites, *, stepped: bool = False) -> float:
    """Pearson's, over the fair sample; NaN where one of the two does not vary."""
    exact, gradient = (
        values[of.drawn].numpy() for values in (of.exact, of.stepped if stepped else of.gradient)
    )
    if len(exact) < 3 or np.ptp(exact) == 0 or np.ptp(gradient) == 0:
        return float("nan")
    return float(np.corrcoef(exact, gradient)[0, 1])


def inside(found: Sequence[Measured]) -> Interval | None:
    """By what factor the places where the inputs differ have more of the effect (its size) than of the area.

    Over pairs that differ in a part of the picture alone; None if there are fewer than two.
    """
    factors = []
    for one in found:
        share = coverage(one.pair.changed, one.trace.grid)
        if one.trace.places is None or float(share.mean()) > 0.9:
            continue
        size = one.trace.places.exact.view(one.trace.grid).abs()
        factors.append(float((size * share).sum() / size.sum() / share.mean()))
    known = [value for value in factors if np.isfinite(value)]
    return bootstrap_interval(known, seed=0) if len(known) > 1 else None


def coverage(changed: Tensor, grid: tuple[int, int]) -> Tensor:
    """How much of each place lies where the inputs differ, (rows, columns) in [0, 1].

    >>> changed = torch.zeros(4, 4, dtype=torch.bool)
    >>> changed[:, :2] = True
    >>> coverage(changed, (2, 2)).tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    pooled: Tensor = torch.nn.functional.adaptive_avg_pool2d(changed[None, None].float(), grid)[0, 0]
    return pooled


def answered(found: Sequence[Measured], what: str, answer: int) -> float:
    """The share of pairs whose patched run gives the clean answer (0), the corrupted one (1) or a third (2)."""
    return float(np.mean([one.answers[what] == answer for one in found]))


def rows(found: Sequence[Measured]) -> list[dict[str, object]]:
    """Every number of every pair at every layer, a row for each thing that was patched: the table for others to use."""
    table: list[dict[str, object]] = []
    for one in found:
        about: dict[str, object] = {"kind": one.pair.kind, "pair": one.pair.name, "layer": one.trace.layer}
        about |= {"clean": one.trace.clean, "corrupted": one.trace.corrupted}
        table.append({**about, "by": "layer", "patched": "whole", "share": 1.0, "recovered": one.trace.whole})
        for by, of in (("units", one.trace.units), ("places", one.trace.places)):
            joints: Mapping[str, Tensor] = of.joint if of is not None else {}
            table += [
                {**about, "by": by, "patched": what, "share": share, "recovered": float(value)}
                for what, values in joints.items()
                for share, value in zip(SHARES, values, strict=True)
            ]
    return table
