"""The doubts that an attribution page's own numbers call for."""

from collections.abc import Iterator

from reports.attribution.evidence import AttributionEvidence
from reports.attribution.finding import worst_gap
from reports.attribution.words import called, listed

FEW = 20
"""Inputs below which intervals over them are not to be leaned on."""


FEW_CHECKED = 4
"""Cases below which a sanity check's mean likeness is not to be leaned on."""


def caveats(found: AttributionEvidence) -> list[str]:
    """What the numbers warn of, then what holds for every such page.

    >>> len(caveats(AttributionEvidence("tiny", "", [], [])))
    1
    """
    told = [*_inputs(found), *_noise(found), *_checks(found), *_disagreement(found), *_gaps(found)]
    told += list(found.notes)
    if found.scores:
        told.append(
            "Removing pixels makes inputs of a kind that the network never saw; part of every curve is its answer to "
            "strangeness. That is why each curve stands beside the random control's and under two baselines."
        )
    told.append(
        "A map says what the network was sensitive to along a method's own path, not why it was trained to be so."
    )
    return told


def _inputs(found: AttributionEvidence) -> Iterator[str]:
    if found.ranks and found.inputs < FEW:
        yield (
            f"Only {found.inputs} input{'s' if found.inputs > 1 else ''}: the intervals cover the choice of inputs of "
            f"this kind as well as so few can, and another handful may order the methods otherwise."
        )
    if found.ranks and len({case.target for case in found.cases}) == 1 and found.inputs > 1:
        yield f"One target alone was asked for, {found.cases[0].target}; others may order the methods otherwise."


def _noise(found: AttributionEvidence) -> Iterator[str]:
    judged = [method.name for method in found.judged if not method.control]
    close = [name for name in judged[1:] if name in found.behind and found.behind[name].low <= 0]
    if judged and close:
        yield (
            f"{_upper(called(judged[0]))} has the best mean rank, but {listed([called(name) for name in close])} "
            f"{'lie' if len(close) > 1 else 'lies'} within the noise of it."
        )
    lost = [method.name for method in found.judged if not method.control and not found.beats(method.name)]
    if lost:
        yield (
            f"{_upper(listed([called(name) for name in lost]))} cannot be told from the better of the two controls by "
            f"mean rank on these inputs."
        )


def _checks(found: AttributionEvidence) -> Iterator[str]:
    fewest = min((check.cases for check in found.checks), default=FEW_CHECKED)
    if fewest < FEW_CHECKED:
        on = "one answer" if fewest == 1 else f"{fewest} answers"
        yield f"Some sanity checks were made on {on} alone; close to the bar a pass or a fail is then chance."
    for method in found.methods:
        for check in found.failed(method.name) if not method.control else ():
            yield f"{_upper(called(method.name))} fails {check.check}: {check.why}"


def _disagreement(found: AttributionEvidence) -> Iterator[str]:
    for (one, other), correlation in found.agreement.items():
        if correlation < 0.5:
            yield (
                f"{_upper(one)} and {other} order the methods differently (rank correlation {correlation:.2f}): what "
                f"comes out first depends on what is put in place of the pixels removed."
            )


def _gaps(found: AttributionEvidence) -> Iterator[str]:
    for method in found.methods:
        worst = worst_gap(found, method.name)
        if worst is not None and worst > 0.05:
            yield (
                f"Maps of {called(method.name)} miss what they should add up to by up to {100 * worst:.0f} %: take "
                f"their strengths as rough."
            )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
