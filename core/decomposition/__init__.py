"""A layer taken apart into atoms: PCA, NMF, ICA, k-means and sparse autoencoders, one function a method, one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from core.decomposition.clusters import clusters
from core.decomposition.dictionary import (
    Dictionary,
    decode,
    encode,
    measured,
    read_dictionary,
    write_dictionary,
)
from core.decomposition.independent_components import independent_components
from core.decomposition.learned import Learned
from core.decomposition.non_negative_factors import non_negative_factors
from core.decomposition.principal_components import principal_components
from core.decomposition.quality import Quality, quality_of
from core.decomposition.source import (
    MOST_HELD_OUT,
    ActivationSource,
    AddressedSource,
    as_rows,
    as_source,
    sample,
    split,
    whole,
)
from core.decomposition.sparse import batchtopk_sae, jumprelu_sae, topk_sae
from core.decomposition.sparse.settings import SETTINGS
from core.decomposition.stability import Stability, stability
from core.decomposition.units import atoms_as_units
from core.errors import BadInput, UnknownName
from core.progress import Progress, silent
from core.provenance import provenance


@dataclass(frozen=True)
class Method:
    """A function that learns atoms, the kind of code that goes with them, what it is in words, its own options."""

    learn: Callable[..., Learned]
    code: str
    help: str
    options: tuple[str, ...] = ()


SAE_OPTIONS = ("checkpoint", *SETTINGS)

METHODS: Mapping[str, Method] = {
    "pca": Method(principal_components, "linear", "orthogonal atoms by variance"),
    "nmf": Method(
        non_negative_factors, "non-negative", "non-negative atoms that only add up", ("iterations",)
    ),
    "ica": Method(independent_components, "linear", "atoms with independent codes", ("iterations",)),
    "k-means": Method(clusters, "nearest", "one atom a cluster of activations", ("starts",)),
    "topk-sae": Method(
        topk_sae, "topk", "sparse autoencoder, the largest codes of each row kept", SAE_OPTIONS
    ),
    "batchtopk-sae": Method(
        batchtopk_sae, "threshold", "sparse autoencoder, the largest codes of a batch kept", SAE_OPTIONS
    ),
    "jumprelu-sae": Method(
        jumprelu_sae, "threshold", "sparse autoencoder, a threshold learned for each atom", SAE_OPTIONS
    ),
}
"""Name to method; ``learn(source, *, k, seed, progress, **own options) -> Learned``."""


def fit(
    activations: Tensor | ActivationSource,
    *,
    layer: str,
    method: str,
    k: int,
    seed: int = 0,
    group: int = 1,
    held_out: Tensor | ActivationSource | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Dictionary:
    """``k`` atoms of a layer's activations, by a method of the table ``METHODS`` with its own options.

    ``activations``: rows (n, c) (``as_rows`` makes them of maps and tokens) or a source that is streamed. Quality is
    measured on ``held_out``; without it, on a tenth of a tensor's rows that are kept from fitting, ``group`` rows after
    one another (the positions of one image) staying together; and of another source on rows that fitting saw, as
    the quality then says. Options named ``subject`` and ``data`` are fingerprints for the provenance.

    Raises
    ------
    UnknownName
        if there is no such method, or it has no such option.
    BadInput
        if there are fewer rows than atoms, or the method cannot take the activations or make so many atoms.
    NotFinite
        if an activation is NaN or infinite.

    >>> import torch
    >>> rows = torch.rand(300, 8, generator=torch.Generator().manual_seed(0))
    >>> found = fit(rows, layer="fc", method="nmf", k=4)
    >>> found.atoms.shape, str(found.direction(2)), 0 < found.quality.r2.estimate < 1
    (torch.Size([4, 8]), 'fc~nmf:2', True)
    """
    if method not in METHODS:
        raise UnknownName("method of decomposition", method, METHODS)
    for name in options:
        if name not in (*METHODS[method].options, "subject", "data"):
            raise UnknownName(f"option of {method}", name, METHODS[method].options)
    subject, data = options.pop("subject", ""), options.pop("data", "")
    source = as_source(activations, group)
    refuse_too_few(len(source), k)
    source, aside = _parted(source, held_out, seed)
    chosen = METHODS[method]
    learned = chosen.learn(source, k=k, seed=seed, progress=progress, **options)
    together = getattr(getattr(aside, "source", aside), "positions", 1)
    rows = whole(aside) if len(aside) <= MOST_HELD_OUT else sample(aside, MOST_HELD_OUT, seed)
    quality = quality_of(
        rows,
        learned.atoms,
        chosen.code,
        learned.parts,
        held_out=aside is not source,
        group=together,
        seed=seed,
    )
    stamp = provenance(
        subject=subject,
        data=data or getattr(source, "fingerprint", ""),
        seed=seed,
        method=method,
        k=k,
        rows=len(source),
        **{**_plain(options), **learned.notes},
    )
    return Dictionary(layer, method, chosen.code, learned.atoms, learned.parts, quality, stamp)


def refuse_too_few(rows: int, k: int) -> None:
    """Raise if there is no dictionary of ``k`` atoms, or not of so few rows.

    >>> refuse_too_few(1000, 16)
    """
    if k < 1:
        raise BadInput(f"a dictionary has at least one atom; {k} were asked for")
    if rows < max(2, k):
        raise BadInput(
            f"{rows:,} rows of activations are too few for {k:,} atoms; give at least as many rows as atoms, "
            "and ten times as many to be believed"
        )


def _parted(
    source: ActivationSource, held_out: Tensor | ActivationSource | None, seed: int
) -> tuple[ActivationSource, ActivationSource]:
    """What is fitted to, and what quality is measured on: the same, where rows have no numbers to keep some aside."""
    if held_out is not None:
        aside = as_source(held_out)
        if aside.channels != source.channels:
            raise BadInput(
                f"held-out activations have {aside.channels} channels and the ones to fit {source.channels}"
            )
        return source, aside
    return split(source, seed) if isinstance(source, AddressedSource) else (source, source)


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options that a provenance can hold."""
    kept = {name: value for name, value in options.items() if isinstance(value, int | float | str)}
    kept.pop("checkpoint", None)  # where it is kept says nothing of what came out
    return kept


__all__ = [
    "METHODS",
    "ActivationSource",
    "Dictionary",
    "Learned",
    "Quality",
    "Stability",
    "as_rows",
    "atoms_as_units",
    "batchtopk_sae",
    "clusters",
    "decode",
    "encode",
    "fit",
    "independent_components",
    "jumprelu_sae",
    "measured",
    "non_negative_factors",
    "principal_components",
    "read_dictionary",
    "refuse_too_few",
    "stability",
    "topk_sae",
    "write_dictionary",
]
