"""Activation patching: what of a layer, taken over from a clean run into a corrupted one, brings the score back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.errors import BadInput
from core.interventions.continuation import Recorded, continuation
from core.interventions.sites import By, arranged, checked_by, count, exchanged
from core.layers import LayerInfo
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject, layer_named
from core.targets import Target, checked, score

Into = Literal["corrupted", "clean"]
AT_ONCE = 16
"""Pairs whose records are held at once."""
SAME = 1e-6
"""Scores that differ by less than this share of their size do not differ."""


@dataclass(frozen=True, eq=False)
class PatchEffects:
    """What every site of ``layer`` does to the target when it is patched, for each of n pairs.

    ``effects`` are (n, c) by unit, (n, h, w) by position, (n, c, h, w) by both, (n,) by layer; ``patched`` are the
    scores themselves, in the same shape, and ``clean`` and ``corrupted`` (n,) those without a patch. An effect of 0
    is no effect, 1 the whole way from the run patched into to the other one. ``extra`` holds the effects of the tokens
    in front of a grid, (n, extra) or (n, c, extra), where there are any. ``method`` is "exact" or "gradient".
    """

    layer: str
    target: str
    by: By
    into: Into
    method: str
    effects: Tensor = field(repr=False)
    patched: Tensor = field(repr=False)
    clean: Float[Tensor, "n"] = field(repr=False)
    corrupted: Float[Tensor, "n"] = field(repr=False)
    extra: Tensor | None = field(repr=False)
    provenance: Provenance = field(repr=False)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """How they were computed."""
        return self.provenance.parameters


@dataclass(frozen=True, eq=False)
class Pairs:
    """Clean and corrupted inputs with the layer's activations and the target's scores for both."""

    clean: Tensor
    corrupted: Tensor
    clean_activations: Tensor
    corrupted_activations: Tensor
    clean_scores: Float[Tensor, "n"]
    corrupted_scores: Float[Tensor, "n"]

    def base(self, into: Into) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs, activations and scores of the runs that are patched into."""
        if into == "corrupted":
            return self.corrupted, self.corrupted_activations, self.corrupted_scores
        return self.clean, self.clean_activations, self.clean_scores

    def source(self, into: Into) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs, activations and scores of the runs that are patched from."""
        return self.base("clean" if into == "corrupted" else "corrupted")


def patch_effects(
    subject: Subject,
    clean: Float[Tensor, "n c h w"],
    corrupted: Float[Tensor, "..."],
    target: Target,
    layer: str,
    *,
    by: str = "unit",
    into: str = "corrupted",
    batch_size: int = 64,
    progress: Progress = silent,
) -> PatchEffects:
    """Patch every site of a layer, one by one, from the clean run into the corrupted one [vig2020; heimersheim2024].

    With ``into="clean"`` the other way round: which sites, corrupted, break the clean run. What lies before the layer
    is not computed again (``continuation``). Inside ``intervened`` the edited network is patched.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the layer or target, the pairs differ in shape, the layer has no positions, or clean
        and corrupted score the same: then there is nothing to patch.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> clean, corrupted = torch.ones(1, 3, 10, 10), torch.zeros(1, 3, 10, 10)
    >>> patch_effects(spotlight(), clean, corrupted, Output("policy", 1), "relu").effects.tolist()
    [[0.0, 1.0]]
    """
    info = layer_named(subject, layer)
    way, run = checked_by(by, info), checked_into(into)
    checked(subject, target)
    tail = continuation(subject, layer, target)
    scores, parts = [], []
    for start in range(0, len(clean), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        pairs = paired(subject, clean[part], corrupted[part], target, layer, first=start)
        record, source = tail.record(pairs.base(run)[0]), pairs.source(run)[1]
        scores.append(swept(record, source, way, info, batch_size=batch_size))
        parts.append(pairs)
        progress(min(start + AT_ONCE, len(clean)), len(clean), f"patching {layer}")
    return assembled(subject, target, info, way, run, "exact", torch.cat(scores), parts)


def swept(
    record: Recorded, source: Float[Tensor, "n ..."], by: By, layer: LayerInfo, *, batch_size: int
) -> Float[Tensor, "n s"]:
    """The score of every recorded input with each site taken from ``source``, one by one."""
    sites, n = count(by, source.shape[1:], layer), len(source)
    together = max(1, batch_size // sites)
    scores = torch.empty(n, sites, dtype=record.clean.dtype, device=record.clean.device)
    with torch.no_grad():
        for first in range(0, n, together):
            rows = range(first, min(first + together, n))
            for start in range(0, sites, batch_size):
                some = range(start, min(start + batch_size, sites))
                variants = [
                    exchanged(record.activations[row : row + 1], source[row : row + 1], some, by, layer)
                    for row in rows
                ]
                which = first if len(rows) == 1 else [row for row in rows for _ in some]
                scored = record.scores(variants[0] if len(rows) == 1 else torch.cat(variants), which)
                scores[rows.start : rows.stop, some.start : some.stop] = scored.view(len(rows), len(some))
    return scores


def paired(
    subject: Subject, clean: Tensor, corrupted: Tensor, target: Target, layer: str, *, first: int = 0
) -> Pairs:
    """Both runs of some pairs, the first of which has the number ``first``.

    Raises
    ------
    BadInput
        if their shapes differ, or their scores do not.
    """
    if clean.shape != corrupted.shape or len(clean) == 0:
        raise BadInput(
            f"clean inputs have shape {tuple(clean.shape)} and corrupted ones {tuple(corrupted.shape)}; "
            "they are pairs, at least one, and need the same shape"
        )
    clean, corrupted = clean.to(subject.device), corrupted.to(subject.device)
    with torch.no_grad():
        scores = [score(subject, inputs, target) for inputs in (clean, corrupted)]
    activations = [capture(subject, inputs, [layer])[layer] for inputs in (clean, corrupted)]
    size = torch.stack(scores).abs().amax(0).clamp_min(SAME)
    same = ((scores[0] - scores[1]).abs() <= SAME * size).nonzero().flatten().tolist()
    if same:
        shown = ", ".join(str(first + row) for row in same[:8])
        raise BadInput(
            f"clean and corrupted input of pair {shown} both score {float(scores[0][same[0]]):.4g} on {target}: "
            "there is nothing to patch; choose inputs between which the target differs"
        )
    return Pairs(clean, corrupted, *activations, *scores)


def assembled(
    subject: Subject,
    target: Target,
    layer: LayerInfo,
    by: By,
    into: Into,
    method: str,
    scores: Float[Tensor, "n s"],
    parts: list[Pairs],
    **parameters: Any,
) -> PatchEffects:
    """Patched scores, one a site, as effects in the layer's shape."""
    clean = torch.cat([part.clean_scores for part in parts])
    corrupted = torch.cat([part.corrupted_scores for part in parts])
    start, end = (corrupted, clean) if into == "corrupted" else (clean, corrupted)
    effects = (scores - start[:, None]) / (end - start)[:, None]
    shape = parts[0].clean_activations.shape[1:]
    arranged_effects, extra = arranged(effects, by, shape, layer)
    data = fingerprint(*[part.clean for part in parts], *[part.corrupted for part in parts])
    about = provenance(subject=subject.fingerprint, data=data, by=by, into=into, method=method, **parameters)
    patched = arranged(scores, by, shape, layer)[0]
    return PatchEffects(
        layer.name,
        str(target),
        by,
        into,
        method,
        arranged_effects,
        patched,
        clean,
        corrupted,
        extra,
        about,
    )


def checked_into(into: str) -> Into:
    """``into`` itself, if it is one of the two runs."""
    choices: tuple[Into, ...] = ("corrupted", "clean")
    for choice in choices:
        if choice == into:
            return choice
    raise BadInput(f"patches go into the 'corrupted' or the 'clean' run, not into {into!r}")
