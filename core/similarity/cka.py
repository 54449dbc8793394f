"""CKA: how alike two layers tell the same inputs apart, whatever the rotation and scale of their units."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.errors import BadInput, NotFinite
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.similarity.hsic import gram, hsic, hsic_redrawn
from core.similarity.matching import Shown
from core.store.images import Images, held
from core.subject import Subject, feed, hooked, layer_named
from core.uncertainty import Interval, tails

LEAST = 8
"""Inputs, and batches of inputs, that an interval needs at least."""
SMALLEST = 4
"""Inputs of a batch that HSIC is defined for."""
DRAWS, TABLES = 300, 1000
"""Draws of a bootstrap over inputs, and of one over batches, whose outer tails are asked for."""
LARGEST = 8000
"""Inputs whose Gram matrices are held in memory at once."""


def cka(
    a: Float[Tensor, "n ..."], b: Float[Tensor, "m ..."], *, seed: int = 0, level: float = 0.95
) -> Interval:
    """Linear CKA [kornblith2019] of two layers' activations of the same n inputs, from unbiased HSIC [song2012].

    1 where one is a rotation and scaling of the other, 0 (or a little below) where they share nothing. The interval
    is a percentile bootstrap over inputs.

    Raises
    ------
    BadInput
        if the inputs are not as many in both, fewer than eight, too many for memory, or all alike in one.
    NotFinite
        if an activation is NaN or infinite.

    >>> x = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    >>> print(cka(x, 3 * x.flip(1)))
    1.000 [1.000, 1.000]
    """
    _check(a, b)
    one, other = gram(a.double()), gram(b.double())
    n = len(one)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), DRAWS).T
    weights = torch.from_numpy(drawn).double()
    estimate = _ratio(
        *(
            torch.tensor(hsic(*pair), dtype=torch.float64)
            for pair in ((one, other), (one, one), (other, other))
        )
    )
    ratios = _ratio(*(hsic_redrawn(*pair, weights) for pair in ((one, other), (one, one), (other, other))))
    low, high = np.nanquantile(ratios.numpy(), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(estimate), float(low), float(high), n, level)


def _check(a: Tensor, b: Tensor) -> None:
    if len(a) != len(b):
        raise BadInput(f"CKA compares activations of the same inputs; given {len(a)} and {len(b)}")
    if not LEAST <= len(a) <= LARGEST:
        raise BadInput(
            f"CKA with its interval takes {LEAST} to {LARGEST:,} inputs at once; given {len(a)}"
            + (" (cka_matrix takes any number)" if len(a) > LARGEST else "")
        )
    for name, values in (("first", a), ("second", b)):
        if not torch.isfinite(values).all():
            raise NotFinite(f"the {name} activations hold NaN or infinity")
        if bool((values == values[:1]).all()):
            raise BadInput(
                f"the {name} activations are the same for all {len(values)} inputs; CKA needs them to vary"
            )


def _ratio(across: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """CKA from three HSICs; NaN where one of a layer with itself is not positive."""
    return across / (one.clamp_min(0) * other.clamp_min(0)).sqrt()


@dataclass(frozen=True, eq=False)
class CkaMatrix:
    """Linear CKA of every layer in ``rows`` with every one in ``columns``, and its interval over the inputs."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    estimate: Float[np.ndarray, "r c"] = field(repr=False)
    low: Float[np.ndarray, "r c"] = field(repr=False)
    high: Float[np.ndarray, "r c"] = field(repr=False)
    images: int
    batches: int
    level: float
    provenance: Provenance = field(repr=False)

    def interval(self, row: str, column: str) -> Interval:
        """The CKA of two layers by name, its interval from as many groups as there were batches."""
        place = self.rows.index(row), self.columns.index(column)
        estimate, low, high = (float(table[place]) for table in (self.estimate, self.low, self.high))
        return Interval(estimate, low, high, self.batches, self.level)


def cka_matrix(
    subject: Subject,
    images: Images | Float[Tensor, "n c h w"],
    layers: Sequence[str] | None = None,
    *,
    other: Subject | Shown | None = None,
    other_layers: Sequence[str] | None = None,
    batch_size: int = 32,
    seed: int = 0,
    level: float = 0.95,
    progress: Progress = silent,
) -> CkaMatrix:
    """CKA between layers (all, without names) of one subject, or of it and an ``other``, in one pass.

    An ``other`` that takes another size of input comes with the same images in that size (``Shown``).
    HSIC is estimated without bias in each batch and averaged before the ratio is taken [nguyen2021]: memory does not
    depend on the number of images, nor the estimate on the batch size but by chance. Intervals are bootstraps over
    batches, wider the fewer there are [hesterberg2015], so the images should come in an order without meaning. Layers
    that say the same of every image have NaN.

    Raises
    ------
    UnknownName
        if a layer is not its subject's.
    BadInput
        if there are fewer than eight batches of at least four images.
    NotFinite
        if an activation is NaN or infinite; names the layer.

    >>> from core.testing import planted_classifier
    >>> found = cka_matrix(planted_classifier(seed=0), torch.rand(64, 3, 12, 12), ["conv", "head"], batch_size=8)
    >>> found.estimate.shape, found.estimate.diagonal().round(6).tolist()
    ((2, 2), [1.0, 1.0])
    """
    source = held(images)
    second, seen = _beside(subject, source, other)
    rows = _names(subject, layers)
    columns = _names(second, other_layers) if other or other_layers else rows
    full, rest = divmod(len(source), batch_size)
    if batch_size < SMALLEST or full + (rest >= SMALLEST) < LEAST:
        raise BadInput(
            f"a table of CKA needs at least {LEAST} batches of at least {SMALLEST} images; "
            f"given {len(source)} images in batches of {batch_size}"
        )
    sides = Shown(subject, source), Shown(second, seen)
    sums = list(_batches(*sides, rows, columns, batch_size=batch_size, progress=progress))
    counts = np.array([count for count, _ in sums], float)
    across, one, two = (np.stack([tables[place] for _, tables in sums]) for place in range(3))
    drawn = np.random.default_rng(seed).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), TABLES)
    weights = np.concatenate([np.ones((1, len(sums))), drawn]) * counts
    tables = _tables(*(np.tensordot(weights, part, 1) for part in (across, one, two)))
    low, high = np.quantile(tables[1:], tails(level, len(sums)), axis=0)
    stamp = provenance(
        subject=subject.fingerprint,
        data=source.fingerprint,
        seed=seed,
        other=second.fingerprint,
        batch_size=batch_size,
    )
    return CkaMatrix(rows, columns, tables[0], low, high, int(counts.sum()), len(sums), level, stamp)


def _names(subject: Subject, layers: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(layer_named(subject, name).name for name in (subject.layers if layers is None else layers))


def _tables(
    across: Float[np.ndarray, "d r c"], one: Float[np.ndarray, "d r"], two: Float[np.ndarray, "d c"]
) -> Float[np.ndarray, "d r c"]:
    with np.errstate(invalid="ignore", divide="ignore"):
        across /= np.sqrt(one.clip(0))[:, :, None]
        across /= np.sqrt(two.clip(0))[:, None]
    return np.where(np.isfinite(across), across, np.nan)


def _beside(subject: Subject, images: Images, other: Subject | Shown | None) -> Shown:
    if not isinstance(other, Shown):
        return Shown(other or subject, images)
    if len(other.images) != len(images):
        raise BadInput(f"CKA compares the same images; given {len(images)} and {len(other.images)}")
    return other


def _batches(
    one: Shown,
    other: Shown,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    batch_size: int,
    progress: Progress,
) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """For each batch how many images it has and HSIC: rows with columns, rows and columns with themselves."""
    done, alone = 0, other.subject is one.subject
    batches: Iterator[tuple[Tensor, Tensor]] = ((batch, batch) for batch in one.images.batches(batch_size))
    if other.images is not one.images:
        batches = zip(one.images.batches(batch_size), other.images.batches(batch_size), strict=True)
    for batch, beside in batches:
        if (n := len(batch)) < SMALLEST:
            continue
        grams = _grams(one.subject, batch, dict.fromkeys([*rows, *(columns if alone else ())]))
        others = grams if alone else _grams(other.subject, beside, dict.fromkeys(columns))
        across = np.stack([grams[name].flatten().numpy() for name in rows])
        down = np.stack([others[name].flatten().numpy() for name in columns])
        scale = n * (n - 3)
        yield n, (across @ down.T / scale, (across**2).sum(1) / scale, (down**2).sum(1) / scale)
        done += n
        progress(done, max(done, len(one.images)), "comparing layers")


def _grams(subject: Subject, batch: Tensor, layers: dict[str, None]) -> dict[str, Tensor]:
    """Each layer's Gram matrix, made where its output appears, so that no two outputs are held at once."""
    found: dict[str, Tensor] = {}

    def hook_for(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            found[name] = gram(output)

        return hook

    with torch.no_grad(), hooked(subject.module, layers, hook_for):
        subject.module(feed(subject, batch))
    for name, values in found.items():
        if not torch.isfinite(values.sum()):
            raise NotFinite(f"activations of {subject.name} at layer {name!r} are not finite")
    return found
