"""What a probed agent's page says in one sentence, by rule; and what is to be doubted, derived from the results."""

from collections.abc import Sequence

from core.probing import Knowledge
from rl.learning import Learning
from rl.learning.changes import FEWEST

FEW = 500
"""Below so many scored states intervals are wide, and little can be told."""


def finding(found: Learning, rows: Sequence[Knowledge]) -> str:
    """How many concepts are known and used; what is known and not used; what changed suddenly in training."""
    known = [row for row in rows if row.verdict.startswith("known")]
    used = [row for row in known if row.verdict == "known and used"]
    unused = sorted((row for row in known if row not in used), key=lambda row: -row.read.estimate)
    said = (
        f"Of {len(rows)} concepts {found.subject} knows {len(known)} beyond its controls, and its policy rests on "
        f"{len(used)} of them"
    )
    if used:
        most = max(used, key=lambda row: row.effect.estimate)
        said += (
            f", most on “{most.concept}” (exchanged for another state's it moves "
            f"{100 * most.effect.estimate:.0f} % of the policy)"
        )
    said += f"; known and not used: {_listed([row.concept for row in unused[:3]])}." if unused else "."
    sudden = [
        (concept, shift)
        for concept in found.concepts
        if (shift := found.learned(concept)) is not None and shift.sudden and shift.rise.estimate > 0.1
    ]
    if sudden:
        concept, shift = max(sudden, key=lambda pair: pair[1].rise.estimate)
        said += (
            f" It came to know “{concept}” suddenly, between {shift.begins.estimate:,.0f} and "
            f"{shift.ends.estimate:,.0f} steps of training."
        )
    return said


def caveats(found: Learning) -> list[str]:
    """What the results themselves give reason to doubt, the gravest first."""
    said = ["One agent, one seed: another seed of the same recipe may know and use other things."]
    if found.alike:
        pairs = "; ".join(f"{one} and {other} ({r:+.2f})" for one, other, r in found.alike[:4])
        said.append(
            "Some concepts go together in these states, so that changing one changes much of the other, and which of "
            f"them is used cannot be told apart: {pairs}."
        )
    plain = [
        concept
        for concept in found.concepts
        if found.input(concept).score.estimate
        >= found.read(concept, found.best_layer(concept))[-1].score.estimate
    ]
    if plain:
        said.append(f"The input itself tells these as well as any layer does, or better: {_listed(plain)}.")
    scored = found.reads[-1][0].score.n
    if scored < FEW:
        said.append(f"Probes were scored on {scored} states; with fewer than {FEW} their intervals are wide.")
    if 1 < len(found.steps) < FEWEST:
        said.append(f"{len(found.steps)} moments of training are too few to say when a curve changed.")
    said.append(
        "What is exchanged is what a linear probe reads, at one layer. A concept may be used in a form that no linear "
        "probe sees, or be held in several places that make up for each other."
    )
    return said


def _listed(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
