"""Wires: the strongest weights into and out of every unit, to units of the other layers that are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.subject import Subject, layer_named
from core.wires.expanded import WIDEST, Kernel, added, strengths, unit_kernel
from core.wires.layer_graph import LayerGraph, Operation, layer_graph, steps_back

MOST = 8
"""Wires kept in each direction."""

WIDENING = ("conv2d", "max_pool2d", "avg_pool2d")
"""Operations that are followed unless the kernels become wider than is worth it."""

INPUT = ""
"""The source that is no layer: what the network is fed."""


@dataclass(frozen=True)
class Wire:
    """The other unit, as "layer:unit", and the weight between the two."""

    unit: str
    weight: float


@dataclass(frozen=True)
class UnitWires:
    """A unit's strongest wires by size, from earlier units into it and out of it to later ones."""

    incoming: tuple[Wire, ...] = ()
    outgoing: tuple[Wire, ...] = ()


@dataclass(frozen=True, eq=False)
class LayerWires:
    """The wires of all units of a layer; without any where what lies before and after it is not linear."""

    layer: str
    units: tuple[UnitWires, ...] = field(repr=False)
    provenance: Provenance = field(repr=False)


def wires(
    subject: Subject, layers: Sequence[str], *, most: int = MOST, progress: Progress = silent
) -> Mapping[str, LayerWires]:
    """The strongest wires between some layers of a network, ``most`` in each direction of every unit.

    Going back from a layer, a wire ends at the first of the ``layers`` behind at least one layer of weights. On the
    way weights are expanded [voss2021]: multiplied through whatever convolutions lie between (1x1 bottlenecks), through
    batch norm's scale and along both ways of a sum; activations, response norm and pooling pass every unit
    on as itself; a unit of a concatenation reads what its branch reads. What is shown is the L2 norm over the
    positions of the expanded kernel with the sign of its sum (see ``expanded.strengths``). There are no wires
    through what is not linear (attention, layer norm, gates), nor beyond kernels of ``expanded.WIDEST`` positions.

    Raises
    ------
    UnknownName
        if a layer is not the subject's.

    >>> from core.testing import planted_classifier
    >>> found = wires(planted_classifier(seed=0), ["conv", "head"])
    >>> found["head"].units[0].incoming[0].unit.split(":")[0], len(found["conv"].units[0].outgoing)
    ('conv', 3)
    """
    names = [layer_named(subject, name).name for name in layers]
    graph = layer_graph(subject)
    incoming: dict[str, list[tuple[str, Tensor]]] = {name: [] for name in names}
    outgoing: dict[str, list[tuple[str, Tensor]]] = {name: [] for name in names}
    for done, name in enumerate(names):
        for source, matrix in expanded_weights(subject, name, names, graph=graph).items():
            incoming[name].append((source, matrix))
            outgoing[source].append((name, matrix.T))
        progress(done + 1, len(names), "following the weights")
    stamp = provenance(subject=subject.fingerprint, layers=tuple(names), most=most)
    found = {}
    for name in names:
        count = subject.layers[name].channels
        ways = zip(
            _strongest(incoming[name], count, most), _strongest(outgoing[name], count, most), strict=True
        )
        found[name] = LayerWires(name, tuple(UnitWires(*way) for way in ways), stamp)
    return found


def expanded_weights(
    subject: Subject, layer: str, sources: Sequence[str], *, graph: LayerGraph | None = None
) -> Mapping[str, Float[Tensor, "units _"]]:
    """The weights (units of ``layer``, units of the source) from the nearest of the ``sources`` behind it."""
    count = layer_named(subject, layer).channels
    kernels = expanded_kernels(subject, layer, sources, graph=graph)
    return {source: strengths(kernel, count) for source, kernel in kernels.items()}


def expanded_kernels(
    subject: Subject, layer: str, sources: Sequence[str], *, graph: LayerGraph | None = None
) -> Mapping[str, Kernel]:
    """The kernels by which a layer reads the nearest of the ``sources`` behind it; none where not known.

    ``INPUT`` among the sources is what the network is fed, after its scaling.
    """
    return _followed(subject, layer, sources, graph or layer_graph(subject))[0]


def whole_kernel(
    subject: Subject, layer: str, source: str, *, graph: LayerGraph | None = None
) -> tuple[Kernel | None, str]:
    """The kernel by which a layer reads one before it, if every way between the two can be followed; else why not.

    Where ``wires`` shows what it knows, this is all or nothing: no gate, no attention and no sum that does not fit
    may lie on any of the ways.

    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> whole_kernel(subject, "conv", INPUT)[0].weights.shape
    torch.Size([4, 3, 3, 3])
    >>> whole_kernel(subject, "conv", "relu")[1]
    'conv does not read relu by weights'
    """
    found, lost = _followed(subject, layer, [source], graph or layer_graph(subject))
    here = source or "the input"
    if lost:
        return None, f"between {layer} and {here} lies what is not followed as weights: {', '.join(lost)}"
    if source not in found:
        return None, f"{layer} does not read {here} by weights"
    return found[source], ""


def _followed(
    subject: Subject, layer: str, sources: Sequence[str], graph: LayerGraph
) -> tuple[dict[str, Kernel], list[str]]:
    """The kernels, and the operations at which a way to one of the sources was lost."""
    if layer not in graph.answers:
        return {}, []
    count = layer_named(subject, layer).channels
    begin = graph.answers[layer]
    ends = {graph.answers[name]: name for name in reversed(sources) if name in graph.answers}
    if INPUT in sources:
        ends[graph.operations[0]] = INPUT
    leading = _leading(graph, set(ends))
    pending: dict[Operation, Kernel | None] = {begin: unit_kernel(count)}
    found: dict[str, Kernel] = {}
    lost: list[str] = []
    for node in reversed(graph.operations[: graph.operations.index(begin) + 1]):
        kernel = pending.pop(node, None)
        if kernel is None:
            continue
        if kernel.mixed and node in ends and kernel.channels == _channels(subject, ends[node]):
            found[ends[node]] = kernel
            continue
        read = set()
        for source, step in steps_back(node, kernel):
            if source in leading:
                read.add(source)
                held = pending.get(source, step)
                pending[source] = step if source not in pending else held and added(held, step, count)
                if pending[source] is None:
                    lost.append(node.name)
        if any(source in leading and source not in read for source in node.inputs):
            lost.append(
                f"{node.name} (kernels beyond {WIDEST} positions)" if node.name in WIDENING else node.name
            )
    return found, list(dict.fromkeys(lost))


def _channels(subject: Subject, source: str) -> int:
    return subject.layers[source].channels if source else subject.spec.shape[0]


def _leading(graph: LayerGraph, ends: set[Operation]) -> set[Operation]:
    """The nodes that are an end or have one behind them: all others are not worth following."""
    found: set[Operation] = set()
    for node in graph.operations:
        if node in ends or any(source in found for source in node.inputs):
            found.add(node)
    return found


def _strongest(found: Sequence[tuple[str, Tensor]], count: int, most: int) -> list[tuple[Wire, ...]]:
    if not found:
        return [()] * count
    matrix = torch.cat([weights for _, weights in found], 1)
    names = [f"{layer}:{unit}" for layer, weights in found for unit in range(weights.shape[1])]
    order = matrix.abs().sort(stable=True, dim=1, descending=True).indices[:, :most]
    best = matrix.gather(1, order)
    return [
        tuple(Wire(names[place], weight) for place, weight in zip(places, weights, strict=True) if weight)
        for places, weights in zip(order.tolist(), best.tolist(), strict=True)
    ]
