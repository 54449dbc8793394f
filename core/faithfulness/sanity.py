"""Sanity checks as a verdict: the similarity that fails a method, and the sentence that says why."""

from collections.abc import Mapping

from torch import Tensor

from core.faithfulness.case import Case
from core.faithfulness.explaining import Asking
from core.faithfulness.random_logit import choices, random_logit
from core.faithfulness.randomisation import learned_layers, randomisation
from core.faithfulness.verdicts import SanityCheck, interval
from core.uncertainty import Interval

CHECKS: Mapping[str, float] = {"randomisation": 0.5, "random-logit": 0.9}
"""Check to the similarity (Spearman, signs kept) at which it is failed.

A map of a network in which nothing learned is left should have little to do with the true one. The map of another
answer may well light up the same object, so only near identity fails.
"""

STAGES = 3
"""Stops of the cascade: the layer before the answer, half of all, all."""


def check(name: str, case: Case, method: Asking, *, label: str) -> SanityCheck:
    """One check of one method, which the verdict calls ``label``.

    >>> import torch
    >>> from core.faithfulness.case import case_of
    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> inputs = torch.rand(4, 3, 10, 10, generator=torch.Generator().manual_seed(0))
    >>> case = case_of(spotlight(), inputs, Output("policy", 1), torch.zeros(4, 1, 1))
    >>> check("random-logit", case, "integrated-gradients", label="IG").passes
    True
    """
    why_not = _missing(name, case)
    bar = CHECKS[name]
    if why_not:
        return SanityCheck(label, name, None, bar, None, why_not)
    asked = (case.subject, case.inputs, case.targets, method)
    cascade: tuple[tuple[str, Interval], ...] = ()
    if name == "randomisation":
        found = randomisation(*asked, stages=STAGES, seed=case.seed)
        each = [_mean(column, case.seed) for column in found.signed.unbind(1)]
        cascade = tuple(zip(found.layers, each, strict=True))
        alike, what = each[-1], "with every layer random"
    else:
        alike, what = (
            _mean(random_logit(*asked, seed=case.seed).signed, case.seed),
            "for another answer, drawn at random,",
        )
    passes = alike.estimate < bar
    verb = "differs from" if passes else "is still like"
    reason = f"{name}: {what} its map {verb} the true one (Spearman {alike}, bar {bar})"
    return SanityCheck(label, name, alike, bar, passes, reason, cascade)


def _mean(values: Tensor, seed: int) -> Interval:
    return interval(values.double().numpy(), seed=seed)


def _missing(name: str, case: Case) -> str:
    """Why a check does not apply here; empty where it does."""
    if name == "randomisation" and not learned_layers(case.subject, case.targets):
        return "randomisation: nothing before the target has parameters"
    lone = next((one for one in case.targets if choices(case.subject, one) < 2), None)
    if name == "random-logit" and lone is not None:
        return f"random-logit: {lone} has no other of its kind"
    return ""
