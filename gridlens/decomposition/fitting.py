"""Dictionaries of a layer: the one asked for, its twin from another seed, and what the method finds in nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from core.decomposition import (
    METHODS,
    Dictionary,
    Stability,
    fit,
    read_dictionary,
    stability,
    write_dictionary,
)
from core.decomposition.source import sample
from core.errors import BadInput
from core.progress import Progress
from core.store import ActivationStore

CONTROL_ROWS = 50_000
"""Rows that the control is fitted to, at most."""

ATOMS, WIDER = 16, 2
"""Atoms unless asked for: a handful, which people can look at; of a sparse autoencoder, so many times the channels."""


@dataclass(frozen=True, eq=False)
class Fits:
    """``twin`` is fitted with another seed; ``shuffled`` and its twin to the same numbers, each channel's reordered.

    ``pca`` has as many atoms: no linear code of that length keeps more. None where the method is PCA itself, or there
    are more atoms than channels.
    """

    dictionary: Dictionary
    twin: Dictionary = field(repr=False)
    shuffled: Dictionary = field(repr=False)
    shuffled_twin: Dictionary = field(repr=False)
    pca: Dictionary | None = field(repr=False)

    @property
    def stable(self) -> Stability:
        """How well the two seeds agree."""
        return stability(self.dictionary, self.twin)

    @property
    def stable_by_chance(self) -> Stability:
        """How well two seeds agree where there is nothing to be found."""
        return stability(self.shuffled, self.shuffled_twin)


def default_atoms(method: str, channels: int) -> int:
    """Atoms that are learned unless another number is asked for.

    >>> default_atoms("nmf", 512), default_atoms("topk-sae", 512)
    (16, 1024)
    """
    return WIDER * channels if is_sparse(method) else min(ATOMS, channels)


def is_sparse(method: str) -> bool:
    """Whether a method is a sparse autoencoder, with settings of its training."""
    return method.endswith("-sae")


def refuse_unfitting(method: str, options: Mapping[str, Any]) -> None:
    """Raise where settings of a sparse autoencoder are given to another method."""
    if options and not is_sparse(method):
        names = ", ".join(options)
        sparse = ", ".join(name for name in METHODS if is_sparse(name))
        raise BadInput(f"{method} takes no {names}: they are settings of sparse autoencoders ({sparse})")


def fitted(
    store: ActivationStore,
    *,
    method: str,
    k: int,
    seed: int,
    options: Mapping[str, Any],
    folder: Path,
    progress: Progress,
) -> Fits:
    """Fit what is not in the folder yet; a sparse autoencoder goes on from where its training was broken off."""
    stamp: dict[str, Any] = {"subject": store.provenance.subject, "data": store.fingerprint}

    def made(name: str, rows: Callable[[], Any], way: str, number: int) -> Dictionary:
        path = folder / f"{name}.safetensors"
        if path.exists():
            return read_dictionary(path)

        def told(done: int, total: int, label: str) -> None:
            progress(done, total, f"{label} ({name})")

        extra = dict(options) | {"checkpoint": folder / "unfinished"} if is_sparse(way) else {}
        found = fit(rows(), layer=store.layer, method=way, k=k, seed=number, progress=told, **extra, **stamp)
        write_dictionary(path, found)
        return found

    compare = method != "pca" and k <= store.channels
    return Fits(
        made("atoms", lambda: store, method, seed),
        made("twin", lambda: store, method, seed + 1),
        made("shuffled", lambda: shuffled(store, seed), method, seed),
        made("shuffled-twin", lambda: shuffled(store, seed), method, seed + 1),
        made("pca", lambda: store, "pca", seed) if compare else None,
    )


def shuffled(store: ActivationStore, seed: int) -> Float[Tensor, "n c"]:
    """Rows in which every channel keeps its own values and what goes with what is lost.

    >>> import tempfile
    >>> from core.store import collect
    >>> from core.testing import planted_classifier
    >>> store = collect(planted_classifier(seed=0), torch.rand(5, 3, 12, 12), ["conv"], tempfile.mkdtemp())["conv"]
    >>> rows, mixed = torch.cat(list(store.batches(720))), shuffled(store, 0)
    >>> torch.equal(rows.sort(0).values, mixed.sort(0).values), torch.equal(rows, mixed)
    (True, False)
    """
    rows = sample(store, CONTROL_ROWS, seed)
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([column[torch.randperm(len(rows), generator=generator)] for column in rows.T], 1)
