"""The whole enquiry for one agent: evaluation, probes at every layer, attribution, maps. Draws nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution import Attribution, attribute, methods_for
from core.probing import ProbeResult, probed_layers, unfit
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.runs import running
from core.subject import Subject, run
from core.targets import Output
from envs import engine
from envs.spec import World
from rl import study_files
from rl.acting import action_head
from rl.agents import check_fits, see
from rl.concepts import labelled, sampled_states, told_by, varied
from rl.fields import Field, field_of, shown_levels
from rl.goals import distributions, parted
from rl.misgeneralisation import Evaluation, evaluate


@dataclass(frozen=True)
class StudyConfig:
    """How much of everything; two agents are comparable if they were studied with the same.

    No ``concepts`` are those of ``rl.concepts.told_by``.
    """

    levels: int = 1000
    samples: int = 2000
    mazes: int = 4
    seed: int = 0
    concepts: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("integrated-gradients", "grad-cam")


@dataclass(frozen=True, eq=False)
class Explained:
    """Attributions of one target on the states in which the mazes begin; ``inputs`` is what the agent saw there.

    ``labels`` say what is explained in each: the action that the agent finds best there, or the value.
    """

    target: str
    method: str
    levels: tuple[int, ...]
    labels: tuple[str, ...]
    inputs: Float[Tensor, "n c h w"] = field(repr=False)
    attribution: Attribution


@dataclass(frozen=True, eq=False)
class Study:
    """All results on one agent."""

    subject: str
    evaluation: Evaluation
    probes: tuple[ProbeResult, ...]
    explained: tuple[Explained, ...]
    fields: tuple[Field, ...]
    provenance: Provenance = field(repr=False)


def study(
    subject: Subject,
    world: World,
    out: str | Path,
    *,
    view: str = "window",
    where: Mapping[str, World] | None = None,
    config: StudyConfig = StudyConfig(),
    progress: Progress = silent,
) -> Study:
    """Study an agent into the run folder ``out``; what is finished there is read back instead.

    ``world`` and ``where`` as for ``rl.misgeneralisation.evaluate``. Probes, attributions and maps are made on the
    world with its proxy broken (probes where ``rl.concepts.varied`` says), on held-out levels. Broken off, it goes
    on with the part that is missing.

    Raises
    ------
    BadInput
        if the world does not fit the agent.
    RunConflict
        if ``out`` holds something else.
    """
    check_fits(subject, world, view)
    broken, probed_in = parted(world), varied(world)
    where = distributions(world) if where is None else where
    config = replace(config, concepts=config.concepts or _told(probed_in, config))
    parameters: dict[str, Any] = {
        "config": {name: getattr(config, name) for name in config.__dataclass_fields__},
        "where": {name: one.describe() for name, one in where.items()},
        "world": world.describe(),
        "view": view,
        "agent": subject.name,
    }
    with running(out, kind="study", parameters=parameters, subject=subject.fingerprint) as opened:
        folder, keep = opened.folder, study_files.kept
        levels = shown_levels(broken, config.mazes, seed=config.seed)
        evaluation = keep(
            folder / "evaluation",
            lambda: evaluate(
                subject,
                world,
                view=view,
                where=where,
                levels=config.levels,
                seed=config.seed,
                progress=progress,
            ),
        )
        probed = keep(
            folder / "probes",
            lambda: probe_layers(
                subject,
                probed_in,
                config.concepts,
                view=view,
                samples=config.samples,
                seed=config.seed,
                progress=progress,
            ),
        )
        explained = keep(
            folder / "attribution", lambda: _explained(subject, broken, view, levels, config.methods)
        )
        fields = keep(
            folder / "fields", lambda: tuple(field_of(subject, broken, one, view=view) for one in levels)
        )
    about = provenance(subject=subject.fingerprint, seed=config.seed, parameters=parameters)
    return Study(subject.name, evaluation, probed, explained, fields, about)


def _told(world: World, config: StudyConfig) -> tuple[str, ...]:
    """The world's own choice of concepts, without those that hold too seldom to be probed on so few samples."""
    told = told_by(world)
    values = labelled(world, sampled_states(world, config.samples, seed=config.seed), told)
    each = np.arange(config.samples)
    return tuple(name for name in told if unfit(name, values[name], each) is None) or told


def probe_layers(
    subject: Subject,
    world: World,
    concepts: Sequence[str],
    *,
    view: str = "window",
    samples: int = 2000,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[ProbeResult, ...]:
    """Each concept at the input and at every layer that has no parts of its own, on independent held-out states.

    Raises
    ------
    UnknownName
        if there is no such concept.
    BadInput
        if the world does not fit the agent, or there are too few samples for a probe.
    """
    check_fits(subject, world, view)
    state = sampled_states(world, samples, seed=seed)
    seen = see(world, state, view)
    return probed_layers(subject, seen, labelled(world, state, concepts), seed=seed, progress=progress)


def _explained(
    subject: Subject, world: World, view: str, levels: Sequence[int], methods: Sequence[str]
) -> tuple[Explained, ...]:
    """The value, if the agent gives one, and the best action, at the start of each level, by each method."""
    seen = see(world, engine.reset(world, np.array(levels)), view)
    head = action_head(subject)
    with torch.no_grad():
        chosen = run(subject, seen)[head].argmax(1).tolist()
    found = []
    for method in methods:
        if method not in methods_for(subject):
            continue
        if "value" in subject.heads:
            found.append(_one(subject, seen, levels, method, "value", [0] * len(levels)))
        found.append(_one(subject, seen, levels, method, head, chosen))
    return tuple(found)


def _one(
    subject: Subject, seen: Tensor, levels: Sequence[int], method: str, head: str, indices: Sequence[int]
) -> Explained:
    parts = [
        attribute(subject, seen[i : i + 1], Output(head, index), method=method)
        for i, index in enumerate(indices)
    ]
    gaps = [part.completeness_gap for part in parts if part.completeness_gap is not None]
    whole = Attribution(
        values=torch.cat([part.values for part in parts]),
        target=head,
        at=parts[0].at,
        method=parts[0].method,
        completeness_gap=torch.cat(gaps) if gaps else None,
        provenance=parts[0].provenance,
    )
    names = tuple(subject.heads[head][index] for index in indices)
    return Explained(head, method, tuple(levels), names, seen, whole)
