"""Evidence for families from the weights: kernels transformed as members' places differ, beside other offsets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.subject import Subject
from core.symmetry.borne_out import Evidence
from core.symmetry.families import Families
from core.symmetry.weights import source_of
from vision.families.records import families_of, likeness_path, read_found, read_likeness
from vision.family_weights import kernel_evidence
from vision.views.actions import Action


def weights_evidence(
    subject: Subject, found: Families, before: Sequence[str], folder: Path, action: Action
) -> list[dict[str, Any]]:
    """For every family {assigned, low, high, elsewhere, outside, source, why}: see ``core.symmetry.borne_out``.

    Kernels are compared by their inputs, handed on by the families of the last layer in ``before`` whose weights can
    be followed; from the pixels where there is none. ``assigned`` is None, with the reason, where weights do not tell.
    """
    if not found.families:
        return []
    source = source_of(subject, found.layer, list(before))
    lower = None
    if source is not None:
        group = found.group
        lower = (
            families_of(read_found(folder, source), group),
            read_likeness(likeness_path(folder, source), group),
        )
    told = kernel_evidence(subject, found, action, lower=lower)
    if isinstance(told, str):
        return [{"assigned": None, "why": told} for _ in found.families]
    return [_document(one, told.source or "the pixels") for one in told.families]


def _document(one: Evidence | None, source: str) -> dict[str, Any]:
    if one is None:
        return {"assigned": None, "why": f"nothing is known of the units of {source} that these kernels read"}
    return {
        "assigned": one.assigned.estimate,
        "low": one.assigned.low if one.assigned.n > 1 else None,
        "high": one.assigned.high if one.assigned.n > 1 else None,
        "elsewhere": one.elsewhere,
        "outside": one.strangers,
        "chance": one.chance,
        "word": one.word,
        "source": source,
        "why": "",
    }
