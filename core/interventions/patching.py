"""Activation patching: what of a layer, taken over from a clean run into a corrupted one, brings the score back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.interventions.continuation import Continuation, Recorded, continuation
from core.interventions.sites import By, arranged, checked_by, count, exchange, repeated
from core.layers import LayerInfo
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject, layer_named
from core.targets import Target

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
    """Clean and corrupted runs, recorded from a layer on."""

    clean: Recorded
    corrupted: Recorded

    def ends(self, into: Into) -> tuple[Recorded, Recorded]:
        """The runs that are patched into, and those that are patched from."""
        return (self.corrupted, self.clean) if into == "corrupted" else (self.clean, self.corrupted)


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
    check_pairs(clean, corrupted)
    tail = continuation(subject, layer, target)
    scores, parts = [], []
    for start in range(0, len(clean), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        pairs = paired(tail, clean[part], corrupted[part], first=start)
        base, source = pairs.ends(run)
        scores.append(swept(base, source.activations, way, info, batch_size=batch_size))
        parts.append(pairs)
        progress(min(start + AT_ONCE, len(clean)), len(clean), f"patching {layer}")
    return assembled(tail, way, run, "exact", torch.cat(scores), parts)


def swept(
    record: Recorded, source: Float[Tensor, "n ..."], by: By, layer: LayerInfo, *, batch_size: int
) -> Float[Tensor, "n s"]:
    """The score of every recorded input with each site taken from ``source``, one by one."""
    sites, n = count(by, source.shape[1:], layer), len(source)
    block = min(sites, batch_size)
    together = max(1, batch_size // sites)
    scores = torch.empty(n, sites, dtype=record.clean.dtype, device=record.clean.device)
    with torch.no_grad():
        for first in range(0, n, together):
            rows = range(first, min(first + together, n))
            bases, sources = ([part[row : row + 1] for row in rows] for part in (record.activations, source))
            variants = torch.cat([repeated(base, block, layer) for base in bases])
            for start in range(0, sites, block):
                some = range(start, min(start + block, sites))
                parts = [variants[k * block : k * block + len(some)] for k in range(len(rows))]
                for part, given in zip(parts, sources, strict=True):
                    exchange(part, given, some, by, layer)
                which = first if len(rows) == 1 else [row for row in rows for _ in some]
                scored = record.scores(variants[: len(some) * len(rows)], which)
                scores[rows.start : rows.stop, some.start : some.stop] = scored.view(len(rows), len(some))
                for part, base in zip(parts, bases, strict=True):
                    exchange(part, base, some, by, layer)  # as it was: quicker than to write all anew
    return scores


def paired(tail: Continuation, clean: Tensor, corrupted: Tensor, *, first: int = 0) -> Pairs:
    """Both runs of some pairs, the first of which has the number ``first``.

    Raises
    ------
    BadInput
        if their scores do not differ.
    """
    device, layout = tail.subject.device, torch.channels_last  # half the time of the usual one, on a CPU
    runs = [tail.record(inputs.to(device, memory_format=layout)) for inputs in (clean, corrupted)]
    scores = torch.stack([run.clean for run in runs])
    size = scores.abs().amax(0).clamp_min(SAME)
    same = ((scores[0] - scores[1]).abs() <= SAME * size).nonzero().flatten().tolist()
    if same:
        shown = ", ".join(str(first + row) for row in same[:8])
        raise BadInput(
            f"clean and corrupted input of pair {shown} both score {float(scores[0][same[0]]):.4g} on {tail.target}: "
            "there is nothing to patch; choose inputs between which the target differs"
        )
    return Pairs(*runs)


def check_pairs(clean: Tensor, corrupted: Tensor) -> None:
    """Raise BadInput, with both shapes, unless these are pairs."""
    if clean.shape != corrupted.shape or len(clean) == 0:
        raise BadInput(
            f"clean inputs have shape {tuple(clean.shape)} and corrupted ones {tuple(corrupted.shape)}; "
            "they are pairs, at least one, and need the same shape"
        )


def assembled(
    tail: Continuation,
    by: By,
    into: Into,
    method: str,
    scores: Float[Tensor, "n s"],
    parts: Sequence[Pairs],
    **parameters: Any,
) -> PatchEffects:
    """Patched scores, one a site, as effects in the layer's shape."""
    subject, layer = tail.subject, tail.subject.layers[tail.layer]
    ends = [torch.cat([part.ends(into)[end].clean for part in parts]) for end in (0, 1)]
    effects = (scores - ends[0][:, None]) / (ends[1] - ends[0])[:, None]
    shape = parts[0].clean.activations.shape[1:]
    arranged_effects, extra = arranged(effects, by, shape, layer)
    data = fingerprint(*[run.inputs for part in parts for run in (part.clean, part.corrupted)])
    return PatchEffects(
        layer=layer.name,
        target=str(tail.target),
        by=by,
        into=into,
        method=method,
        effects=arranged_effects,
        patched=arranged(scores, by, shape, layer)[0],
        clean=torch.cat([part.clean.clean for part in parts]),
        corrupted=torch.cat([part.corrupted.clean for part in parts]),
        extra=extra,
        provenance=provenance(
            subject=subject.fingerprint, data=data, by=by, into=into, method=method, **parameters
        ),
    )


def checked_into(into: str) -> Into:
    """``into`` itself, if it is one of the two runs."""
    choices: tuple[Into, ...] = ("corrupted", "clean")
    for choice in choices:
        if choice == into:
            return choice
    raise BadInput(f"patches go into the 'corrupted' or the 'clean' run, not into {into!r}")
