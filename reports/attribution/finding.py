"""The finding of an attribution page in one sentence, by rule: which methods to believe here, and which not."""

from collections.abc import Sequence

from reports.attribution.evidence import AttributionEvidence, Judged
from reports.attribution.words import called, listed


def finding(found: AttributionEvidence) -> str:
    """Which methods beat both controls and pass every sanity check; which of the others fail what.

    Rules, first that holds: nothing was judged (how nearly maps add up); one input alone was; no method beats the
    controls; some beat them but all of those fail a check; some are to be believed.

    >>> finding(AttributionEvidence("tiny", "gridlens attribute tiny", [], []))
    'Nothing was judged: the maps are to be read as hints.'
    """
    judged = [method for method in found.judged if not method.control]
    if not judged:
        return _added_up(found)
    ahead = [method for method in judged if found.beats(method.name)]
    believed = [method for method in ahead if not found.failed(method.name)]
    s = _s(ahead)
    if found.inputs < 2:
        return f"One input ranks nobody: its maps are to be read as hints{_fails(found, judged)}."
    if not ahead:
        count = f"{found.inputs} input{'' if found.inputs == 1 else 's'}"
        return (
            f"None of the {len(judged)} methods beats the controls on these {count}{_fails(found, judged)}."
        )
    if not believed:
        names = listed([called(method.name) for method in ahead])
        return f"No method is to be believed here: {names} beat{s} the controls, but fail{s} a sanity check."
    return f"{_believed(found, believed)}{_doubted(found, judged, believed)}."


def _believed(found: AttributionEvidence, believed: Sequence[Judged]) -> str:
    names = listed([called(method.name) for method in believed])
    checks = " and pass{} every sanity check" if found.checks else ""
    first = f" (mean rank {found.ranks[believed[0].name].estimate:.1f} of {len(found.ranks)})"
    lead = names.replace(called(believed[0].name), called(believed[0].name) + first, 1)
    s = _s(believed)
    return f"Believe {lead} here: {'it' if s else 'they'} beat{s} both controls{checks.format('es' if s else '')}"


def _doubted(found: AttributionEvidence, judged: Sequence[Judged], believed: Sequence[Judged]) -> str:
    others = [method for method in judged if method not in believed]
    failing = [method for method in others if found.failed(method.name)]
    weak = [method for method in others if not found.failed(method.name)]
    said = ""
    if failing:
        names = listed([called(method.name) for method in failing])
        said += f"; do not believe {names}, which fail{_s(failing)} {_which(found, failing)}"
    if weak:
        said += f"; {listed([called(method.name) for method in weak])} cannot be told from the controls"
    return said


def _fails(found: AttributionEvidence, judged: Sequence[Judged]) -> str:
    failing = [method for method in judged if found.failed(method.name)]
    if not failing:
        return ""
    names = listed([called(method.name) for method in failing])
    return f", and {names} fail{_s(failing)} {_which(found, failing)}"


def _which(found: AttributionEvidence, failing: Sequence[Judged]) -> str:
    """The checks that some methods fail, each once."""
    names = list(dict.fromkeys(check.check for method in failing for check in found.failed(method.name)))
    return " or ".join(names)


def _s(methods: Sequence[Judged]) -> str:
    return "s" if len(methods) == 1 else ""


def _added_up(found: AttributionEvidence) -> str:
    worst = worst_gap(found)
    if worst is None:
        return "Nothing was judged: the maps are to be read as hints."
    return (
        f"Nothing was judged by removing parts of these inputs; the maps that promise to add up do so to within "
        f"{100 * worst:.1f} % of what they explain."
    )


def worst_gap(found: AttributionEvidence, method: str | None = None) -> float | None:
    """The largest completeness gap beside what the map should add up to, of one method or of all."""
    shares = [
        abs(gap) / max(abs(case.sums[name] - gap), 0.1)
        for case in found.cases
        for name, gap in case.gaps.items()
        if method in (None, name)
    ]
    return max(shares, default=None)
