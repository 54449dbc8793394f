"""Attribution evidence into a Report: maps side by side, the ranking, curves, sanity checks, objects, factors."""

from collections.abc import Sequence
from dataclasses import replace

from reports.attribution.caveats import caveats
from reports.attribution.evidence import AttributionEvidence, Case, Judged
from reports.attribution.factors import factor_maps
from reports.attribution.finding import finding
from reports.attribution.grid import Tile, map_grid
from reports.attribution.objects import Named, object_bars
from reports.attribution.verdict import best_first, ranked, removal, sanity, sums
from reports.attribution.words import ASKS, called, listed
from reports.sections import Report, Section, Table

DRAWN = 8
"""Cases whose maps are drawn; all are judged."""


def attribution_report(found: AttributionEvidence) -> Report:
    """The page of one subject.

    >>> attribution_report(AttributionEvidence("tiny", "gridlens attribute tiny", [], [])).title
    'What counts for tiny, and whom to ask'
    """
    sections = [
        _maps(found),
        ranked(found),
        _objects(found),
        removal(found),
        sanity(found),
        sums(found),
        _factors(found),
        _asked(found),
        _left_out(found),
    ]
    return Report(
        kind="Attribution",
        title=f"What counts for {found.subject}, and whom to ask",
        question="Which parts of an input decided the answer - and which of the methods that claim to say so are to be "
        "believed on this network?",
        approach=_approach(found),
        finding=finding(found),
        evidence=[section for section in sections if section is not None],
        caveats=caveats(found),
        reproduce=[found.command],
        provenance=found.provenance,
    )


def _approach(found: AttributionEvidence) -> str:
    controls = [called(method.name) for method in found.methods if method.control]
    beside = (
        f" Beside them stand {listed(controls)}, controls that know nothing of the network."
        if controls
        else ""
    )
    others = [method for method in found.methods if not method.control]
    said = (
        f"{len(others)} method{'s' if len(others) != 1 else ''} explained {len(found.cases)} answers to {found.inputs} "
        f"input{'s' if found.inputs != 1 else ''}: each gives every place a share in one number, a logit or the value."
        f"{beside}"
    )
    if found.scores:
        said += (
            "\n\nEvery map was then put to the same tests, input by input. If the map is right, removing what it calls "
            "important must lower the score and putting it back must raise it; it should change when the network is "
            "randomised or another class is asked for; and where the method promises a sum, it should add up. The mean "
            "rank is over those metrics; its interval is over inputs."
        )
    return f"{said}\n\nComputing all this took {_duration(found.seconds)}." if found.seconds else said


def _maps(found: AttributionEvidence) -> Section | None:
    drawn = found.cases[:DRAWN]
    if not drawn:
        return None
    if not drawn[0].image.size:
        return None
    order = best_first(found)
    figures = [
        map_grid(
            case.image,
            [_tile(found, method, case) for method in order if method.name in case.maps],
            shown=f"score {case.score:.3g}",
            title=case.name,
            caption=f"What counted for {case.target}. Best mean rank first, controls last."
            if found.ranks
            else f"What counted for {case.target}.",
        )
        for case in drawn
    ]
    more = len(found.cases) - len(drawn)
    text = f"The first {DRAWN} of {len(found.cases)}; the others were judged with them." if more else ""
    return Section("Maps side by side", text=text, figures=figures)


def _tile(found: AttributionEvidence, method: Judged, case: Case) -> Tile:
    mean = found.ranks.get(method.name)
    note = "control" if method.control else f"rank {mean.estimate:.1f}" if mean else ""
    if found.failed(method.name) and not method.control:
        note += ", ✕ fails"
    return Tile(called(method.name), note, case.maps[method.name], method.control)


def _objects(found: AttributionEvidence) -> Section | None:
    """A figure a head: logits and values have scales of their own."""
    cases = [case for case in found.cases[:DRAWN] if case.objects]
    if not cases:
        return None
    kind, heads = _kind(cases[0]), list(dict.fromkeys(_head(case) for case in cases))
    told = (
        "How much the target's score owes to each thing in the level: to its being there instead of bare floor. "
        "Things are named with their row and column where there are several. Orange: for; blue: against. Whiskers: two "
        "standard errors of the sampling, where all orders were too many to ask."
        if kind == "object"
        else "The numbers of each input, and what each added to the target (orange) or took from it (blue)."
    )
    figures = [
        object_bars(
            [
                Named(
                    f"{case.name} ({case.target})",
                    [replace(one, method=called(one.method)) for one in case.objects],
                )
                for case in cases
                if _head(case) == head
            ],
            title=f"What each {kind} counted for" + (f": {head}" if len(heads) > 1 else ""),
            caption=told,
        )
        for head in heads
    ]
    return Section(f"{kind}s".capitalize(), figures=figures)


def _head(case: Case) -> str:
    return case.target.partition(" ")[0]


def _kind(case: Case) -> str:
    return "object" if case.image.size else "number"


def _factors(found: AttributionEvidence) -> Section | None:
    if found.factors is None:
        return None
    factors = found.factors
    figure = factor_maps(
        factors,
        [case.image for case in found.cases if case.image.size],
        title=f"What counted in {factors.layer}, as {len(factors.factors)} factors",
        caption=f"Attributions of {factors.layer} by {called(factors.method)}, taken apart into non-negative factors: "
        "each a set of channels that count together, and where they do. The last line is what the factors leave out.",
    )
    return Section(f"Inside {factors.layer}", figures=[figure])


def _asked(found: AttributionEvidence) -> Section | None:
    rows = [
        [
            called(method.name) + (" (yours)" if method.elsewhere else ""),
            method.at,
            ASKS.get(method.name, "computed elsewhere" if method.elsewhere else ""),
            None if method.seconds is None else method.seconds,
        ]
        for method in best_first(found)
    ]
    if not rows:
        return None
    header = ["method", "looked at", "what it asks", "seconds a map"]
    return Section("What each method asks", tables=[Table(header, rows, caption="The methods on this page")])


def _left_out(found: AttributionEvidence) -> Section | None:
    if not found.left_out:
        return None
    rows: Sequence[Sequence[str]] = [[called(name), why] for name, why in found.left_out.items()]
    return Section(
        "What could not be run", tables=[Table(["what", "why"], rows, caption="Left out, and why")]
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
