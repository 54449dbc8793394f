"""The finding and the caveats of a patching page, each derived by rule from the numbers."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.interventions.tracing import ANOTHER, BEST, RANDOM
from gridlens.patching.criteria import AtLayer, works
from gridlens.patching.measuring import Measured
from gridlens.patching.summary import answered, at_layer
from reports.patching import said


def example_layer(layers: Sequence[AtLayer]) -> AtLayer:
    """The layer at which the best tenth of the units is furthest above both controls: where examples are shown.

    >>> from core.uncertainty import Interval
    >>> low, high = Interval(0.1, 0.0, 0.2, 9), Interval(0.8, 0.7, 0.9, 9)
    >>> early = AtLayer("early", {"best": low, "random": low, "another": low}, None, None, None)
    >>> late = AtLayer("late", {"best": high, "random": low, "another": low}, None, None, None)
    >>> example_layer([early, late]).layer
    'late'
    """

    def margin(at: AtLayer) -> float:
        return at.units[BEST].estimate - max(at.units[RANDOM].estimate, at.units[ANOTHER].estimate)

    return max(layers, key=margin)


def example_places(layers: Sequence[AtLayer]) -> str | None:
    """The layer at which the best tenth of the places is furthest above both controls; None if none has places."""

    def margin(at: AtLayer) -> float:
        places = at.places or at.units
        return places[BEST].estimate - max(places[RANDOM].estimate, places[ANOTHER].estimate)

    spatial = [at for at in layers if at.places is not None]
    return max(spatial, key=margin).layer if spatial else None


def finding(subject: str, layers: Sequence[AtLayer]) -> str:
    """One sentence: at which layers patching works, by the criteria, and what it brings back at the best one.

    >>> from core.uncertainty import Interval
    >>> low, high = Interval(0.1, 0.0, 0.2, 9), Interval(0.8, 0.7, 0.9, 9)
    >>> print(finding("net", [AtLayer("conv", {"best": high, "random": low, "another": low}, None, None, None)])[:68])
    Patching by unit works in net at the one layer looked at: the best t
    """
    by_unit = [at.layer for at in layers if works(at)[0]]
    by_place = [at.layer for at in layers if works(at)[1]]
    spatial = [at for at in layers if at.places is not None]
    best = example_layer(layers)
    told = (
        f"the best tenth of the units of {best.layer} brings back {said(best.units[BEST])} of the logit difference, as "
        f"many at random {said(best.units[RANDOM])}, the same from an unrelated input {said(best.units[ANOTHER])}"
    )
    place = f"; by place it works {_where(by_place, len(spatial), 'that have places')}" if spatial else ""
    how = "works" if by_unit else "does not work"
    where = (
        _where(by_unit, len(layers), "looked at")
        if by_unit
        else f"at any of the {len(layers)} layers looked at"
    )
    return f"Patching by unit {how} in {subject} {where}: {told}{place}."


def _where(names: Sequence[str], total: int, of: str) -> str:
    if not names:
        return "at none"
    if len(names) == total:
        return f"at the one layer {of}" if total == 1 else f"at all {total} layers {of}"
    return f"at {len(names)} of {total} layers {of} ({', '.join(names)})"


def caveats(found: Sequence[Measured], layers: Sequence[AtLayer], missing: Sequence[str]) -> list[str]:
    """What these numbers warn of; the last two hold for all patching."""
    pairs = len({id(one.pair) for one in found})
    told = []
    if pairs < 12:
        told.append(f"Only {pairs} pairs: the intervals are over pairs, and wide.")
    if missing:
        told.append(f"Edits that turned the answer too rarely to be measured: {', '.join(missing)}.")
    told += _incomplete(found, layers)
    told += _by_gradient(found, layers)
    told += _strange(found, layers)
    weak = [at.layer for at in layers if at.agreement is not None and at.agreement.low < 0.7]
    if weak:
        told.append(
            f"At {', '.join(weak)} gradients do not foretell what patching does (correlation below 0.7 at the "
            "interval's lower end); read no effects off gradients there."
        )
    told.append(
        "Pairs were kept only if the answer turns between the two inputs; what is found holds for such pairs."
    )
    told.append(
        "A patched run is a state that no input produces. What brings an answer back in it is enough to, in that "
        "state; it need not be what the network uses on the clean input, where other units may do the same."
    )
    return told


def _incomplete(found: Sequence[Measured], layers: Sequence[AtLayer]) -> list[str]:
    """Layers that the whole patch does not go through: branches."""
    wholes = {at.layer: np.mean([one.trace.whole for one in at_layer(found, at.layer)]) for at in layers}
    beside = [f"{name} ({100 * whole:.0f} %)" for name, whole in wholes.items() if abs(whole - 1) > 0.02]
    if not beside:
        return []
    return [
        f"Patched whole, some layers do not bring back everything, because part of the way leads past them: "
        f"{', '.join(beside)}."
    ]


def _by_gradient(found: Sequence[Measured], layers: Sequence[AtLayer]) -> list[str]:
    wide = [at.layer for at in layers if at_layer(found, at.layer)[0].trace.units.exact.isnan().any()]
    if not wide:
        return []
    return [
        f"At {', '.join(wide)} not every unit was patched alone: the best units are those by stepped gradient there, "
        "and other units might bring back more."
    ]


def _strange(found: Sequence[Measured], layers: Sequence[AtLayer]) -> list[str]:
    """Layers where the patched runs say something that neither input was answered with."""
    third = {at.layer: answered(at_layer(found, at.layer), BEST, 2) for at in layers}
    strange = [f"{name} ({100 * share:.0f} %)" for name, share in third.items() if share > 0.2]
    if not strange:
        return []
    return [
        "With the best tenth of the units patched, the network often says what it said of neither input, so that its "
        f"state is not one that it knows: {', '.join(strange)} of the pairs."
    ]


def verdict_cells(value: bool | None) -> str:
    """A verdict as a word.

    >>> verdict_cells(True), verdict_cells(False), verdict_cells(None)
    ('yes', 'no', '–')
    """
    answers: Mapping[bool | None, str] = {True: "yes", False: "no", None: "–"}
    return answers[value]
