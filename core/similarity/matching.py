"""Best buddies: which units of two layers answer alike, each the other's nearest, beside what chance gives."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.errors import BadInput
from core.layers import as_maps
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.similarity.correlating import LayerPair, correlated, intervals, mutual
from core.similarity.matches import Match, Matches
from core.similarity.passes import Answers, Both
from core.store.images import Images, held
from core.subject import Subject, layer_named

LEAST = 8
"""Inputs that an interval needs at least."""


class Shown(NamedTuple):
    """A network, and the images in the size that it takes."""

    subject: Subject
    images: Images


def best_buddies(
    a: Float[Tensor, "n ..."],
    b: Float[Tensor, "m ..."],
    *,
    top: int = 1,
    seed: int = 0,
    batch_size: int = 256,
) -> Matches:
    """Units of two layers matched by their maps of the same inputs: (n, c, h, w), or (n, c) vectors [dravid2023].

    Maps are averaged to the coarser grid of the two and z-scored over inputs and positions; a pair is kept if each is
    among the other's ``top`` by correlation. Intervals are bootstraps over inputs (the choice of the pair not redone).

    Raises
    ------
    BadInput
        if the inputs are not as many in both or fewer than eight, or ``top`` is below 1.
    NotFinite
        if an activation is NaN or infinite.

    >>> import torch
    >>> x = torch.rand(50, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    >>> [(match.a, match.b) for match in best_buddies(x, 2 * x[:, [2, 0, 1]] + 1).pairs]
    [(0, 1), (1, 2), (2, 0)]
    """
    if len(a) != len(b):
        raise BadInput(f"units are matched over the same inputs; given activations of {len(a)} and {len(b)}")
    one, other = (x if x.ndim == 4 else x.flatten(1)[:, :, None, None] for x in (a, b))

    def batches(start: int) -> Iterator[Answers]:
        for x, y in zip(one[start:].split(batch_size), other[start:].split(batch_size), strict=True):
            yield {"a": x}, {"b": y}

    stamp = provenance(data=fingerprint(a, b), seed=seed, top=top)
    _refuse_too_few(len(a), top)
    return _matched(Both(batches), [("a", "b")], [stamp], top=top, seed=seed)[0]


def match_units(
    subject: Subject,
    layer: str,
    other: Subject,
    other_layer: str,
    images: Images | Float[Tensor, "n c h w"],
    *,
    top: int = 1,
    batch_size: int = 32,
    seed: int = 0,
    progress: Progress = silent,
) -> Matches:
    """``best_buddies`` of a layer of one subject and one of another (or the same), over a source of images, streamed.

    The images are gone through twice: to find the pairs, and for their intervals.

    Raises
    ------
    UnknownName
        if a layer is not its subject's.
    BadInput, NotFinite
        as ``best_buddies``.

    >>> import torch
    >>> from core.testing import planted_classifier
    >>> net = planted_classifier(seed=0)
    >>> [(match.a, match.b) for match in match_units(net, "conv", net, "conv", torch.rand(40, 3, 12, 12)).pairs]
    [(0, 0), (1, 1), (2, 2), (3, 3)]
    """
    source = held(images)
    (found,) = match_layers(
        Shown(subject, source),
        {"other": Shown(other, source)},
        [(layer, other_layer)],
        top=top,
        batch_size=batch_size,
        seed=seed,
        progress=progress,
    ).values()
    return found


def match_layers(
    one: Shown,
    others: Mapping[str, Shown],
    pairs: Sequence[LayerPair],
    *,
    top: int = 1,
    batch_size: int = 32,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress = silent,
) -> dict[tuple[str, str, str], Matches]:
    """``match_units`` of many layer pairs and several other networks at once: {(name, layer, other's layer): Matches}.

    The images, each network's in its own size, are gone through twice, however many pairs there are. Memory grows
    with the pairs, 16 bytes for every two units, and not with the images. ``checkpoint``, a folder, holds the sums so
    far; a call that was broken off goes on from there; the caller removes it once the answer is in a safe place.

    Raises
    ------
    UnknownName
        if a layer is not its subject's.
    BadInput
        if no pair is given, or the sources differ in length; and as ``best_buddies``.
    NotFinite
        if an activation is NaN or infinite.

    >>> import torch
    >>> from core.testing import planted_classifier
    >>> images = held(torch.rand(40, 3, 12, 12))
    >>> one, two = (Shown(planted_classifier(seed=seed), images) for seed in (0, 1))
    >>> sorted(match_layers(one, {"two": two}, [("conv", "conv"), ("conv", "relu")]))
    [('two', 'conv', 'conv'), ('two', 'conv', 'relu')]
    """
    _refuse(one, others, pairs, top)
    tagged = [(layer, f"{name}\n{other}") for name in others for layer, other in pairs]
    labels = iter(("matching units", "redrawing images for intervals"))

    def batches(start: int) -> Iterator[Answers]:
        label = next(labels)
        for done, answers in _answers(one, others, pairs, start, batch_size=batch_size):
            yield answers
            progress(done, max(done, len(one.images)), label)

    both = Both(
        batches,
        tuple(shown.images for shown in (one, *others.values())),
    )
    stamps = [
        provenance(
            subject=one.subject.fingerprint,
            data=one.images.fingerprint,
            seed=seed,
            other=shown.subject.fingerprint,
            top=top,
        )
        for shown in others.values()
        for _ in pairs
    ]
    identity = fingerprint(
        repr(tagged), *(repr(stamp.parameters) for stamp in stamps), stamps[0].subject, stamps[0].data
    )
    folder = None if checkpoint is None else Path(checkpoint) / f"{identity}-{seed}-{batch_size}"
    found = _matched(both, tagged, stamps, top=top, seed=seed, folder=folder)
    keys = [(name, layer, other) for name in others for layer, other in pairs]
    return dict(zip(keys, found, strict=True))


def _refuse(one: Shown, others: Mapping[str, Shown], pairs: Sequence[LayerPair], top: int) -> None:
    if not pairs or not others:
        raise BadInput("no layers to match; name at least one of each network")
    for shown in others.values():
        for layer, other in pairs:
            layer_named(one.subject, layer)
            layer_named(shown.subject, other)
        if len(shown.images) != len(one.images):
            raise BadInput(
                f"units are matched over the same images; given {len(one.images)} and {len(shown.images)}"
            )
    _refuse_too_few(len(one.images), top)


def _refuse_too_few(count: int, top: int) -> None:
    if count < LEAST:
        raise BadInput(f"matching units needs at least {LEAST} inputs; given {count}")
    if top < 1:
        raise BadInput(f"units are matched among the nearest 1 or more; got top={top}")


def _answers(
    one: Shown,
    others: Mapping[str, Shown],
    pairs: Sequence[LayerPair],
    start: int,
    *,
    batch_size: int,
) -> Iterator[tuple[int, Answers]]:
    """How many images are done, and maps by layer of the one network, and of all others with their names before."""
    layers, other_layers = (list(dict.fromkeys(names)) for names in zip(*pairs, strict=True))
    streams = [shown.images.batches(batch_size, start=start) for shown in (one, *others.values())]
    done = start
    for batch, *rest in zip(*streams, strict=True):
        answers: dict[str, Tensor] = {}
        for (name, shown), seen in zip(others.items(), rest, strict=True):
            for layer, maps in _maps(shown.subject, seen, other_layers).items():
                answers[f"{name}\n{layer}"] = maps
        done += len(batch)
        yield done, (_maps(one.subject, batch, layers), answers)


def _maps(subject: Subject, batch: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    cache = capture(subject, batch, layers)
    return {name: as_maps(cache[name], subject.layers[name]) for name in layers}


def _matched(
    both: Both,
    pairs: Sequence[LayerPair],
    stamps: Sequence[Provenance],
    *,
    top: int,
    seed: int,
    folder: Path | None = None,
) -> list[Matches]:
    """Every layer pair's matches, in two passes over the inputs."""
    first, second = (None if folder is None else folder / f"{name}.safetensors" for name in ("sums", "draws"))
    found, _ = correlated(both, pairs, seed=seed, path=first)
    wanted = [mutual(correlations, top) for correlations, _ in found]
    trusted = intervals(both, pairs, wanted, seed=seed, path=second)
    made = []
    for (correlations, swapped), units, each, stamp in zip(found, wanted, trusted, stamps, strict=True):
        matches = [Match(i, j, interval) for (i, j), interval in zip(units, each, strict=True)]
        matches.sort(key=lambda match: -match.correlation.estimate)
        control = swapped.amax(1)
        threshold = float(control.quantile(0.95))
        lucky = sum(float(swapped[i, j]) > threshold for i, j in mutual(swapped, top))
        made.append(Matches(tuple(matches), top, correlations, control, threshold, lucky, stamp))
    return made
