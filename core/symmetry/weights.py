"""weight_evidence(): what the weights by which a layer reads the one below say of the families found in it."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from core.provenance import Provenance, provenance
from core.subject import Subject, layer_named
from core.symmetry.borne_out import Evidence, evidence
from core.symmetry.families import Families
from core.symmetry.kernels import colour_inputs, kernel_likeness, kin
from core.symmetry.likeness import Likeness
from core.wires.expanded import Kernel
from core.wires.layer_graph import LayerGraph, layer_graph
from core.wires.wiring import INPUT, whole_kernel

LEAST_KNOWN = 0.05
"""The share of the weights that must lie on inputs in families: on less, kernels are compared by a rest of them."""


@dataclass(frozen=True, eq=False)
class WeightEvidence:
    """What the weights from ``source`` (a layer; "" for the network's input) say of each family, in their order.

    ``known`` is the share of the kernels' squared weights that lie on inputs of which it is known where each element
    takes them; only those are compared. None for a family whose kernels have none.
    """

    layer: str
    source: str
    families: tuple[Evidence | None, ...]
    known: float
    provenance: Provenance = field(repr=False)


def weight_evidence(
    subject: Subject,
    families: Families,
    *,
    spatial: Float[np.ndarray, "g 2 2"],
    colour: Float[np.ndarray, "g c c"] | None = None,
    lower: tuple[Families, Likeness] | None = None,
    graph: LayerGraph | None = None,
    seed: int = 0,
) -> WeightEvidence | str:
    """Whether the families are to be seen in the weights too; or, in one sentence, why the weights do not tell.

    Kernels are the weights multiplied through all that lies between the layer and its source: 1x1 bottlenecks,
    branches side by side, sums, batch norm; through activations as if they passed everything on. The source is the
    layer of ``lower``, whose units go where their own families say, each weighed by how much it varies; without
    ``lower`` it is what the network is fed, whose colours g changes by ``colour``. ``spatial`` is what g does to places
    (y, x).

    >>> from core.symmetry.families import Families, Family, Member
    >>> from core.testing import planted_families
    >>> planted = planted_families("rotation", seed=0)
    >>> count = len(planted.family)
    >>> units = (planted.family == 0).nonzero()[0].tolist()
    >>> family = Family(tuple(Member(unit, int(planted.place[unit])) for unit in units), 1.0, 1.0, (0,))
    >>> found = Families("relu1", planted.group, count, (family,), (), (), (), 0.5, 0.05, "", Provenance())
    >>> weight_evidence(planted.subject, found, spatial=planted.act.spatial).families[0].word
    'borne out'
    """
    source = lower[0].layer if lower else INPUT
    kernel, why = whole_kernel(subject, families.layer, source, graph=graph)
    if kernel is None:
        return why + ("" if lower else "; give the families of a layer in between")
    weights = _dense(kernel, families.units)
    if lower:
        inputs = kin(*lower)
        weights = weights * lower[1].spread[:, None, None].astype(np.float32)
    else:
        changed = np.tile(np.eye(weights.shape[1]), (len(families.group), 1, 1)) if colour is None else colour
        inputs = colour_inputs(changed, std=subject.spec.std)
    known = _known(weights, inputs)
    if known < LEAST_KNOWN:
        return f"{known:.0%} of the weights of {families.layer} lie on units of {source} that are in families, too few"
    values = kernel_likeness(weights, families.group, spatial, inputs=inputs)
    stamp = provenance(subject=subject.fingerprint, seed=seed, layer=families.layer, source=source)
    return WeightEvidence(families.layer, source, evidence(families, values, seed=seed), known, stamp)


def source_of(
    subject: Subject, layer: str, candidates: Collection[str], *, graph: LayerGraph | None = None
) -> str | None:
    """The last of the candidates before a layer that all its units read by weights which can be followed, or None.

    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> source_of(subject, "head", ["conv", "pool"]), source_of(subject, "conv", ["head"])
    ('pool', None)
    """
    order = list(subject.layers)
    before = [name for name in order[: order.index(layer_named(subject, layer).name)] if name in candidates]
    graph = graph or layer_graph(subject)
    for name in reversed(before):
        kernel, _ = whole_kernel(subject, layer, name, graph=graph)
        if kernel and (_dense(kernel, subject.layers[layer].channels) != 0).any((1, 2, 3)).all():
            return name
    return None


def _dense(kernel: Kernel, units: int) -> Float[np.ndarray, "o i h w"]:
    """The kernels of all units of the layer, without the gaps that a stride of pooling leaves between taps."""
    held = kernel.weights.numpy()
    weights = np.zeros((units, *held.shape[1:]), np.float32)
    weights[kernel.start : kernel.start + len(held)] = held
    filled = np.abs(weights).sum((0, 1)) > 0
    down, across = _stride(filled.any(1)), _stride(filled.any(0))
    return weights[:, :, ::down, ::across]


def _stride(filled: np.ndarray) -> int:
    """The widest step that misses nothing from the first on.

    >>> _stride(np.array([True, False, True, False, True]))
    2
    """
    held = np.flatnonzero(filled)
    return max(1, int(np.gcd.reduce(held))) if len(held) and filled[0] else 1


def _known(weights: Float[np.ndarray, "o i h w"], inputs: Float[np.ndarray, "g i i"]) -> float:
    squares = (weights**2).sum((0, 2, 3))
    kept = (np.abs(inputs).sum((0, 1)) > 0) & (np.abs(inputs).sum((0, 2)) > 0)
    return float(squares[kept].sum() / squares.sum()) if squares.sum() else 0.0
