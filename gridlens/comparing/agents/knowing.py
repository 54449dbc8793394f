"""What agents know and use: probes of the same concepts side by side, and what differs between two agents, tested."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.probing import How, Knowledge, ProbeResult, known_unused, use_of
from core.progress import Progress
from gridlens.comparing.agents.entrants import Entrant
from gridlens.comparing.knowledge import apart
from reports.comparing.agents.knowing import best_inside
from reports.comparing.correction import Tested
from rl.acting import action_head, chances
from rl.agents import see
from rl.concepts import labelled, sampled_states, varied
from rl.study_files import kept

Probes = Mapping[str, Sequence[ProbeResult]]
Uses = Mapping[str, Sequence[Knowledge]]


def used(
    entrant: Entrant,
    probes: Sequence[ProbeResult],
    folder: Path,
    *,
    samples: int,
    seed: int,
    progress: Progress,
) -> tuple[Knowledge, ...]:
    """What the agent's choice does when a concept is swapped where it is read best, the layers of its heads apart.

    On the states that probes were fitted and scored on; kept in ``folder``.
    """

    def told(done: int, total: int, label: str) -> None:
        progress(done, total, f"{entrant.name}: {label}")

    def tried() -> tuple[Knowledge, ...]:
        subject, world = entrant.subject, varied(entrant.about.world)
        inner = [one for one in probes if one.layer not in subject.heads]
        wanted = [best_inside(inner, concept) for concept in dict.fromkeys(one.concept for one in inner)]
        state = sampled_states(world, samples, seed=seed)
        concepts = labelled(world, state, [one.concept for one in wanted])
        head = action_head(subject)
        found = use_of(
            subject,
            see(world, state, entrant.about.view),
            wanted,
            concepts,
            head=lambda answers: chances(answers[head], head),
            how=How(seed=seed),
            progress=told,
        )
        return known_unused(wanted, found)

    return kept(folder / "uses", tried)


def concepts_of(probes: Probes) -> list[str]:
    """The concepts that all agents were probed for."""
    return [
        name
        for name in dict.fromkeys(one.concept for each in probes.values() for one in each)
        if all(any(one.concept == name for one in each) for each in probes.values())
    ]


def used_by_all(uses: Uses) -> list[str]:
    """The concepts whose use was tried in all agents."""
    return [
        name
        for name in dict.fromkeys(one.concept for each in uses.values() for one in each)
        if all(any(one.concept == name for one in each) for each in uses.values())
    ]


def tests_of_a_pair(probes: Probes, uses: Uses) -> int:
    """How many differences in knowledge and use each pair is tested for."""
    return len(concepts_of(probes)) + len(used_by_all(uses))


def tests(probes: Probes, uses: Uses, pairs: Sequence[tuple[str, str]], *, alpha: float) -> list[Tested]:
    """Every pair and concept: the best layer's score, and what erasing it does."""
    made = []
    for concept in concepts_of(probes):
        for one, other in pairs:
            sides = [best_inside(probes[name], concept) for name in (one, other)]
            made.append(
                Tested(
                    f"reading {concept} ({sides[0].measure})",
                    one,
                    other,
                    (sides[0].score.estimate, sides[1].score.estimate),
                    apart(sides[0].score, sides[1].score, alpha=alpha),
                    share=False,
                    more=f"“{concept}” is read better off {{high}} than off {{low}}",
                    part="knowledge",
                )
            )
    for concept in used_by_all(uses):
        for one, other in pairs:
            rows = [next(row for row in uses[name] if row.concept == concept) for name in (one, other)]
            made.append(
                Tested(
                    f"using {concept}",
                    one,
                    other,
                    (rows[0].effect.estimate, rows[1].effect.estimate),
                    apart(rows[0].effect, rows[1].effect, alpha=alpha),
                    share=False,
                    more=f"changing “{concept}” moves {{high}} more than {{low}}",
                    part="use",
                )
            )
    return made
