"""A finished study of an agent as the evidence that a comparison page shows."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.runs import read_manifest
from core.uncertainty import Interval
from envs.pictures.seen import picture
from envs.spec import World
from gridlens.words import words_of
from reports.evidence import SKILL, AgentEvidence, Setting, Yardstick
from reports.figures import Curve
from reports.maps import MazeMap, Overlay
from rl.agents import AgentInfo
from rl.fields import Field
from rl.goals import event, goals_of
from rl.misgeneralisation import Evaluation, Outcome
from rl.players import PROXY, RANDOM
from rl.study import Explained, Study
from rl.training import AgentFolder

REACHED = {"goal": "goal", "proxy": "proxy", "proxy_first": "proxy_first"}
COUNTED = {"goals": "goal", "proxies": "proxy"}
"""The measures of ``rl.measures.MEASURES`` that the page shows, and the words for each: where goal and proxy
are places it is whether they were reached, elsewhere how often."""


def setting(training: World, shifted: World) -> Setting:
    """The words of the page: ``training`` is where goal and proxy go together, ``shifted`` where they do not."""
    words, measures = words_of(training), _measures(training)
    intended, proxy = list(measures)[:2]
    return Setting(
        world=training.name,
        events={name: getattr(words, phrase) for name, phrase in measures.items()},
        intended=intended,
        proxy=proxy,
        train=words.levels(training),
        shifted=words.levels(shifted),
        caveat=words.caveat(training),
        counted=measures is COUNTED,
        thing=words.thing,
    )


def _measures(world: World) -> Mapping[str, str]:
    return COUNTED if goals_of(world).places is None else REACHED


def evidence(folder: Path, about: AgentInfo, found: Study) -> AgentEvidence:
    """All that the page shows of one agent."""
    manifest = read_manifest(folder)
    train, shifted = found.evaluation.of("training"), found.evaluation.of("shifted")
    return AgentEvidence(
        name=about.name,
        command=manifest["command"],
        dial=f"trained on {words_of(about.world).levels(about.world)}",
        seeds=[manifest["seeds"]["train"]],
        train=_shown(train, about.world),
        shifted=_shown(shifted, about.world),
        provenance=found.evaluation.provenance,
        steps={"train": train.measures["steps"], "shifted": shifted.measures["steps"]},
        curve=_curve(folder, about),
        probes=found.probes,
        maps=[maze_map(one) for one in found.fields],
        attributions=[overlay for one in found.explained for overlay in overlays(one, about, found.subject)],
        largest_gap=largest_gap(found.explained),
        yardsticks=[
            yardstick(found.evaluation, player, about.world) for player in yardstick_players(about.world)
        ],
    )


def yardstick_players(world: World) -> list[str]:
    """Ceiling and floor; where goal and proxy are counted, between them somebody who is after the proxy."""
    known = goals_of(world)
    return [known.ceiling, *([PROXY] if known.places is None else []), RANDOM]


def yardstick(evaluation: Evaluation, player: str, world: World) -> Yardstick:
    """A yardstick as the page shows it."""
    train, shifted = evaluation.of("training", player), evaluation.of("shifted", player)
    steps = {"train": train.measures["steps"], "shifted": shifted.measures["steps"]}
    return Yardstick(player, _shown(train, world), _shown(shifted, world), steps)


def _shown(outcome: Outcome, world: World) -> dict[str, Interval]:
    names = [*_measures(world), *([SKILL] if _measures(world) is COUNTED else [])]
    return {name: outcome.measures[name] for name in names if name in outcome.measures}


def _curve(folder: Path, about: AgentInfo) -> Curve:
    rows = AgentFolder(folder).curve
    steps = np.array([row["steps"] for row in rows])
    reached = _measures(about.world) is REACHED
    column = "goal" if reached else event(about.world, "intended").replace(" ", "_")
    return Curve(about.name, steps, np.array([row[f"heldout_{column}"] for row in rows]))


def maze_map(one: Field) -> MazeMap:
    """A Field as the page draws it."""
    return MazeMap(
        subject=one.subject,
        frame=one.frame,
        values=one.values,
        moves=one.moves,
        path=one.path,
        marks=one.marks,
        note=f"level {one.level}",
        best=one.head == "q",
    )


def overlays(one: Explained, about: AgentInfo, subject: str, *, most: int = 1) -> list[Overlay]:
    """The attributions of the first ``most`` states as the page draws them."""
    heat = one.attribution.heatmap().cpu().numpy()
    return [
        Overlay(
            subject=subject,
            image=picture(about.world, one.inputs[i].numpy(), about.view) / 255,
            attribution=heat[i],
            note=f"{one.method.replace('-', ' ')}, {one.target if one.target == 'value' else one.labels[i]}",
        )
        for i in range(min(most, len(one.levels)))
    ]


def largest_gap(explained: tuple[Explained, ...]) -> float | None:
    """The largest completeness gap beside the largest promised sum of its map, over all maps."""
    shares = []
    for one in explained:
        gap = one.attribution.completeness_gap
        if gap is not None:
            sums = one.attribution.values.flatten(1).sum(1) - gap
            shares.append(float((gap.abs() / sums.abs().clamp(min=0.1)).max()))
    return max(shares, default=None)
