"""Exemplars: the images that drive every unit of some layers most, least and in between, found in one pass."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.activations import recording, run_until_enough
from core.artifacts import read_metadata, read_tensors, write_tensors
from core.errors import BadInput, NotFinite
from core.layers import as_maps
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject, feed, layer_named
from feature_viz.examples.histogram import Histogram, summary
from feature_viz.examples.ranking import Ranking
from feature_viz.examples.tally import Tally, as_tensors, from_tensors, no_tally, tallied
from feature_viz.fusion import fused
from feature_viz.response_norm import quick_response_norm

EVERY = 256
"""Images between two checkpoints, at least: the most that a killed pass repeats, but for one batch."""


@runtime_checkable
class ImageSource(Protocol):
    """A finite, ordered set of images: float32 (n, c, h, w) in [0, 1], of one ``size`` (h, w), the same every time.

    Where it has ``targets`` (or ``targets_of(first, count)`` for the images met so far), they are class numbers, -1
    where unknown. Where it has ``skipped``, a pass leaves out the images that it names with the reason, and
    ``recall(skipped, met)`` tells another source of the same images so.
    """

    @property
    def fingerprint(self) -> str: ...

    @property
    def size(self) -> tuple[int, int]: ...

    def __len__(self) -> int: ...

    def batches(self, batch_size: int, *, start: int = 0) -> Iterator[Tensor]: ...


@dataclass(frozen=True, eq=False)
class ByClass:
    """Mean score of every unit over the images of each class number, and how many there were of each (0: NaN)."""

    mean: Float[Tensor, "classes c"] = field(repr=False)
    counts: Int[Tensor, "classes"] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Exemplars:
    """The images of a layer's units, and how each unit's score is spread over all ``count`` images.

    An image's score is the unit's largest activation over positions. ``firing`` is the share of images whose
    score is above zero; ``sd`` the population's. ``by_class`` has no rows where the images have no classes.
    """

    layer: str
    count: int
    top: Ranking = field(repr=False)
    bottom: Ranking = field(repr=False)
    mean: Float[Tensor, "c"] = field(repr=False)
    sd: Float[Tensor, "c"] = field(repr=False)
    firing: Float[Tensor, "c"] = field(repr=False)
    histogram: Histogram = field(repr=False)
    by_class: ByClass = field(repr=False)
    provenance: Provenance = field(repr=False)


def exemplars(
    subject: Subject,
    images: ImageSource,
    layers: Sequence[str],
    *,
    k: int = 9,
    batch_size: int = 32,
    checkpoint: str | Path | None = None,
    progress: Progress = silent,
) -> Mapping[str, Exemplars]:
    """The exact top and bottom ``k`` images of every unit of some layers, histograms of scores, means by class.

    Batch norm is folded into convolutions meanwhile (see ``fused``). Images with equal scores rank by index. Memory
    does not depend on the number of images. With ``checkpoint``, a folder, what was found is kept there every few
    hundred images, and a call that was broken off - killed, even - is gone on with and ends with the same bytes; the
    caller removes the folder once the answer is in a safe place.

    Raises
    ------
    UnknownName
        if a layer is not the subject's.
    BadInput
        if there are no images.
    NotFinite
        if an activation is NaN or infinite; names the layer and the image.

    >>> from core.testing import planted_classifier
    >>> from feature_viz.examples.tensor_source import TensorImages
    >>> grey = TensorImages(torch.linspace(0, 1, 5).view(5, 1, 1, 1).expand(5, 3, 12, 12))
    >>> found = exemplars(planted_classifier(seed=0), grey, ["relu"], k=2)["relu"]
    >>> found.top.index.shape, int(found.histogram.counts[:, 0].sum())
    (torch.Size([2, 4]), 5)
    """
    names = [layer_named(subject, name).name for name in layers]
    if not len(images):
        raise BadInput(f"no images to run {subject.name} on; an image source with at least one was expected")
    parts = (subject.fingerprint, images.fingerprint, str((k, batch_size)))
    path = None if checkpoint is None else Path(checkpoint) / f"tally-{fingerprint(*parts)}.safetensors"
    tallies, done = _resumed(path, names, images)
    kept = done
    with fused(subject, keep=names) as quick:
        for batch in images.batches(batch_size, start=done):
            targets = _targets(images, done, len(batch))
            for name, maps in maps_of(quick, batch, names).items():
                scores = maps.amax((2, 3)).float().cpu().numpy()
                _check_finite(subject, name, scores, done)
                held = tallies.get(name) or no_tally(maps.shape[1])
                tallies[name] = tallied(held, maps, scores, done, k, targets)
            done += len(batch)
            if path is not None and done - kept >= EVERY:
                _keep(path, tallies, done, images)
                kept = done
            progress(done, len(images), "finding examples")
    if path is not None and done > kept:
        _keep(path, tallies, done, images)
    stamp = provenance(subject=subject.fingerprint, data=images.fingerprint, k=k)
    return {name: _summary(name, tallies[name], done, stamp) for name in names}


def maps_of(subject: Subject, batch: Float[Tensor, "n c h w"], layers: Sequence[str]) -> dict[str, Tensor]:
    """The maps (n, c, h, w) of some layers, without gradients and as quickly as the network gives them."""
    inputs = batch.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode(), quick_response_norm(), recording(subject, layers) as kept:
        run_until_enough(subject.module, feed(subject, inputs))
        return {name: as_maps(kept[name], subject.layers[name]) for name in layers}


def _targets(images: ImageSource, first: int, count: int) -> np.ndarray | None:
    """The class numbers of images that a pass has just met, where there are any."""
    ask: Callable[[int, int], np.ndarray | None] | None = getattr(images, "targets_of", None)
    if ask is not None:
        return ask(first, count)
    every = getattr(images, "targets", None)
    return None if every is None else np.asarray(every)[first : first + count]


def _keep(path: Path, tallies: Mapping[str, Tally], done: int, images: ImageSource) -> None:
    """The tally of the images so far in one file, together with what was learned of the source."""
    tensors: dict[str, Any] = {}
    for place, tally in enumerate(tallies.values()):
        tensors |= as_tensors(tally, f"{place}.")
    skipped = dict(getattr(images, "skipped", {}))
    about = {"done": done, "layers": list(tallies), "skipped": skipped, "met": getattr(images, "met", done)}
    write_tensors(path, tensors, {"about": json.dumps(about)})


def _resumed(path: Path | None, names: Sequence[str], images: ImageSource) -> tuple[dict[str, Tally], int]:
    """The tally of a pass that was broken off, if it was over these layers, and how many images it saw."""
    if path is None or not path.exists():
        return {}, 0
    about = json.loads(read_metadata(path)["about"])
    if hasattr(images, "recall"):
        images.recall(about["skipped"], about["met"])
    kept = set(about["layers"])
    if set(names) != kept and not (about["done"] == len(images) and set(names) < kept):
        return {}, 0  # what else is asked for has a say in rounding: which norms are folded
    held = read_tensors(path)
    places = {name: about["layers"].index(name) for name in names}
    return {name: from_tensors(held, f"{place}.") for name, place in places.items()}, about["done"]


def _check_finite(subject: Subject, layer: str, scores: np.ndarray, first: int) -> None:
    if np.isfinite(scores).all():
        return
    image, unit = np.argwhere(~np.isfinite(scores))[0].tolist()
    raise NotFinite(f"{layer}:{unit} of {subject.name} is {scores[image, unit]} on image {first + image}")


def _summary(layer: str, tally: Tally, count: int, stamp: Provenance) -> Exemplars:
    mean = tally.total / count
    variance = (tally.squares / count - np.square(mean)).clip(0)
    with np.errstate(invalid="ignore"):
        by_class = tally.by_class / tally.seen[:, None]
    return Exemplars(
        layer,
        count,
        tally.top,
        tally.bottom,
        _single(mean),
        _single(np.sqrt(variance)),
        _single(tally.fired / count),
        summary(tally.bins),
        ByClass(_single(by_class), torch.from_numpy(tally.seen)),
        stamp,
    )


def _single(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def write_exemplars(path: str | Path, found: Exemplars) -> None:
    """Exemplars as safetensors; the count of images among them."""
    tensors = {"mean": found.mean, "sd": found.sd, "firing": found.firing, "count": torch.tensor(found.count)}
    for part in PARTS:
        held = getattr(found, part)
        tensors |= {f"{part}.{entry.name}": getattr(held, entry.name) for entry in fields(held)}
    write_tensors(path, tensors)


PARTS = {"top": Ranking, "bottom": Ranking, "histogram": Histogram, "by_class": ByClass}
"""The fields of ``Exemplars`` that are tables of their own."""


def read_exemplars(path: str | Path, layer: str, subject: Subject, images: ImageSource) -> Exemplars:
    """Exemplars as ``write_exemplars`` left them."""
    held = read_tensors(path)
    parts = {
        part: kind(*(held[f"{part}.{entry.name}"] for entry in fields(kind))) for part, kind in PARTS.items()
    }
    stamp = provenance(subject=subject.fingerprint, data=images.fingerprint, k=len(held["top.index"]))
    statistics = {name: held[name] for name in ("mean", "sd", "firing")}
    return Exemplars(layer=layer, count=int(held["count"]), provenance=stamp, **statistics, **parts)
