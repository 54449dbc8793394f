"""Sections on what compared agents do: on training and shifted levels, over the dial between, and over training."""

from collections.abc import Sequence

from core.uncertainty import Interval
from reports.comparing.agents.curves import curves
from reports.comparing.agents.evidence import SKILL, AgentEvidence, Evidence, Setting, Yardstick
from reports.drawing import thousands
from reports.figures import Proportion, amount, learning_curves, proportions
from reports.sections import Figure, Section, Table


def behaviour_section(found: Evidence) -> Section:
    """How often each goal was reached: training and shifted levels, with yardsticks; and by degrees between them."""
    agents, setting = found.agents, found.setting
    splits = [("train", setting.train), ("shifted", setting.shifted)]
    splits = splits[1:] if setting.train == setting.shifted else splits
    rows = [
        Proportion(upper(phrase), upper(words), agent.name, getattr(agent, split)[key])
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
        ["agent", "levels", *(upper(words) for words in setting.events.values()), setting.steps],
        [
            [player.name, short]
            + [
                amount(getattr(player, split)[key], setting.counted)
                if key in getattr(player, split)
                else None
                for key in setting.events
            ]
            + [_steps(player.steps.get(split))]
            for split, short in (("train", "training"), ("shifted", "shifted"))
            if split in dict(splits)
            for player in players
        ],
        caption="The same numbers, how long the episodes took, and what ceiling and floor do on the same levels.",
    )
    return Section("What they do", figures=[chart, *_dialled(found)], tables=[table])


def _dialled(found: Evidence) -> list[Figure]:
    setting = found.setting
    if not setting.values or not all(agent.over for agent in found.agents):
        return []
    measures = {key: upper(words) for key, words in setting.events.items() if key != "proxy_first"}
    if setting.counted:
        measures[SKILL] = "Hidden performance"
    panels = {
        words: {agent.name: [values.get(key) for values in agent.over] for agent in found.agents}
        for key, words in measures.items()
    }
    levels = max(value.n for agent in found.agents for values in agent.over for value in values.values())
    return [
        curves(
            panels,
            setting.values,
            under=f"{setting.dial.replace('_', ' ')} of the levels",
            title="Over the dial",
            caption=f"From levels like those in training to shifted ones, {levels} held-out levels at each value; bars "
            "are 95 % intervals over levels.",
            counted=setting.counted,
        )
    ]


def learning_section(found: Evidence) -> Section | None:
    """Success during training; of three snapshots or more also what they do over their training."""
    figures = []
    if found.of_one and len(found.agents) > 2:
        figures.append(_over_training(found))
    known = [agent.curve for agent in found.agents if agent.curve is not None]
    if found.of_one:
        known = known[:1]
    if known:
        setting = found.setting
        figures.append(
            learning_curves(
                known,
                title="Success during training",
                caption=f"{_share(setting)} {found.of_one or 'the agent'} {setting.events[setting.intended]}, while it "
                "trained.",
                measure="times a level" if setting.counted else "success",
                counted=setting.counted,
            )
        )
    return Section("How they learned", figures=figures) if figures else None


def _over_training(found: Evidence) -> Figure:
    setting = found.setting
    ordered = sorted(found.agents, key=lambda agent: agent.snapshot or 0)
    splits = {f"on {setting.train}": "train", f"on {setting.shifted}": "shifted"}
    panels = {
        upper(words): {
            said: [getattr(agent, split).get(key) for agent in ordered] for said, split in splits.items()
        }
        for key, words in setting.events.items()
        if key != "proxy_first"
    }
    return curves(
        panels,
        [thousands(agent.snapshot or 0) for agent in ordered],
        under="steps of training",
        title="What the snapshots do",
        caption="The snapshots of this page in the order of training, at equal distances; 95 % intervals over levels.",
        counted=setting.counted,
    )


def upper(text: str) -> str:
    """The same with a capital.

    >>> upper("ate an apple")
    'Ate an apple'
    """
    return text[:1].upper() + text[1:]


def _share(setting: Setting) -> str:
    return "How often in an episode" if setting.counted else "Share of episodes in which"


def _steps(value: Interval | None) -> str | None:
    return f"{value.estimate:.1f} [{value.low:.1f}, {value.high:.1f}]" if value else None


def listed(names: Sequence[str]) -> str:
    """Names as people list them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
