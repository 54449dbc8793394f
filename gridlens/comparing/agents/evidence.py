"""What was found of an agent or a pair as the evidence that the page shows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.probing import Knowledge
from core.uncertainty import Interval
from envs.spec import World
from gridlens.comparing.agents.entrants import Entrant
from gridlens.comparing.agents.playing import Played, over_dial
from gridlens.words import words_of
from reports.comparing.agents.evidence import SKILL, AgentEvidence, Setting, Yardstick
from reports.figures import Curve
from reports.maps import MazeMap
from rl.agents import AgentInfo
from rl.fields import Field
from rl.goals import event, goals_of
from rl.misgeneralisation import Evaluation, Outcome
from rl.players import PROXY, RANDOM
from rl.study import Study
from rl.training import AgentFolder

REACHED = {"goal": "goal", "proxy": "proxy", "proxy_first": "proxy_first"}
COUNTED = {"goals": "goal", "proxies": "proxy"}
"""The measures of ``rl.measures.MEASURES`` that the page shows, and the words for each: where goal and proxy
are places it is whether they were reached, elsewhere how often."""


def setting(training: World, shifted: World, *, dial: str = "", values: tuple[str, ...] = ()) -> Setting:
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
        dial=dial,
        values=values,
    )


def _measures(world: World) -> Mapping[str, str]:
    return COUNTED if goals_of(world).places is None else REACHED


def evidence(
    entrant: Entrant, found: Study, played: Played, told: Setting, *, used: Sequence[Knowledge] = ()
) -> AgentEvidence:
    """All that the page shows of one agent."""
    about = entrant.about
    train, shifted = found.evaluation.of("training"), found.evaluation.of("shifted")
    measures = [*told.events, *([SKILL] if told.counted else [])]
    return AgentEvidence(
        name=entrant.name,
        command=entrant.command,
        dial=f"trained on {words_of(about.world).levels(about.world)}" + _up_to(entrant),
        seeds=[about.seed],
        train=_shown(train, about.world),
        shifted=_shown(shifted, about.world),
        provenance=found.evaluation.provenance,
        over=over_dial(played, measures)[1],
        steps={"train": train.measures["steps"], "shifted": shifted.measures["steps"]},
        curve=None if entrant.folder is None else _curve(entrant.folder, about, entrant.name),
        probes=found.probes,
        used=used,
        maps=[maze_map(one) for one in found.fields],
        notes=_notes(entrant),
        snapshot=entrant.steps,
        yardsticks=[
            yardstick(found.evaluation, player, about.world) for player in yardstick_players(about.world)
        ],
        kind=f"{about.algorithm}, {about.network}, view {about.view}",
    )


def _up_to(entrant: Entrant) -> str:
    return "" if entrant.steps is None else f", {entrant.steps:,} steps so far"


def _notes(entrant: Entrant) -> list[str]:
    found = [f"{entrant.name}: {note}" for note in entrant.notes]
    if "q" in entrant.subject.heads:
        found.append(
            f"{entrant.name} scores actions instead of giving them chances: where probabilities are shown it takes the "
            "action it scores best, and now and then any other; its value is what its best action is worth."
        )
    if getattr(entrant.subject.module, "memory", None) is not None:
        found.append(
            f"{entrant.name} has a memory: in single states it is asked as if it had just begun, which it never is."
        )
    return found


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


def _curve(folder: Path, about: AgentInfo, name: str) -> Curve | None:
    rows = AgentFolder(folder).curve
    reached = _measures(about.world) is REACHED
    column = f"heldout_{'goal' if reached else event(about.world, 'intended').replace(' ', '_')}"
    if not rows or column not in rows[0]:
        return None
    steps = np.array([row["steps"] for row in rows])
    return Curve(name, steps, np.array([row[column] for row in rows]))


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
