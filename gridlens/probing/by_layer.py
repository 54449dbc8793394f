"""The probe page of a classifier, or of an agent in an environment that is not ours: layer by layer."""

from collections.abc import Sequence
from dataclasses import replace

from core.faithfulness import randomised
from core.probing import ProbeResult, best_layer
from core.probing.layers import INPUT
from core.progress import Progress, silent
from gridlens.opened import Opened
from reports.figures import ProbeCurve, probe_scores
from reports.probing.knowledge import knowledge
from reports.sections import Cell, Figure, Report, Section, Table
from rl.foreign.knowledge import probe_inputs
from vision.study import probe_factors

FACTORS = ("class", "size", "orientation", "hue", "frequency", "contrast")


def defaults(opened: Opened) -> tuple[str, ...]:
    """What is looked for unless something else is asked; of a stranger in its own environment, what it sees."""
    if opened.env_id is not None:
        return opened.subject.spec.channels[:6] if opened.subject.spec.shape[1:] == (1, 1) else ()
    return FACTORS


def probed(
    opened: Opened,
    concepts: Sequence[str],
    *,
    samples: int = 2000,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[ProbeResult, ...]:
    """The probes of every concept at every layer, on moments of that environment or on images, beside the untrained."""
    if opened.env_id is not None:
        return probe_inputs(
            opened.subject, opened.env_id, concepts, samples=samples, seed=seed, progress=progress
        )
    subject, count = opened.subject, {"images": samples, "seed": seed}
    found = probe_factors(subject, concepts, progress=progress, **count)
    other = probe_factors(randomised(subject, seed=seed), concepts, progress=progress, **count)
    scores = {(one.concept, one.layer): one.score for one in other if one.layer != INPUT}
    return tuple(replace(one, untrained=scores.get((one.concept, one.layer))) for one in found)


def probe_page(name: str, found: Sequence[ProbeResult], *, command: str) -> Report:
    """One chart a concept, the numbers in a table, and where each is read best."""
    concepts = list(dict.fromkeys(result.concept for result in found))
    by_concept = {concept: [result for result in found if result.concept == concept] for concept in concepts}
    charts = [_chart(name, concept, results) for concept, results in by_concept.items()]
    whole = knowledge(
        found,
        title=f"What can be read of {name}, and where",
        caption="Cells without a number are no better than shuffled labels. Left of the line the input, right the "
        "best layer of the untrained network.",
    )
    header = ["concept", "layer", "measure", "score", "control task", "knowing only the labels", "untrained"]
    rows: list[list[Cell]] = [
        [r.concept, r.layer, r.measure, r.score, r.control, r.baseline, r.untrained] for r in found
    ]
    table = Table(header, rows, caption="Scores on samples that the probe was not fitted to.")
    return Report(
        kind="Probes",
        title=f"What {name} knows",
        question=f"At which layer of {name} can {_listed(concepts)} be read off by a linear map?",
        approach="A ridge regression from each layer to the concept, its penalty chosen by cross-validation, is "
        "scored on held-out images or episodes. The control task has the same labels, shuffled: what a "
        "probe scores there is its own skill, not the layer's knowledge. Beside it stands the network with random "
        "weights. Angles are asked for by cosine and sine.",
        finding=" ".join(_said(best_layer(results)) for results in by_concept.values()),
        evidence=[Section("Layer by layer", figures=[whole, *charts], tables=[table])],
        caveats=[
            "A probe says what can be read off a layer, not that the network uses it.",
            "What the input itself already holds plainly (the first point of each curve) is no merit of the network.",
        ],
        reproduce=[command],
        provenance={result.concept: result.provenance for result in found},
    )


def _chart(name: str, concept: str, results: Sequence[ProbeResult]) -> Figure:
    curve = ProbeCurve(
        name,
        [result.layer for result in results],
        [result.score for result in results],
        [result.control for result in results],
    )
    return probe_scores(
        [curve],
        title=f"Reading “{concept}” off each layer",
        caption="95 % intervals over held-out samples; hollow: the control task, labels shuffled.",
        measure=results[0].measure,
    )


def _said(best: ProbeResult) -> str:
    if best.score.low <= best.control.high:
        return f"“{best.concept}” is read no better than its control task at any layer."
    where = "the input itself" if best.layer == "input" else best.layer
    scores = f"{best.measure} {best.score.estimate:.2f}, control {best.control.estimate:.2f}"
    return f"“{best.concept}” is read best at {where} ({scores})."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
