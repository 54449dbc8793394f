"""ActivationStore: a layer's activations on disk, row by row, read through memory maps; open_store()."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from torch import Tensor

from core.artifacts import read_json
from core.errors import BadInput, UnknownName, Unreadable
from core.provenance import Provenance, fingerprint
from core.runs import read_manifest
from core.store.positions import chosen_positions
from core.store.shards import Shard, check_shard, map_shard

KIND, INDEX = "activations", "shards.json"
BLOCK_BYTES = 2**18
"""Rows that are read in one go, in bytes on disk: enough for a disk's full speed."""
POOL_BYTES = 2**26
"""Rows that are shuffled together, in bytes as float32: what reading in random order keeps in memory."""


class Origin(NamedTuple):
    """Where rows come from: the image's number in its source, and row and column of its map."""

    image: Int[np.ndarray, "n"]
    y: Int[np.ndarray, "n"]
    x: Int[np.ndarray, "n"]


@dataclass(frozen=True, eq=False)
class ActivationStore:
    """Activations of one layer: row r is what the layer's ``channels`` said of one position of one image.

    The rows of an image follow one another, ``positions`` of them, in rising order of place in its ``grid`` (rows,
    columns). ``images`` says how many images there are.
    """

    layer: str
    folder: Path = field(repr=False)
    channels: int
    grid: tuple[int, int]
    positions: int
    images: int
    dtype: str
    seed: int
    shards: tuple[Shard, ...] = field(repr=False)
    provenance: Provenance = field(repr=False)

    def __len__(self) -> int:
        """Rows."""
        return self.images * self.positions

    @property
    def fingerprint(self) -> str:
        """Of all numbers, by the shards' checksums."""
        return fingerprint(self.layer, *(shard.sha256 for shard in self.shards))

    def batches(self, batch_size: int, seed: int | None = None) -> Iterator[Float[Tensor, "b c"]]:
        """Every row once, float32, ``batch_size`` at a time (the last batch may be smaller).

        In order without ``seed``. With it, in an order of chance: blocks of neighbours are drawn from everywhere and
        their rows shuffled together, 64 MiB at once; a set that small is shuffled perfectly.

        Raises
        ------
        BadInput
            if ``batch_size`` is below 1.
        """
        if batch_size < 1:
            raise BadInput(f"a batch has at least one row; got batch_size={batch_size}")
        left: Tensor | None = None
        for pool in self._pools(seed):
            rows = pool if left is None or not len(left) else torch.cat([left, pool])
            whole = len(rows) - len(rows) % batch_size
            yield from rows[:whole].split(batch_size) if whole else ()
            left = rows[whole:]
        if left is not None and len(left):
            yield left

    def rows(self, indices: ArrayLike) -> Float[Tensor, "n c"]:
        """The rows of some numbers, float32, in the order given.

        Raises
        ------
        BadInput
            if there is no such row.
        """
        wanted = self._checked(indices)
        out = np.empty((len(wanted), self.channels), np.float32)
        shard = np.searchsorted(self._starts, wanted, side="right") - 1
        for number in np.unique(shard):
            here = np.flatnonzero(shard == number)
            out[here] = self._maps[number][wanted[here] - self._starts[number]]
        return torch.from_numpy(out)

    def origin(self, indices: ArrayLike) -> Origin:
        """Which image and which place in its map each row comes from.

        Raises
        ------
        BadInput
            if there is no such row.
        """
        wanted = self._checked(indices)
        image, slot = np.divmod(wanted, self.positions)
        every, back = np.unique(image, return_inverse=True)
        height, width = self.grid
        place = chosen_positions(every, height * width, self.positions, self.seed)[back, slot]
        return Origin(image, place // width, place % width)

    def _checked(self, indices: Any) -> np.ndarray:
        wanted = np.asarray(indices, np.int64).reshape(-1)
        outside = wanted[(wanted < 0) | (wanted >= len(self))]
        if len(outside):
            raise BadInput(
                f"the store of {self.layer!r} has rows 0 to {len(self) - 1}; got {int(outside[0])}"
            )
        return wanted

    @cached_property
    def _starts(self) -> np.ndarray:
        """The number of each shard's first row, and of the row after the last."""
        return np.concatenate([[0], np.cumsum([shard.rows for shard in self.shards])]).astype(np.int64)

    @cached_property
    def _maps(self) -> tuple[np.ndarray, ...]:
        return tuple(map_shard(self.folder / shard.file, self.dtype, self.channels) for shard in self.shards)

    def _pools(self, seed: int | None) -> Iterator[Tensor]:
        """Groups of rows, shuffled inside and out if there is a seed."""
        blocks = self._blocks()
        rng = None if seed is None else np.random.default_rng(seed)
        if rng is not None:
            blocks = blocks[rng.permutation(len(blocks))]
        size = max(1, POOL_BYTES * np.dtype(self.dtype).itemsize // (4 * BLOCK_BYTES))
        for first in range(0, len(blocks), size):
            pool = blocks[first : first + size]
            rows = np.empty((int((pool[:, 2] - pool[:, 1]).sum()), self.channels), np.float32)
            order = np.arange(len(rows)) if rng is None else rng.permutation(len(rows))
            filled = 0
            for shard, start, stop in pool:
                rows[order[filled : filled + stop - start]] = self._maps[shard][start:stop]
                filled += stop - start
            yield torch.from_numpy(rows)

    def _blocks(self) -> Int[np.ndarray, "k 3"]:
        """(shard, first row in it, row after the last) of every block."""
        step = max(1, BLOCK_BYTES // (self.channels * np.dtype(self.dtype).itemsize))
        found = [
            (number, start, min(start + step, shard.rows))
            for number, shard in enumerate(self.shards)
            for start in range(0, shard.rows, step)
        ]
        return np.array(found, np.int64).reshape(-1, 3)


def open_store(folder: str | Path, layer: str, *, check: bool = False) -> ActivationStore:
    """The activations of a layer that ``collect`` wrote; the size of every file is compared, with ``check`` all bytes.

    Raises
    ------
    UnknownName
        if the folder has no such layer; the nearest is named.
    Unreadable
        if the folder is no finished store, or a file is missing, cut short or (``check``) changed.

    >>> import tempfile
    >>> from core.store import collect
    >>> from core.testing import planted_classifier
    >>> folder = Path(tempfile.mkdtemp()) / "store"
    >>> _ = collect(planted_classifier(seed=0), torch.rand(5, 3, 12, 12), ["relu"], folder, positions=10)
    >>> store = open_store(folder, "relu", check=True)
    >>> len(store), store.channels, [len(batch) for batch in store.batches(32, seed=0)]
    (50, 4, [32, 18])
    >>> store.origin(np.array([49])).image
    array([4])
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest.get("kind") != KIND:
        raise Unreadable(f"run folder {str(folder)!r} holds a {manifest.get('kind')!r} run, not {KIND}")
    if manifest.get("state") != "finished":
        raise Unreadable(f"the store {str(folder)!r} is not finished; collect into it again to go on")
    index = read_json(folder / INDEX)
    if layer not in index["layers"]:
        raise UnknownName(f"layer in the store {str(folder)!r}", layer, index["layers"])
    about, parameters = index["layers"][layer], manifest["parameters"]
    shards = tuple(Shard(**shard) for shard in about["shards"])
    seed = int(manifest["seeds"]["positions"])
    stamp = Provenance(manifest["subject"], manifest["data"], seed, parameters, manifest["code"])
    store = ActivationStore(
        layer=layer,
        folder=layer_folder(folder, layer),
        channels=about["channels"],
        grid=(about["grid"][0], about["grid"][1]),
        positions=about["positions"],
        images=index["images"],
        dtype=parameters["dtype"],
        seed=seed,
        shards=shards,
        provenance=stamp,
    )
    for shard in shards:
        check_shard(store.folder / shard.file, shard, whole=check)
    return store


def layer_folder(folder: Path, layer: str) -> Path:
    """Where a layer's shards lie."""
    return folder / quote(layer, safe="")
