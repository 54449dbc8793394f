"""learning(): every moment of an agent's training probed, used and played, kept moment by moment on disk."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.faithfulness import randomised
from core.probing import How, Labelled, ProbeResult, Use, probed_layers, probes, use_of
from core.probing.layers import INPUT, leaves
from core.progress import Progress, silent
from core.provenance import fingerprint, provenance
from core.runs import running
from core.subject import Subject
from envs.spec import World
from envs.state import State
from rl import study_files
from rl.acting import action_head, chances
from rl.agents import check_fits, see
from rl.concepts import chosen, labelled, sampled_states, varied
from rl.goals import parted
from rl.learning.alike import going_together
from rl.learning.behaviour import behaviour
from rl.learning.misreading import misread
from rl.learning.result import Learning, Misread, most_learned
from rl.misgeneralisation import Outcome


@dataclass(frozen=True)
class LearningConfig:
    """How much of everything. No ``concepts`` are those of ``rl.concepts.told_by``.

    ``states`` are probed, in the first ``changed`` each concept is exchanged, ``levels`` are played at every moment.
    """

    concepts: tuple[str, ...] = ()
    states: int = 20_000
    changed: int = 1_000
    levels: int = 200
    seed: int = 0


@dataclass(frozen=True, eq=False)
class _Asked:
    """The states that all moments are asked about, and what they hold; where the agents are put to play."""

    world: World
    played: World
    view: str
    state: State
    seen: Float[Tensor, "n c h w"]
    concepts: Mapping[str, Labelled]
    config: LearningConfig


def learning(
    agents: Mapping[int, Subject],
    world: World,
    out: str | Path,
    *,
    view: str = "window",
    config: LearningConfig = LearningConfig(),
    progress: Progress = silent,
) -> Learning:
    """When an agent came to know what its world's states hold, whether it uses it, and what it did meanwhile.

    ``agents`` are one agent by steps of training (``rl.learning.through_training``), or only one of them; ``world`` is
    the one that they were trained in. All moments are probed on the same states, in which goal and proxy part
    (``rl.concepts.varied``), each from a level of its own that no training used, and play the same levels of
    ``rl.goals.parted``. Broken off, it goes on with the moments that are missing in the run folder ``out``.
    [mcgrath2022]

    Raises
    ------
    BadInput
        if the world does not fit the agents, there are too few states, or a concept does not vary in them.
    UnknownName
        if the world has no such concept.
    RunConflict
        if ``out`` holds something else.
    """
    for subject in agents.values():
        check_fits(subject, world, view)
    agents = dict(sorted(agents.items()))
    where = varied(world)
    table = chosen(where, config.concepts)
    names = list(table)
    state = sampled_states(where, config.states, seed=config.seed)
    concepts = labelled(where, state, names, table)
    asked = _Asked(where, parted(world), view, state, see(where, state, view), concepts, config)
    parameters = {
        "config": asdict(config) | {"concepts": names},
        "world": world.describe(),
        "view": view,
        "steps": list(agents),
        "agent": agents[max(agents)].name,
    }
    data = fingerprint(
        *(one.values for one in concepts.values())
    )  # a concept of the user's own may have changed
    weights = fingerprint(*(subject.fingerprint for subject in agents.values()))
    with running(out, kind="learning", parameters=parameters, subject=weights, data=data) as opened:
        parts = _made(agents, asked, opened.folder, progress)
    return Learning(
        subject=agents[max(agents)].name,
        steps=tuple(agents),
        concepts=tuple(names),
        layers=leaves(agents[max(agents)]),
        hidden=hidden(agents[max(agents)]),
        alike=going_together(concepts),
        provenance=provenance(subject=weights, seed=config.seed, parameters=parameters),
        **parts,
    )


def _made(
    agents: Mapping[int, Subject], asked: _Asked, folder: Path, progress: Progress
) -> dict[str, tuple[Any, ...]]:
    """The parts of the result, each read back where it was made before."""
    last = max(agents)
    told = _counted(progress, 2 * len(agents) + 5, agents[last].name)

    def keep(name: str, label: str, make: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
        told(label)
        return study_files.kept(folder / name, make)

    given = keep("input", "probing the input", lambda: _given(asked))
    beside = keep(
        "untrained",
        "probing the untrained network",
        lambda: _read(randomised(agents[last], seed=asked.config.seed), (), asked),
    )
    reads = {
        steps: keep(
            f"probes-{steps:010d}", f"probing at {steps:,} steps", partial(_read, subject, beside, asked)
        )
        for steps, subject in agents.items()
    }
    best = {name: most_learned(reads[last], name, hidden(agents[last])) for name in asked.concepts}
    uses = {
        steps: keep(
            f"uses-{steps:010d}",
            f"exchanging concepts at {steps:,} steps",
            partial(_used, subject, reads[steps], None if steps == last else best, asked),
        )
        for steps, subject in agents.items()
    }
    played = keep("behaviour", "playing through training", lambda: _played(agents, asked))
    wrong = keep("misread", "looking at what is misread", lambda: _misread(agents[last], last, best, asked))
    told("done")
    return {
        "given": given,
        "untrained": beside,
        "reads": tuple(reads.values()),
        "uses": tuple(uses.values()),
        "outcomes": played,
        "misread": wrong,
    }


def hidden(subject: Subject) -> tuple[str, ...]:
    """The layers that answer nothing themselves.

    >>> from rl.agents import load
    >>> hidden(load("monster-25"))
    ('hidden1', 'relu1', 'hidden2', 'relu2')
    """
    return tuple(name for name in leaves(subject) if name.rpartition(".")[2] not in subject.heads)


def _given(asked: _Asked) -> tuple[ProbeResult, ...]:
    return probes({INPUT: asked.seen}, asked.concepts, seed=asked.config.seed)


def _read(subject: Subject, untrained: tuple[ProbeResult, ...], asked: _Asked) -> tuple[ProbeResult, ...]:
    return probed_layers(
        subject,
        asked.seen,
        asked.concepts,
        layers=leaves(subject),
        untrained=untrained or False,
        seed=asked.config.seed,
    )


def _used(
    subject: Subject, reads: tuple[ProbeResult, ...], best: Mapping[str, str] | None, asked: _Asked
) -> tuple[Use, ...]:
    """Each concept exchanged at the layer where training added most; at the end itself at all layers."""
    count = min(asked.config.changed, len(asked.seen))
    few = {name: Labelled(one.kind, one.values[:count]) for name, one in asked.concepts.items()}
    chosen = [one for one in reads if best is None or best[one.concept] == one.layer]
    head = action_head(subject)
    return use_of(
        subject,
        asked.seen[:count],
        chosen,
        few,
        head=lambda answers: chances(answers[head], head),
        how=How(seed=asked.config.seed),
    )


def _played(agents: Mapping[int, Subject], asked: _Asked) -> tuple[Outcome, ...]:
    config = asked.config
    found = behaviour(agents, asked.played, view=asked.view, levels=config.levels, seed=config.seed)
    return tuple(found.values())


def _misread(subject: Subject, steps: int, best: Mapping[str, str], asked: _Asked) -> tuple[Misread, ...]:
    layers = capture(subject, asked.seen, sorted(set(best.values())))
    wanted = {name: (best[name], asked.concepts[name]) for name in best}
    return misread(layers, wanted, asked.world, asked.state, steps=steps, seed=asked.config.seed)


def _counted(progress: Progress, total: int, name: str) -> Callable[[str], None]:
    """A function that tells what is begun with an agent, and that one more of ``total`` things is done."""
    done = iter(range(total))
    return lambda label: progress(next(done), total - 1, f"{name} · {label}")
