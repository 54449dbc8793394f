"""How alike agents are inside: CKA between layers, units matched beside chance, both on states that both are shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.progress import Progress
from core.similarity import CkaMatrix, Shown, cka_matrix
from core.store.images import held
from envs.state import take
from gridlens.comparing.agents.entrants import Entrant
from gridlens.comparing.agents.parting import Pool
from gridlens.comparing.representation import depth_layers
from gridlens.matching.measuring import Compared, best_of_each, compared
from gridlens.patching.measuring import usual_layers
from rl.agents import see
from rl.study_files import kept

STATES = 512
"""States over which layers are compared, at most."""
BATCH = 16
MOST_PAIRS = 3
"""Pairs that are looked into; of more, the first."""
LEAST_BATCHES = 8


@dataclass(frozen=True, eq=False)
class Inside:
    """Two agents inside: CKA of their layers, and each layer of the one with the most like layer of the other."""

    one: str
    other: str
    cka: CkaMatrix = field(repr=False)
    best: Sequence[Compared] = field(repr=False)
    same: bool


def insides(
    found: Sequence[Entrant],
    pool: Pool,
    pairs: Sequence[tuple[str, str]],
    folder: Path,
    *,
    seed: int,
    progress: Progress,
) -> list[Inside]:
    """The first pairs, kept in the run folder as they are made; none where there are too few states."""
    count = min(STATES, pool.sampled)
    if count < LEAST_BATCHES * BATCH:
        return []
    by_name = {one.name: one for one in found}
    states = take(pool.state, slice(0, count))
    images = {
        name: held(see(pool.world, states, by_name[name].about.view))
        for name in dict.fromkeys(name for pair in pairs[:MOST_PAIRS] for name in pair)
    }
    made = []
    for number, (one, other) in enumerate(pairs[:MOST_PAIRS]):
        place = folder / "found" / f"pair-{number}"
        sides = [Shown(by_name[name].subject, images[name]) for name in (one, other)]

        def told(done: int, total: int, label: str, said: str = f"{one} and {other}") -> None:
            progress(done, total, f"{said}: {label}")

        table = kept(place / "cka", lambda sides=sides: _cka(sides, seed, told))  # type: ignore[misc]
        layers = [usual_layers(side.subject) for side in sides]
        across = [(a, b) for a in layers[0] for b in layers[1]]
        every = compared(sides[0], sides[1], across, place, top=1, seed=seed, progress=told)
        same = sides[0].subject.fingerprint == sides[1].subject.fingerprint
        made.append(Inside(one, other, table, best_of_each(every), same))
    return made


def _cka(sides: Sequence[Shown], seed: int, progress: Progress) -> CkaMatrix:
    one, other = sides
    return cka_matrix(
        one.subject,
        one.images,
        depth_layers(one.subject),
        other=other,
        other_layers=depth_layers(other.subject),
        batch_size=BATCH,
        seed=seed,
        progress=progress,
    )
