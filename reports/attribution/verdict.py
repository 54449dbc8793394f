"""How the maps stood the tests: the ranking, deletion and insertion, sanity checks, completeness; a Section each."""

from collections.abc import Sequence

import numpy as np

from reports.attribution.evidence import AttributionEvidence, Check, Judged, Trace
from reports.attribution.panels import Line, Panel, panels
from reports.attribution.ranking import Ranked, ranking
from reports.attribution.words import called, metric_words
from reports.sections import Cell, Figure, Section, Table


def best_first(found: AttributionEvidence) -> list[Judged]:
    """The methods by mean rank; then those without a rank; controls last."""
    ranked = found.judged
    rest = [method for method in found.methods if method not in ranked]
    return sorted([*ranked, *rest], key=lambda method: method.control)


def ranked(found: AttributionEvidence) -> Section | None:
    if not found.ranks:
        return None
    metrics = list(dict.fromkeys(score.metric for score in found.scores))
    ranks = {(score.method, score.metric): score.rank for score in found.scores}
    rows = [
        Ranked(
            called(method.name),
            {metric: ranks.get((method.name, metric)) for metric in metrics if _ranks(found, metric)},
            found.ranks[method.name],
            method.control,
            len(found.failed(method.name)),
        )
        for method in found.judged
    ]
    figure = ranking(
        rows,
        title=f"{len(rows)} methods on {found.subject}, best first",
        caption="A cell is the rank by one metric, the mean over inputs; the dot is the mean rank with its 95 % "
        "interval over inputs, pale lines the controls'. ✕: fails a sanity check.",
        called={metric: metric.replace("-", " ") for metric in metrics},
    )
    means = {(score.method, score.metric): score.mean for score in found.scores}
    table = Table(
        ["method", "mean rank", *metrics],
        [
            [
                called(method.name) + (" (control)" if method.control else ""),
                found.ranks[method.name],
                *(means.get((method.name, metric)) for metric in metrics),
            ]
            for method in found.judged
        ],
        caption="Every metric's mean over the cases, with 95 % intervals over inputs",
    )
    senses = {score.metric: score.better for score in found.scores}
    asked: dict[str, str] = {}
    for metric in metrics:
        asked.setdefault(metric_words(metric), metric)
    asks = Table(
        ["metric", "better", "what it asks"],
        [[_and_kin(metric, metrics), senses[metric], words] for words, metric in asked.items()],
        caption="What the metrics ask",
    )
    return Section("The ranking", figures=[figure], tables=[table, asks])


def _ranks(found: AttributionEvidence, metric: str) -> bool:
    return any(score.rank is not None for score in found.scores if score.metric == metric)


def removal(found: AttributionEvidence) -> Section | None:
    """Deletion and insertion by baseline; traces of kind "deletion, blur"."""
    kinds = [
        trace.kind for trace in found.traces if trace.kind.partition(", ")[0] in ("deletion", "insertion")
    ]
    baselines = list(dict.fromkeys(kind.partition(", ")[2] for kind in kinds))
    figures = []
    for baseline in baselines:
        wanted = {f"{name}, {baseline}": name for name in ("deletion", "insertion")}
        figures.append(
            _panelled(
                found,
                wanted,
                ends=("0 %", "100 %"),
                title=f"Taken away and put back: {baseline}",
                caption="The score as the places that a map calls most important are replaced by "
                f"{_baseline(baseline)} (deletion: should fall at once), or put back first (insertion: should rise at "
                "once). 1 is the highest score that any curve of that input reached, 0 the lowest. Line: median over "
                "cases; band: middle half.",
            )
        )
    made = [figure for figure in figures if figure is not None]
    return Section("Deletion and insertion", figures=made) if made else None


def _baseline(name: str) -> str:
    return {"blur": "a blurred copy", "mean": "the input's mean colour", "black": "0"}.get(name, name)


def _panelled(
    found: AttributionEvidence,
    wanted: dict[str, str],
    *,
    ends: tuple[str, str],
    title: str,
    caption: str,
    notes: dict[str, str] | None = None,
    limits: tuple[float, float] | None = None,
) -> Figure | None:
    """A panel a method of the traces whose kinds are wanted; the random control's behind each."""
    by_method: dict[str, dict[str, Line]] = {}
    for trace in found.traces:
        if trace.kind in wanted and not np.isnan(trace.values).all():
            by_method.setdefault(trace.method, {})[wanted[trace.kind]] = _line(trace)
    if not by_method:
        return None
    shown = [method for method in best_first(found) if method.name in by_method and method.name != "random"]
    return panels(
        [
            Panel(
                called(method.name),
                by_method[method.name],
                (notes or {}).get(method.name, ""),
                method.control,
            )
            for method in shown
        ],
        behind=by_method.get("random", {}),
        ends=ends,
        title=title,
        caption=caption,
        limits=limits,
    )


def _line(trace: Trace) -> Line:
    return Line([step if isinstance(step, str) else float(step) for step in trace.steps], trace.values)


def sanity(found: AttributionEvidence) -> Section | None:
    if not found.checks:
        return None
    cascades = [trace for trace in found.traces if trace.kind == "randomisation"]
    figures = []
    if cascades:
        layers = [str(step) for step in cascades[0].steps][1:]
        made = _panelled(
            found,
            {"randomisation": "likeness"},
            ends=("trained", "all random"),
            title="Randomised layer by layer, from the output down",
            caption="How like a map stays to the map of the trained network while ever more layers are given random "
            f"weights ({len(layers)} stages, {layers[0]} to {layers[-1]}). A map of what the network learned has to "
            "lose its likeness; one that keeps it shows the picture, not the network. Line: median over cases.",
            notes={
                check.method: "passes" if check.passes else "✕ fails"
                for check in found.checks
                if "random" in check.check and "logit" not in check.check
            },
        )
        figures = [made] if made else []
    kinds = {check.check: check.bar for check in found.checks}
    held = {(check.method, check.check): check for check in found.checks}
    table = Table(
        ["method", *(f"{kind} (fails from {bar:g})" for kind, bar in kinds.items())],
        [
            [called(method.name), *(_stood(held.get((method.name, kind))) for kind in kinds)]
            for method in best_first(found)
            if any((method.name, kind) in held for kind in kinds)
        ],
        caption="Likeness (Spearman) to the true map when every layer is random, and when another answer is asked for; "
        "the controls fail, as they must",
    )
    return Section("Sanity checks", figures=figures, tables=[table])


def sums(found: AttributionEvidence) -> Section | None:
    rows: list[list[Cell]] = []
    for method in found.methods:
        pairs = [
            (case.sums[method.name], case.gaps[method.name])
            for case in found.cases
            if method.name in case.gaps
        ]
        shares = [abs(gap) / max(abs(total - gap), 0.1) for total, gap in pairs]
        if pairs:
            gaps = [abs(gap) for _, gap in pairs]
            rows.append(
                [
                    called(method.name),
                    float(np.median(gaps)),
                    max(gaps),
                    f"{100 * float(np.median(shares)):.1f} %",
                    f"{100 * max(shares):.1f} %",
                ]
            )
    if not rows:
        return None
    header = ["method", "median gap", "worst gap", "median share", "worst share"]
    caption = "Completeness: by how much a map's sum misses what its method promises; shares are of the promised sum"
    return Section("Do the parts add up?", tables=[Table(header, rows, caption=caption)])


def _and_kin(metric: str, metrics: Sequence[str]) -> str:
    """The metrics that ask the same, as one name: deletion-blur and deletion-mean."""
    kin = [other for other in metrics if metric_words(other) == metric_words(metric)]
    return ", ".join(kin)


def _stood(check: Check | None) -> str | None:
    return None if check is None else f"{check.likeness:.2f} {'passes' if check.passes else '✕ fails'}"
