"""The page of the Tree study: what is measured, in which order it is shown, and what it comes to."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.progress import Progress
from core.provenance import provenance
from gridlens.studies.kept import Row, kept
from gridlens.studies.tree import knowledge, order, play, sparing, turned, turning, worth
from gridlens.studies.tree.agents import Agent, Measure, of_each, opened, over_seeds, where
from reports.sections import Report
from rl.agents import load

MEASURES: Mapping[str, Measure] = {
    "curve": sparing.curve,
    "contrast": sparing.contrast,
    "known": knowledge.known,
    "used": knowledge.used,
    "fates": play.fates,
    "own": play.own,
    "edits": turning.turned,
}
"""What is measured of every agent, in order."""


def report(folders: Sequence[Path], folder: Path, command: str, progress: Progress) -> Report:
    """Measure what is not measured yet, into ``folder``, and put the page together."""
    agents = opened(folders)
    known = measured(agents, folder, progress)
    return Report(
        kind="Study",
        title="What does the Tree agent know about trees left?",
        question="What does the Tree agent know about trees left, before, at and after the collapse of its forest?",
        approach=f"{len(agents)} agents of `gridlens reproduce tree` (r_min {agents[0].world.dials.r_min:g}), trained "
        f"alike but for the seed; {len(agents[0].moments)} or so moments of each one's training, more of the early "
        "ones: probes, edits of the state, edits of the network. Intervals in tables over agents are over seeds.",
        finding=finding(agents, known),
        evidence=[
            order.happened(agents, known["fates"]),
            sparing.section(agents, known["curve"], known["contrast"]),
            worth.section(agents, known["truth"], known["curve"], known["own"]),
            knowledge.section(agents, known["known"], known["used"]),
            order.section(agents, known),
            turned.section(known["edits"]),
        ],
        caveats=CAVEATS,
        reproduce=[command],
        provenance={one.folder.name: provenance(subject=load(one.folder).fingerprint) for one in agents},
    )


def measured(agents: Sequence[Agent], folder: Path, progress: Progress) -> dict[str, list[Row]]:
    """All rows of the study by what was measured; what is kept in ``folder`` is read."""
    first = agents[0]
    truth = kept(folder, "truth", lambda: play.truth(first.world, first.gamma))
    return {"truth": truth} | {
        name: of_each(agents, folder, name, measure, progress) for name, measure in MEASURES.items()
    }


def finding(agents: Sequence[Agent], known: Mapping[str, Sequence[Row]]) -> str:
    """The answer in a sentence, from the numbers."""
    about = {"concept": knowledge.COUNT, "layer": knowledge.LAST}
    read = over_seeds(agents, "collapse", known["known"], "score", **about).estimate
    fears = over_seeds(agents, "collapse", known["contrast"], "fears").estimate
    then, late = (
        [
            over_seeds(agents, moment, known["contrast"], name).estimate
            for name in ("fells at few", "fells at many")
        ]
        for moment in ("collapse", "end")
    )
    loud = next(one.name for one in turning.EDITS if one.gain == 1)
    louder = [
        turned.edited(where(known["edits"], moment=moment), loud, name).estimate
        for moment, name in (("end", "few"), ("end", "many"), ("collapse", "few"))
    ]
    behind = order.lags(agents, known, order.MINDS, order.SPARES)
    lag = (
        f" {min(behind) / 1e6:.1f} to {max(behind) / 1e6:.1f} million steps after its critic minded"
        if len(behind) == len(agents)
        else " later, if at all"
    )
    return (
        f"At the collapse it knows how many trees are left (R² {read:.2f} at the last hidden layer), its critic counts "
        f"on {fears:.1f} less wood with one or two trees than with eight to ten, and its policy fells the tree beside "
        f"it in {then[0]:.0%} of cases with one or two left, {then[1]:.0%} with eight to ten; it comes to spare{lag}, "
        f"and at the end fells in {late[0]:.0%} and {late[1]:.0%} - with the count twice as loud to the policy in "
        f"{louder[0]:.0%} and {louder[1]:.0%}, which at the collapse leaves it at {louder[2]:.0%}."
    )


CAVEATS = (
    "three seeds of one recipe, one architecture (two hidden layers, 128 and 64 units) and one r_min; the original had "
    "another algorithm and a smaller r_min",
    "snapshots are 100,000 steps apart, and fewer are looked at later on: nothing is told apart that lies closer",
    "the input shows every tree, so that a sum of it is their number: what is told is what the layers keep of it",
    "fewer trees elsewhere also means that the next one is farther away; how much of the sparing is for the one and "
    "how much for the other is told by least squares alone",
    "linear probes, and changes along what they read: knowledge in another form is not seen; the number of trees and "
    "whether they are scarce, or what the forest is worth, go together and are not told apart by exchanging one",
    "the best play is the best of ten thresholds, not proven to be the best there is",
    "that the critic minds before the policy spares is an order, not a cause",
)
