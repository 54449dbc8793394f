"""The page of the Monster study: what is measured, in which order it is shown, and what it comes to."""

from collections.abc import Sequence
from pathlib import Path

from core.progress import Progress
from core.provenance import provenance
from gridlens.studies.kept import Row, kept
from gridlens.studies.monster import behaviour, choice, exposure, knowledge, turned, turning, wiring, worth
from gridlens.studies.monster.agents import LONG, SHORT, Agent, of_each, opened, over_seeds
from reports.sections import Report


def report(folders: Sequence[Path], folder: Path, command: str, progress: Progress) -> Report:
    """Measure what is not measured yet, into ``folder``, and put the page together."""
    agents = opened(folders)
    played = of_each(agents, folder, "behaviour", behaviour.measure, progress)
    leanings = of_each(agents, folder, "choice", choice.measure, progress)
    worths = of_each(agents, folder, "worth", worth.measure, progress)
    near = of_each(agents, folder, "nearby", worth.nearby, progress)
    truth = kept(folder, "truth", worth.in_truth)
    met = of_each(agents, folder, "exposure", exposure.measure, progress)
    early = of_each(agents, folder, "snapshots", exposure.through_training, progress)
    wires = of_each(agents, folder, "wiring", wiring.measure, progress)
    factors = of_each(agents, folder, "factors", wiring.scaled_leanings, progress)
    known = of_each(agents, folder, "known", knowledge.known, progress)
    used = of_each(agents, folder, "used", knowledge.used, progress)
    tried = of_each(agents, folder, "edits", turning.searched, progress)

    def played_again(agent: Agent) -> Sequence[Row]:
        return turning.played(
            agent, [row for row in tried if (row["kind"], row["seed"]) == (agent.kind, agent.seed)]
        )

    edited = of_each(agents, folder, "edited", played_again, progress)
    short, long = (
        over_seeds(played, "apples_share", share=True, where="gone", span="free", kind=kind)
        for kind in (SHORT, LONG)
    )
    return Report(
        kind="Study",
        title="Why shields, when no monster is left?",
        question="Why does the agent of 25-step levels go for shields when no monster is left?",
        approach=f"{len(agents)} agents of `gridlens reproduce monster`, trained by the same recipe with seeds of "
        "their own but for one dial: their levels had 25 steps, or 200.",
        finding=f"Without monsters {short.estimate:.0%} of what 25-step agents take are apples, "
        f"and {long.estimate:.0%} of what 200-step agents take.",
        evidence=[
            behaviour.section(played),
            choice.section(leanings),
            worth.section(worths, near, truth, leanings),
            exposure.section(met, early, truth),
            wiring.section(wires, factors),
            knowledge.section(known, used),
            turned.section(tried, edited),
        ],
        reproduce=[command],
        provenance={agent.subject.name: provenance(subject=agent.subject.fingerprint) for agent in agents},
    )
