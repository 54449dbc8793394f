"""ActivationSource: a layer's activations as rows that can be streamed; a tensor is the smallest one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput, NotFinite
from core.layers import LayerInfo, as_maps
from core.provenance import fingerprint

IN_MEMORY = 1 << 30
"""Bytes up to which a source is read whole; what is larger is streamed."""

HELD_OUT = 0.1
"""Share of a tensor's rows that is kept from fitting, to measure quality on."""

MOST_HELD_OUT = 20_000
"""Rows that quality is measured on, at most."""

RUN_BYTES = 1 << 20
POOL_RUNS = 64
"""Neighbouring rows that are read in one go, and how many such runs are shuffled together."""

BATCH = 4096
"""Rows a read where a method does not care."""


@runtime_checkable
class ActivationSource(Protocol):
    """Rows of ``channels`` numbers, ``len()`` of them, in an order that the seed alone decides; finite each time."""

    @property
    def channels(self) -> int: ...

    def __len__(self) -> int: ...

    def batches(self, batch_size: int, seed: int) -> Iterator[Tensor]: ...


@runtime_checkable
class AddressedSource(ActivationSource, Protocol):
    """A source whose rows have numbers; ``positions`` of them after one another belong together (one image's)."""

    @property
    def positions(self) -> int: ...

    def rows(self, indices: np.ndarray) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class TensorRows:
    """A tensor (n, c) as a source."""

    values: Tensor = field(repr=False)
    positions: int = 1

    @property
    def channels(self) -> int:
        return int(self.values.shape[1])

    def __len__(self) -> int:
        return len(self.values)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.values)

    def rows(self, indices: np.ndarray) -> Tensor:
        """The rows of some numbers."""
        return self.values[torch.from_numpy(indices)]

    def batches(self, batch_size: int, seed: int) -> Iterator[Tensor]:
        """Every row once, in an order of the seed's."""
        yield from Part(self, np.arange(-(-len(self) // self.positions))).batches(batch_size, seed)


@dataclass(frozen=True, eq=False)
class Part:
    """Some groups of rows of a source, by number, rising."""

    source: AddressedSource = field(repr=False)
    groups: np.ndarray = field(repr=False)

    @property
    def channels(self) -> int:
        return self.source.channels

    @property
    def fingerprint(self) -> str:
        return fingerprint(getattr(self.source, "fingerprint", ""), self.groups)

    def __len__(self) -> int:
        return len(self.indices(self.groups))

    def indices(self, groups: np.ndarray) -> np.ndarray:
        """Numbers of the rows of some groups; the source's last group may be short."""
        every = (groups[:, None] * self.source.positions + np.arange(self.source.positions)).ravel()
        return every[every < len(self.source)]

    def batches(self, batch_size: int, seed: int) -> Iterator[Tensor]:
        """Every row once: runs of neighbouring groups are drawn by chance and their rows shuffled, 64 MiB at a time."""
        rng = np.random.default_rng(seed)
        bytes_each = 4 * self.channels * self.source.positions
        runs = np.array_split(self.groups, max(1, len(self.groups) * bytes_each // RUN_BYTES))
        order = rng.permutation(len(runs))
        left: Tensor | None = None
        for first in range(0, len(runs), POOL_RUNS):
            chosen = np.concatenate([runs[number] for number in order[first : first + POOL_RUNS]])
            pool = self.source.rows(rng.permutation(self.indices(chosen)))
            rows = pool if left is None else torch.cat([left, pool])
            ready = len(rows) - len(rows) % batch_size
            yield from rows[:ready].split(batch_size) if ready else ()
            left = rows[ready:]
        if left is not None and len(left):
            yield left


def as_rows(activations: Float[Tensor, "n ..."], layer: LayerInfo) -> Float[Tensor, "rows c"]:
    """A layer's activations, every position a row, those of one input one after another; any axes.

    >>> conv = LayerInfo("conv", "Conv2d", (2, 4, 4))
    >>> as_rows(torch.rand(3, 2, 4, 4), conv).shape
    torch.Size([48, 2])
    """
    return as_maps(activations, layer).permute(0, 2, 3, 1).flatten(0, 2)


def as_source(activations: Tensor | ActivationSource, group: int = 1) -> ActivationSource:
    """A source as it is, or a tensor (n, c) as one whose rows belong together by groups.

    Raises
    ------
    BadInput
        if the tensor is not of rows.
    """
    if not isinstance(activations, Tensor):
        return activations
    if activations.ndim != 2 or not activations.numel():
        raise BadInput(
            f"activations have shape {tuple(activations.shape)}; expected rows (n, channels): "
            "core.decomposition.as_rows makes them of maps and tokens"
        )
    return TensorRows(activations.detach().to("cpu", torch.float32), group)


def checked_finite(rows: Tensor, where: str) -> Tensor:
    """The rows, on the CPU as float32.

    Raises
    ------
    NotFinite
        if they hold NaN or infinity; says where.
    """
    rows = rows.detach().to("cpu", torch.float32)
    if not torch.isfinite(rows.sum()) and len(bad := (~torch.isfinite(rows)).nonzero()):
        row, channel = bad[0].tolist()
        raise NotFinite(
            f"activations hold {rows[row, channel].item()} ({where}row {row}, channel {channel}); "
            "a decomposition needs finite numbers"
        )
    return rows


def finite_batches(source: ActivationSource, batch_size: int, seed: int) -> Iterator[Tensor]:
    """A source's batches on the CPU as float32.

    Raises
    ------
    NotFinite
        if a batch holds NaN or infinity; says which channel.
    """
    for number, batch in enumerate(source.batches(batch_size, seed)):
        yield checked_finite(batch, f"batch {number}, ")


def whole(source: ActivationSource) -> Float[Tensor, "n c"]:
    """All rows of a source in memory; in its own order where rows have numbers."""
    if isinstance(source, Part):
        return checked_finite(source.source.rows(source.indices(source.groups)), "")
    if isinstance(source, AddressedSource):
        return checked_finite(source.rows(np.arange(len(source))), "")
    return torch.cat(list(finite_batches(source, BATCH, 0)))


def fits(source: ActivationSource) -> bool:
    """Whether a source is small enough to be read whole."""
    return 4 * len(source) * source.channels <= IN_MEMORY


def sample(source: ActivationSource, most: int, seed: int) -> Float[Tensor, "n c"]:
    """Up to ``most`` rows of a source, drawn by the seed."""
    parts: list[Tensor] = []
    left = most
    for batch in finite_batches(source, min(BATCH, most), seed):
        parts.append(batch[:left])
        left -= len(parts[-1])
        if left <= 0:
            break
    return torch.cat(parts)


def split(source: AddressedSource, seed: int) -> tuple[Part, Part]:
    """A source's groups of rows, for fitting and for measuring; the measured ones are drawn by the seed."""
    groups = -(-len(source) // source.positions)
    held = max(1, min(round(HELD_OUT * groups), MOST_HELD_OUT // source.positions))
    order = np.random.default_rng(seed).permutation(groups)
    return Part(source, np.sort(order[held:])), Part(source, np.sort(order[:held]))
