"""The page of the Monster study: what is measured, in which order it is shown, and what it comes to."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.progress import Progress
from core.provenance import provenance
from gridlens.studies.kept import Row, kept
from gridlens.studies.monster import (
    behaviour,
    choice,
    claims,
    counterfactual,
    exposure,
    knowledge,
    turned,
    turning,
    wiring,
    worth,
)
from gridlens.studies.monster.agents import (
    LONG,
    SHORT,
    Agent,
    Measure,
    of_each,
    opened,
    over_seeds,
)
from reports.sections import Report, Section

MEASURES: Mapping[str, Measure] = {
    "behaviour": behaviour.measure,
    "choice": choice.measure,
    "worth": worth.measure,
    "nearby": worth.nearby,
    "exposure": exposure.measure,
    "snapshots": exposure.through_training,
    "wiring": wiring.measure,
    "factors": wiring.scaled_leanings,
    "known": knowledge.known,
    "used": knowledge.used,
    "counterfactual": counterfactual.measure,
    "doses": turning.doses,
    "edits": turning.searched,
}
"""What is measured of every agent, in order; edits are played after that."""

SMALL = 0.05
"""A lean that moves by less is said not to depend on what was changed."""


def report(folders: Sequence[Path], folder: Path, command: str, progress: Progress) -> Report:
    """Measure what is not measured yet, into ``folder``, and put the page together."""
    agents = opened(folders)
    known = measured(agents, folder, progress)
    return Report(
        kind="Study",
        title="Why shields, when no monster is left?",
        question="Why does the agent of 25-step levels go for shields when no monster is left?",
        approach=f"{len(agents)} agents of `gridlens reproduce monster`, {len(agents) // 2} of each kind, trained by "
        "the same recipe with seeds of their own but for one dial: their levels had 25 steps, or 200. All intervals "
        "are over seeds. What the agents are shown is made by editing held-out levels.",
        finding=finding(known),
        evidence=_sections(known),
        caveats=CAVEATS,
        reproduce=[command],
        provenance={agent.folder.name: provenance(subject=agent.subject.fingerprint) for agent in agents},
    )


def measured(agents: Sequence[Agent], folder: Path, progress: Progress) -> dict[str, list[Row]]:
    """All rows of the study by what was measured; what is kept in ``folder`` is read."""
    known = {name: of_each(agents, folder, name, measure, progress) for name, measure in MEASURES.items()}
    known["truth"] = kept(folder, "truth", worth.in_truth)

    def played(agent: Agent) -> Sequence[Row]:
        own = [row for row in known["edits"] if (row["kind"], row["seed"]) == (agent.kind, agent.seed)]
        return turning.played(agent, own)

    return known | {"edited": of_each(agents, folder, "edited", played, progress)}


def _sections(known: Mapping[str, Sequence[Row]]) -> list[Section]:
    return [
        behaviour.section(known["behaviour"]),
        choice.section(known["choice"]),
        worth.section(known["worth"], known["nearby"], known["truth"], known["choice"]),
        exposure.section(known["exposure"], known["snapshots"], known["truth"]),
        wiring.section(known["wiring"], known["factors"]),
        knowledge.section(known["known"], known["used"], counterfactual.table(known["counterfactual"])),
        turned.section(known["edits"], known["edited"], known["doses"]),
        claims.section(claims.claims(known)),
    ]


def finding(known: Mapping[str, Sequence[Row]]) -> str:
    """The answer in a sentence, from the numbers."""
    none, every = (
        over_seeds(known["choice"], "apple", kind=SHORT, left=left, held=0, gap=0).estimate
        for left in (0, choice.MONSTERS)
    )
    other = over_seeds(known["choice"], "apple", kind=LONG, left=0, held=0, gap=0).estimate
    apple, shield = (
        over_seeds(known["exposure"], thing, kind=SHORT, left=0).estimate for thing in ("apple", "shield")
    )
    fixed = (
        "one preference, monsters or not"
        if abs(none - every) < SMALL
        else "a preference that changes with monsters"
    )
    alone = _percent(exposure.met(known["snapshots"], SHORT), 1)
    return (
        f"It has {fixed} - equally far, it goes for the apple in {_percent(none)} of cases with none left and in "
        f"{_percent(every)} with five (200-step agents: {_percent(other)} with none) -, and its training hardly said "
        f"otherwise: {alone} of it was without monsters, where shields were credited with {shield:+.2f} apples and "
        f"apples with {apple:+.2f}."
    )


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


CAVEATS = (
    "few seeds of each recipe, one architecture (two hidden layers, 128 and 64 units, a window around the agent) and "
    "one set of rules; the original had a recurrent network that saw the whole grid",
    "the window does not show monsters that are more than seven rows or columns away",
    "which thing is better taken first is told for careful play, which is good but not proven to be the best",
    "what training made of things taken is told by play of the agent as it was at the end, by its last critic",
    "linear probes, and changes along what they read: knowledge in another form is not seen",
    "the search for edits is of simple edits only; that none of a kind turns the preference says nothing of others",
)
