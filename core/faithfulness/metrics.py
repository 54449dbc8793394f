"""METRICS: what is measured of every map or method, which way is better, and whether it counts for the ranking."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from core.faithfulness.baselines import Baseline
from core.faithfulness.case import Case
from core.faithfulness.curves import Way, curve
from core.faithfulness.effects import effects, squares
from core.faithfulness.infidelity import infidelity_of
from core.faithfulness.measured import gini
from core.faithfulness.sensitivity_n import correlated

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Metric:
    """``of_maps(case, samples)`` gives a number for each map; None where the method or its attribution is asked.

    ``ranked`` metrics say whether a map is true of the network. The others describe it: a map that looks at
    nothing is perfectly insensitive, and one lit at a single wrong place perfectly sparse.
    """

    better: Better
    about: str
    ranked: bool = True
    of_maps: Callable[[Case, int], Float[Tensor, "m"]] | None = None


def _area(case: Case, samples: int, *, way: Way, baseline: Baseline) -> Tensor:
    return curve(way, case, baseline=baseline, steps=samples).area


def _unexplained(case: Case, samples: int) -> Tensor:
    masks = squares((case.inputs.shape[2], case.inputs.shape[3]), 4 * samples, seed=case.seed)
    return infidelity_of(case, effects(case, masks, baseline="black"), scaling="positive").unexplained


def _told(case: Case, samples: int) -> Tensor:
    return correlated(case, baseline="black", samples=samples).values.to(case.maps.device)


def _gini(case: Case, samples: int) -> Tensor:
    return gini(case.maps).to(case.maps.device)


def _walk(way: Way, baseline: Baseline) -> Metric:
    better: Better = "lower" if way == "deletion" else "higher"
    done = {"deletion": "are taken out", "insertion": "are put in"}[way]
    about = f"mean score while the map's highest positions {done} ({baseline} elsewhere)"
    if way == "deletion":
        about = f"mean score while the map's highest positions {done} ({baseline} in their place)"
    return Metric(better, about, of_maps=partial(_area, way=way, baseline=baseline))


METRICS: Mapping[str, Metric] = {
    "deletion-blur": _walk("deletion", "blur"),
    "deletion-mean": _walk("deletion", "mean"),
    "deletion-black": _walk("deletion", "black"),
    "insertion-blur": _walk("insertion", "blur"),
    "insertion-mean": _walk("insertion", "mean"),
    "insertion-black": _walk("insertion", "black"),
    "infidelity": Metric(
        "lower",
        "share of what squares taken out do to the score that the map, scaled at best, does not explain",
        of_maps=_unexplained,
    ),
    "sensitivity-n": Metric(
        "higher",
        "correlation of the map's sum over features taken out with the fall of the score",
        of_maps=_told,
    ),
    "sparsity": Metric("higher", "Gini index of the map's absolute values", ranked=False, of_maps=_gini),
    "max-sensitivity": Metric(
        "lower", "largest relative change of the map for nearly the same input", ranked=False
    ),
    "completeness": Metric("lower", "gap between the map's sum and what it promises to sum to", ranked=False),
}
"""Name to metric."""
