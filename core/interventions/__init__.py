"""Edits of a running network - ablate, patch, steer, clamp, project out - and what they do to a target."""

from core.interventions.agreement import Site, agreement, best, switches
from core.interventions.attribution_patching import attribution_patching
from core.interventions.compensation import Compensation, Taken, compensation
from core.interventions.continuation import Continuation, continuation
from core.interventions.edits import Intervention, ablate, clamp, patch, steer
from core.interventions.intervened import edited, intervened
from core.interventions.patching import PatchEffects, patch_effects
from core.interventions.weights import projected, reweighted

__all__ = [
    "Compensation",
    "Continuation",
    "Intervention",
    "PatchEffects",
    "Site",
    "Taken",
    "ablate",
    "agreement",
    "attribution_patching",
    "best",
    "clamp",
    "compensation",
    "continuation",
    "edited",
    "intervened",
    "patch",
    "patch_effects",
    "projected",
    "reweighted",
    "steer",
    "switches",
]
