"""Two or more agents of one world into a comparison Report: evidence side by side, the finding by rule."""

from collections.abc import Sequence
from itertools import zip_longest

from core.errors import BadInput, UnknownName
from core.uncertainty import Interval
from reports.caveats import caveats
from reports.evidence import SKILL, AgentEvidence, Setting, Yardstick, probe_curves
from reports.figures import Proportion, amount, learning_curves, probe_scores, proportions
from reports.finding import Contest, finding
from reports.maps import MazeMap, attribution_overlays, maze_maps
from reports.sections import Report, Section, Table


def compare(
    agents: Sequence[AgentEvidence], setting: Setting, *, command: str, mazes_chosen: str = ""
) -> Report:
    """The comparison page of agents trained in one world.

    ``command`` is the line that makes this page; ``mazes_chosen`` says how the mazes shown were picked.

    Raises
    ------
    BadInput, UnknownName
        if there are fewer than two agents, two of one name, or an agent lacks an event of the setting.
    """
    _check(agents, setting)
    names = [agent.name for agent in agents]
    intended, proxy = setting.events[setting.intended], setting.events[setting.proxy]
    return Report(
        kind=f"Comparison · {setting.world}",
        title=" and ".join([", ".join(names[:-1]), names[-1]]),
        question=(
            f"Each agent was rewarded for one thing (it {intended}); in training another may have gone with it "
            f"(it {proxy}). Which of the two does it pursue?"
        ),
        approach=_approach(agents, setting),
        finding=finding(
            _contests(agents, setting),
            setting.train,
            setting.shifted,
            (intended, proxy),
            counted=setting.counted,
        ),
        evidence=_evidence(agents, setting, mazes_chosen),
        caveats=caveats(agents, setting),
        reproduce=[*(agent.command for agent in agents), command],
        provenance={agent.name: agent.provenance for agent in agents},
    )


def _check(agents: Sequence[AgentEvidence], setting: Setting) -> None:
    names = [agent.name for agent in agents]
    if len(agents) < 2 or len(set(names)) < len(names):
        raise BadInput(f"a comparison needs at least two agents of different names; given {names}")
    for agent in agents:
        for split in (agent.train, agent.shifted):
            for key in (setting.intended, setting.proxy):
                if key not in split:
                    raise UnknownName(f"event of {agent.name}", key, split)
    counts = {len(agent.maps) for agent in agents}
    if len(counts) > 1:
        raise BadInput(f"agents are compared on the same mazes; given {sorted(counts)} of them")


def _contests(agents: Sequence[AgentEvidence], setting: Setting) -> list[Contest]:
    return [
        Contest(
            agent.name,
            agent.train[setting.intended],
            agent.shifted[setting.intended],
            agent.train[setting.proxy],
            agent.shifted[setting.proxy],
            agent.train.get(SKILL) if setting.counted else None,
        )
        for agent in agents
    ]


def _approach(agents: Sequence[AgentEvidence], setting: Setting) -> str:
    recipes = "; ".join(f"{agent.name}: {agent.dial}" for agent in agents)
    levels = min(agent.shifted[setting.intended].n for agent in agents)
    return (
        f"The agents learned in the world {setting.world} by recipes that differ in one dial ({recipes}). Each was "
        f"then put, without further learning, on levels from seeds that no training used, {levels} of "
        f"each kind: {setting.train}, where the two goals mostly agree, and {setting.shifted}, where they "
        f"come apart. Reaching the one and reaching the other are counted separately; the reward is not consulted.\n\n"
        f"An agent that keeps its skill but goes for the wrong thing has learned another goal; one that goes for "
        f"nothing has merely failed. To see inside, the value and the action are asked for in every cell, "
        f"linear probes are fitted to every layer, and the decision is attributed to the input."
    )


def _evidence(agents: Sequence[AgentEvidence], setting: Setting, mazes_chosen: str) -> list[Section]:
    sections = [_behaviour(agents, setting)]
    if agents[0].maps:
        sections.append(_mazes(agents, setting, mazes_chosen))
    if any(agent.probes for agent in agents):
        sections.append(_knowledge(agents))
    if any(agent.attributions for agent in agents):
        sections.append(_attention(agents))
    curves = [agent.curve for agent in agents if agent.curve is not None]
    if curves:
        chart = learning_curves(
            curves,
            title="Success during training",
            caption=f"{_share(setting)} the agent {setting.events[setting.intended]}, while it trained.",
            measure="times a level" if setting.counted else "success",
            counted=setting.counted,
        )
        sections.append(Section("How they learned", figures=[chart]))
    return sections


def _behaviour(agents: Sequence[AgentEvidence], setting: Setting) -> Section:
    splits = (("train", setting.train), ("shifted", setting.shifted))
    rows = [
        Proportion(_upper(phrase), _upper(words), agent.name, getattr(agent, split)[key])
        for split, phrase in splits
        for key, words in setting.events.items()
        for agent in agents
        if key in getattr(agent, split)
    ]
    players: list[AgentEvidence | Yardstick] = [*agents, *agents[0].yardsticks]
    chart = proportions(
        rows,
        title="How often each goal was reached",
        caption=f"{'Mean count a held-out level' if setting.counted else 'Share of held-out levels'}, "
        "with 95 % intervals over levels.",
        counted=setting.counted,
    )
    table = Table(
        ["agent", "levels", *(_upper(words) for words in setting.events.values()), setting.steps],
        [
            [agent.name, phrase]
            + [
                amount(getattr(agent, split)[key], setting.counted) if key in getattr(agent, split) else None
                for key in setting.events
            ]
            + [_steps(agent.steps.get(split))]
            for split, phrase in splits
            for agent in players
        ],
        caption="The same numbers, how long the episodes took, and what ceiling and floor do on the same levels.",
    )
    return Section("What they do", figures=[chart], tables=[table])


def _share(setting: Setting) -> str:
    return "How often in an episode" if setting.counted else "Share of episodes in which"


def _mazes(agents: Sequence[AgentEvidence], setting: Setting, chosen: str) -> Section:
    figures = [
        maze_maps(
            maps,
            title=f"{_upper(setting.thing)} {index}",
            caption=_drawn(maps),
        )
        for index, maps in enumerate(zip(*(agent.maps for agent in agents), strict=True), 1)
    ]
    text = f"Every agent on the same {setting.thing}s. {chosen}".strip()
    return Section("What they would do anywhere", text=text, figures=figures)


def _drawn(maps: Sequence[MazeMap]) -> str:
    scored = " and ".join(one.subject for one in maps if one.best)
    best = f" For {scored}, trained to score actions: the best one, and what it is worth." if scored else ""
    return f"Colour: the value the agent expects from each cell. Arrows: where its policy would go.{best}"


def _knowledge(agents: Sequence[AgentEvidence]) -> Section:
    curves = {agent.name: probe_curves(agent) for agent in agents}
    measures = {result.concept: result.measure for agent in agents for result in agent.probes}
    figures = [
        probe_scores(
            [curves[agent.name][concept] for agent in agents if concept in curves[agent.name]],
            title=f"Reading “{concept}” off each layer",
            caption="Linear probe, scored on levels it was not fitted to, 95 % intervals; hollow: on shuffled labels.",
            measure=measure,
        )
        for concept, measure in measures.items()
    ]
    return Section("What they know", figures=figures)


def _attention(agents: Sequence[AgentEvidence]) -> Section:
    # A network without maps has no Grad-CAM, one without a value none of that: some agents have fewer.
    beside = zip_longest(*(agent.attributions for agent in agents))
    overlays = [one for group in beside for one in group if one is not None]
    chart = attribution_overlays(
        overlays,
        title="What counted for the decision",
        caption="Above: the input. Below: what spoke for it (orange) and against it (blue), each map to its own scale.",
    )
    return Section("What they look at", figures=[chart])


def _steps(value: Interval | None) -> str | None:
    return f"{value.estimate:.1f} [{value.low:.1f}, {value.high:.1f}]" if value else None


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
