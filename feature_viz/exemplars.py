"""Exemplars: the images that drive every unit of some layers most and least, in one pass over any number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.activations import recording, run_until_enough
from core.artifacts import read_tensors, write_tensors
from core.errors import BadInput, NotFinite
from core.layers import as_maps
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.subject import Subject, feed, layer_named


@runtime_checkable
class ImageSource(Protocol):
    """A finite, ordered set of images: float32 (n, c, h, w) in [0, 1], of one ``size`` (h, w), the same every time."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def size(self) -> tuple[int, int]: ...

    def __len__(self) -> int: ...

    def batches(self, batch_size: int) -> Iterator[Tensor]: ...


@dataclass(frozen=True, eq=False)
class Ranking:
    """For every unit its ``k`` images, the most extreme first: index, score, and where in the map it peaked."""

    index: Int[Tensor, "k c"]
    score: Float[Tensor, "k c"]
    row: Int[Tensor, "k c"]
    column: Int[Tensor, "k c"]


@dataclass(frozen=True, eq=False)
class Exemplars:
    """The images of a layer's units, and how each unit's score is spread over all ``count`` images.

    An image's score is the unit's largest activation over positions. ``firing`` is the share of images whose
    score is above zero; ``sd`` the population's.
    """

    layer: str
    count: int
    top: Ranking = field(repr=False)
    bottom: Ranking = field(repr=False)
    mean: Float[Tensor, "c"] = field(repr=False)
    sd: Float[Tensor, "c"] = field(repr=False)
    firing: Float[Tensor, "c"] = field(repr=False)
    provenance: Provenance = field(repr=False)


@dataclass(frozen=True, eq=False)
class _Tally:
    """All that is kept of the images seen so far: its size depends on units and k alone."""

    top: Ranking
    bottom: Ranking
    total: Float[Tensor, "c"]
    squares: Float[Tensor, "c"]
    fired: Int[Tensor, "c"]


def exemplars(
    subject: Subject,
    images: ImageSource,
    layers: Sequence[str],
    *,
    k: int = 9,
    batch_size: int = 32,
    progress: Progress = silent,
) -> Mapping[str, Exemplars]:
    """The exact top and bottom ``k`` images of every unit of some layers, and the spread of their scores.

    Images with equal scores rank by index. Memory does not depend on the number of images.

    Raises
    ------
    UnknownName
        if a layer is not the subject's.
    BadInput
        if there are no images.
    NotFinite
        if an activation is NaN or infinite; names the layer and the image.
    """
    names = [layer_named(subject, name).name for name in layers]
    if not len(images):
        raise BadInput(f"no images to run {subject.name} on; an image source with at least one was expected")
    tallies: dict[str, _Tally] = {}
    done = 0
    for batch in images.batches(batch_size):
        for name, maps in _maps(subject, batch, names).items():
            scores = maps.amax((2, 3))
            _check_finite(subject, name, scores, done)
            tallies[name] = _counted(tallies.get(name) or _empty(maps), maps, scores, done, k)
        done += len(batch)
        progress(done, len(images), "finding examples")
    stamp = provenance(subject=subject.fingerprint, data=images.fingerprint, k=k)
    return {name: _summary(name, tallies[name], done, stamp) for name in names}


def _maps(subject: Subject, batch: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
    inputs = batch.contiguous(memory_format=torch.channels_last)
    with torch.no_grad(), recording(subject, names) as kept:
        run_until_enough(subject.module, feed(subject, inputs))
    return {name: as_maps(kept[name], subject.layers[name]) for name in names}


def _check_finite(subject: Subject, layer: str, scores: Tensor, first: int) -> None:
    if torch.isfinite(scores).all():
        return
    image, unit = (~torch.isfinite(scores)).nonzero()[0].tolist()
    raise NotFinite(f"{layer}:{unit} of {subject.name} is {scores[image, unit]} on image {first + image}")


def _counted(
    tally: _Tally, maps: Float[Tensor, "n c h w"], scores: Float[Tensor, "n c"], first: int, k: int
) -> _Tally:
    """The tally after one more batch, whose first image has index ``first``."""
    wide = scores.double().cpu()
    return _Tally(
        _merged(tally.top, maps, scores, first, k, largest=True),
        _merged(tally.bottom, maps, scores, first, k, largest=False),
        tally.total + wide.sum(0),
        tally.squares + wide.square().sum(0),
        tally.fired + (wide > 0).sum(0),
    )


def _merged(ranking: Ranking, maps: Tensor, scores: Tensor, first: int, k: int, *, largest: bool) -> Ranking:
    """The best of the ranking so far and a batch; only newcomers' positions are looked up."""
    held = len(ranking.score)
    new = torch.arange(first, first + len(scores))[:, None].expand(-1, scores.shape[1])
    index = torch.cat([ranking.index, new])
    score = torch.cat([ranking.score, scores.float().cpu()])
    order = score.sort(dim=0, descending=largest, stable=True).indices[:k]
    row, column = (torch.cat([old, torch.zeros_like(new)]) for old in (ranking.row, ranking.column))
    place, unit = (order >= held).nonzero(as_tuple=True)
    image = order[place, unit] - held
    peaks = maps[image.to(maps.device), unit.to(maps.device)].flatten(1).cpu().numpy().argmax(1)
    row[image + held, unit] = torch.from_numpy(peaks // maps.shape[3])
    column[image + held, unit] = torch.from_numpy(peaks % maps.shape[3])
    return Ranking(*(values.gather(0, order) for values in (index, score, row, column)))


def _empty(maps: Tensor) -> _Tally:
    units = maps.shape[1]
    none = torch.zeros(0, units, dtype=torch.long)
    ranking = Ranking(none, torch.zeros(0, units), none, none)
    zero = torch.zeros(units, dtype=torch.float64)
    return _Tally(ranking, ranking, zero, zero, torch.zeros(units, dtype=torch.long))


def _summary(layer: str, tally: _Tally, count: int, stamp: Provenance) -> Exemplars:
    mean = tally.total / count
    variance = (tally.squares / count - mean.square()).clamp_min(0)
    firing = tally.fired.double() / count
    return Exemplars(
        layer, count, tally.top, tally.bottom, mean.float(), variance.sqrt().float(), firing.float(), stamp
    )


def write_exemplars(path: str | Path, found: Exemplars) -> None:
    """Exemplars as safetensors; the count of images among them."""
    tensors = {"mean": found.mean, "sd": found.sd, "firing": found.firing}
    for side, ranking in (("top", found.top), ("bottom", found.bottom)):
        tensors |= {f"{side}.{name}": getattr(ranking, name) for name in ("index", "score", "row", "column")}
    tensors["count"] = torch.tensor(found.count)
    write_tensors(path, tensors)


def read_exemplars(path: str | Path, layer: str, subject: Subject, images: ImageSource) -> Exemplars:
    """Exemplars as ``write_exemplars`` left them."""
    held = read_tensors(path)
    top, bottom = (
        Ranking(*(held[f"{side}.{name}"] for name in ("index", "score", "row", "column")))
        for side in ("top", "bottom")
    )
    stamp = provenance(subject=subject.fingerprint, data=images.fingerprint, k=len(top.index))
    return Exemplars(layer, int(held["count"]), top, bottom, held["mean"], held["sd"], held["firing"], stamp)
