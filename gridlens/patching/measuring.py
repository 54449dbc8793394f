"""Every pair measured at every layer into a run folder, one file each, so that a killed run goes on."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from core.activations import capture
from core.artifacts import read_metadata, read_tensors, write_tensors
from core.interventions.continuation import Continuation, continuation
from core.interventions.edits import patch
from core.interventions.intervened import intervened
from core.interventions.tracing import ANOTHER, BEST, RANDOM, SHARES, TAKEN, Sites, Trace, counts, trace
from core.pairs import Pair
from core.progress import Progress, silent
from core.subject import Subject, layer_named, run
from core.targets import Output

SCALARS = ("clean", "corrupted", "whole", "idle", "full")
JOINT = (BEST, RANDOM, ANOTHER, TAKEN)
TENTH = SHARES.index(0.1)
PICTURES = ("clean", "corrupted", "unrelated", "changed")
WORDS = ("kind", "name", "head", "plus", "minus")
"""Fields of a pair, as they are kept."""
SAME = ("Flatten", "Dropout", "Identity")
"""Kinds of modules that answer with what they are given."""
MOST_LAYERS = 6
"""Layers that are looked at unless others are asked for."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A pair and its trace at one layer; ``answers`` after the best tenth of the units is patched, and as many at
    random: 0 if the network says what it said of the clean input, 1 of the corrupted, 2 something else."""

    pair: Pair = field(repr=False)
    trace: Trace
    answers: Mapping[str, int]


def usual_layers(subject: Subject) -> tuple[str, ...]:
    """At most six layers spread over the network's depth: of its outermost modules, the heads left out.

    >>> from core.testing import planted_classifier
    >>> usual_layers(planted_classifier(seed=0))
    ('conv', 'relu', 'pool')
    """
    names = [
        name for name, layer in subject.layers.items() if name not in subject.heads and layer.kind not in SAME
    ]
    names = names[:-1] if set(subject.heads) == {"class"} else names  # the last one is the class logits'
    for depth in range(3):
        outer = [name for name in names if name.count(".") == depth]
        if len(outer) > 2:
            names = outer
            break
    step = max(1, -(-len(names) // MOST_LAYERS))
    return tuple(names[::-1][::step][::-1])


def measured(
    subject: Subject,
    pairs: Sequence[Pair],
    layers: Sequence[str],
    folder: Path,
    *,
    units: int,
    seed: int,
    progress: Progress = silent,
) -> list[Measured]:
    """Traces of every pair at every layer, written to ``folder`` as they are made, read from it where they are there.

    Raises
    ------
    UnknownName
        if the subject lacks a layer.
    """
    for layer in layers:
        layer_named(subject, layer)
    tails: dict[str, Continuation] = {}  # each takes several passes to find
    found, total = [], len(pairs) * len(layers)
    for number, pair in enumerate(pairs):
        for layer in layers:
            path = folder / "traces" / f"{number:03d}-{layer}.safetensors"
            if not path.exists():
                if layer not in tails:
                    tails[layer] = continuation(subject, layer, Output(pair.head, 0))
                traced = trace(tails[layer], pair, units=units, seed=seed + number)
                _write(path, traced, _answers(subject, pair, traced))
            found.append(_read(path, pair))
            progress(len(found), total, f"patching · {pair.kind}, {layer}")
    return found


def kept(folder: Path, find: Callable[[], Sequence[Pair]]) -> list[Pair]:
    """The pairs of a run folder, kind by kind in turn; found once, and then read: finding them takes minutes."""
    path = folder / "pairs.safetensors"
    if not path.exists():
        found = list(interleaved(find()))
        tensors = {name: torch.stack([getattr(pair, name) for pair in found]) for name in PICTURES}
        about = [{name: getattr(pair, name) for name in WORDS} for pair in found]
        write_tensors(path, tensors, {"pairs": json.dumps(about)})
    held, words = read_tensors(path), json.loads(read_metadata(path)["pairs"])
    return [
        Pair(**about, **{name: held[name][number] for name in PICTURES}) for number, about in enumerate(words)
    ]


def interleaved(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """The first pair of every kind, then the second of every kind, and so on: a broken-off run has some of each."""
    kinds = dict.fromkeys(pair.kind for pair in pairs)
    by_kind = [[pair for pair in pairs if pair.kind == kind] for kind in kinds]
    for place in range(max(map(len, by_kind))):
        for each in by_kind:
            yield from each[place : place + 1]


def _answers(subject: Subject, pair: Pair, traced: Trace) -> dict[str, int]:
    """What the network says with a tenth of the units patched: the clean answer, the corrupted one, or another."""
    source = capture(subject, pair.clean[None], [traced.layer])[traced.layer]
    tenth = counts(len(traced.units.order))[TENTH]
    chance = torch.randperm(len(traced.units.order), generator=torch.Generator().manual_seed(0))
    said = {}
    for what, order in ((BEST, traced.units.order), (RANDOM, chance)):
        edit = patch(traced.layer, source, units=order[:tenth].tolist())
        with torch.no_grad(), intervened(subject, edit) as patched:
            top = int(run(patched, pair.corrupted[None])[pair.head].argmax())
        said[what] = {pair.plus: 0, pair.minus: 1}.get(top, 2)
    return said


def _write(path: Path, traced: Trace, answers: Mapping[str, int]) -> None:
    tensors: dict[str, Tensor] = {}
    for name, sites in (("units", traced.units), ("places", traced.places)):
        if sites is not None:
            tensors[f"{name}.stepped"] = sites.stepped
            joint = torch.stack([sites.joint[what] for what in JOINT])
            tensors |= {f"{name}.gradient": sites.gradient, f"{name}.exact": sites.exact}
            tensors |= {f"{name}.drawn": sites.drawn, f"{name}.order": sites.order, f"{name}.joint": joint}
    scalars = {name: getattr(traced, name) for name in SCALARS}
    about = {"layer": traced.layer, "grid": traced.grid, "answers": dict(answers), **scalars}
    write_tensors(path, tensors, {"trace": json.dumps(about)})


def _read(path: Path, pair: Pair) -> Measured:
    tensors, about = read_tensors(path), json.loads(read_metadata(path)["trace"])
    units, places = (_sites(tensors, name) for name in ("units", "places"))
    assert units is not None, "every trace has units"
    traced = Trace(
        layer=about["layer"],
        units=units,
        places=places,
        grid=tuple(about["grid"]),
        **{name: about[name] for name in SCALARS},
    )
    return Measured(pair, traced, about["answers"])


def _sites(tensors: Mapping[str, Tensor], name: str) -> Sites | None:
    if f"{name}.exact" not in tensors:
        return None
    fields = {part: tensors[f"{name}.{part}"] for part in ("gradient", "stepped", "exact", "drawn", "order")}
    return Sites(**fields, joint=dict(zip(JOINT, tensors[f"{name}.joint"], strict=True)))
