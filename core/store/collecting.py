"""collect(): run a subject over images once and keep some layers' activations on disk, resumable at any moment."""

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from core.artifacts import read_json, write_json
from core.errors import BadInput, DiskFull, Unreadable
from core.progress import Progress, silent
from core.runs import refuse_another, running
from core.store.activation_store import INDEX, KIND, ActivationStore, layer_folder, open_store
from core.store.images import Images, held
from core.store.rows import Plan, kept_rows, planned
from core.store.shards import CODES, shard_bytes, write_shard
from core.subject import Subject, layer_named

SHARD_BYTES = 2**26
"""Bytes of one shard of every layer together, about: what waits to be written, and what a kill costs at most, twice."""

Waiting = dict[str, list[Float[np.ndarray, "_ _"]]]


def collect(
    subject: Subject,
    images: Images | Float[Tensor, "n c h w"],
    layers: Sequence[str],
    folder: str | Path,
    *,
    positions: int | None = None,
    dtype: str = "float32",
    seed: int = 0,
    batch_size: int = 32,
    progress: Progress = silent,
) -> dict[str, ActivationStore]:
    """Keep what some layers say of all images in ``folder``, in one pass that ends at the deepest of them.

    Of each map ``positions`` places are kept, drawn by ``seed`` and image (None: all). A pass that was broken off,
    killed even, is gone on with by the same call and ends with the same bytes; one that is finished is opened.
    Memory does not depend on the number of images. Tokens that stand for no place (class, registers) are left out.

    Raises
    ------
    UnknownName
        if a layer is not the subject's.
    BadInput
        if there are no images or layers, or an option is out of range.
    DiskFull
        before it starts, if the disk lacks room; says how much is needed.
    NotFinite
        if an activation is NaN, infinite, or too large for ``dtype``; names the layer and the image.
    RunConflict
        if the folder holds something else.

    >>> import tempfile, torch
    >>> from core.testing import planted_classifier
    >>> found = collect(planted_classifier(seed=0), torch.rand(5, 3, 12, 12), ["conv", "head"], tempfile.mkdtemp())
    >>> {name: (len(store), store.channels) for name, store in found.items()}
    {'conv': (720, 4), 'head': (5, 3)}
    """
    folder, source = Path(folder), held(images)
    names = [layer_named(subject, name).name for name in dict.fromkeys(layers)]
    _check(subject, source, names, positions, dtype, batch_size)
    plans = planned(subject, source.size, names, positions=positions, dtype=dtype, seed=seed)
    each = max(1, SHARD_BYTES // sum(plan.bytes(1) for plan in plans.values()) // batch_size) * batch_size
    identity: dict[str, Any] = {
        "kind": KIND,
        "parameters": {"layers": names, "positions": positions, "dtype": dtype, "size": source.size}
        | {"batch_size": batch_size, "images_a_shard": each},
        "seeds": {"positions": seed},
        "subject": subject.fingerprint,
        "data": source.fingerprint,
    }
    refuse_another(folder, **identity)
    index = _index(folder, plans)
    _check_room(folder, plans, len(source) - index["images"])
    with running(folder, **identity) as run:
        if not run.finished:
            _go_on(subject, source, plans, index, folder, batch_size=batch_size, each=each, progress=progress)
    return {name: open_store(folder, name) for name in names}


def needed_bytes(
    subject: Subject,
    images: Images | Float[Tensor, "n c h w"],
    layers: Sequence[str],
    *,
    positions: int | None = None,
    dtype: str = "float32",
) -> int:
    """How many bytes of numbers ``collect`` would write.

    >>> import torch
    >>> from core.testing import planted_classifier
    >>> needed_bytes(planted_classifier(seed=0), torch.rand(5, 3, 12, 12), ["head"])
    60
    """
    source = held(images)
    plans = planned(subject, source.size, layers, positions=positions, dtype=dtype, seed=0)
    return sum(plan.bytes(len(source)) for plan in plans.values())


def _check(
    subject: Subject,
    source: Images,
    layers: Sequence[str],
    positions: int | None,
    dtype: str,
    batch_size: int,
) -> None:
    if not layers:
        first = next(iter(subject.layers))
        raise BadInput(f"no layers of {subject.name} to keep; name at least one, as in {first!r}")
    if not len(source):
        raise BadInput(f"no images to run {subject.name} on; an image source with at least one was expected")
    if positions is not None and positions < 1:
        raise BadInput(f"at least one position of an image is kept; got positions={positions} (None: all)")
    if dtype not in CODES:
        raise BadInput(f"activations are kept as {' or '.join(CODES)}; got {dtype!r}")
    if batch_size < 1:
        raise BadInput(f"a batch has at least one image; got batch_size={batch_size}")


def _index(folder: Path, plans: Mapping[str, Plan]) -> dict[str, Any]:
    """What is in the folder already: images done, what was learned of the source, and every layer's shards."""
    if (folder / INDEX).exists():
        return dict(read_json(folder / INDEX))
    layers = {
        name: {"channels": plan.channels, "grid": plan.grid, "positions": plan.positions, "shards": []}
        for name, plan in plans.items()
    }
    return {"images": 0, "met": 0, "skipped": {}, "layers": layers}


def _check_room(folder: Path, plans: Mapping[str, Plan], images: int) -> None:
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    needed = sum(shard_bytes(images * plan.positions, plan.channels, plan.dtype) for plan in plans.values())
    if images and needed > free:
        raise DiskFull(
            f"activations of {images:,} images need {_size(needed)} and the disk of {str(folder)!r} has "
            f"{_size(free)} left; keep fewer positions or layers, or float16"
        )


def _size(count: int) -> str:
    unit = next(
        (name for name in ("GB", "MB", "kB") if count >= {"GB": 1e9, "MB": 1e6, "kB": 1e3}[name]), "B"
    )
    return f"{count / {'GB': 1e9, 'MB': 1e6, 'kB': 1e3, 'B': 1}[unit]:,.1f} {unit}"


def _go_on(
    subject: Subject,
    source: Images,
    plans: Mapping[str, Plan],
    index: dict[str, Any],
    folder: Path,
    *,
    batch_size: int,
    each: int,
    progress: Progress,
) -> None:
    """Run what is left; a thread writes a shard of every layer while the network goes on with the next."""
    if hasattr(source, "recall"):
        source.recall(index["skipped"], index["met"])
    first = done = index["images"]
    waiting: Waiting = {name: [] for name in plans}
    pending: Future[None] | None = None
    with ThreadPoolExecutor(1) as writer:
        for batch in source.batches(batch_size, start=done):
            for name, rows in kept_rows(subject, batch, plans, first=done).items():
                waiting[name].append(rows)
            done += len(batch)
            if done - first >= each:
                if pending is not None:
                    pending.result()
                pending = writer.submit(_write, folder, index, waiting, first, done, _learned(source, done))
                waiting, first = {name: [] for name in plans}, done
            progress(done, max(done, len(source)), "collecting activations")
        if pending is not None:
            pending.result()
    if done > first:
        _write(folder, index, waiting, first, done, _learned(source, done))
    if not done:
        raise Unreadable(f"the image source gave none of its {len(source)} images")


def _learned(source: Images, done: int) -> dict[str, Any]:
    """What a pass has found out about the source: which images cannot be read."""
    return {"met": getattr(source, "met", done), "skipped": dict(getattr(source, "skipped", {}))}


def _write(
    folder: Path, index: dict[str, Any], waiting: Waiting, first: int, stop: int, learned: dict[str, Any]
) -> None:
    """A shard of every layer, then the index that counts them: what is not in the index is not there."""
    for layer, parts in waiting.items():
        shards = index["layers"][layer]["shards"]
        path = layer_folder(folder, layer) / f"{len(shards):06}.safetensors"
        shards.append(write_shard(path, parts, first=first, stop=stop).as_json())
    index |= {"images": stop} | learned
    write_json(folder / INDEX, index)
