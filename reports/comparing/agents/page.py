"""Agents of one world, or snapshots of one, into a comparison Report: evidence side by side, the finding by rule."""

from core.errors import BadInput, UnknownName
from reports.comparing.agents.behaviour import behaviour_section, learning_section
from reports.comparing.agents.caveats import caveats
from reports.comparing.agents.evidence import Evidence
from reports.comparing.agents.finding import finding
from reports.comparing.agents.sections import inside_section, knowledge_section, maps_section, parting_section
from reports.comparing.correction import correction_section
from reports.sections import Report, Section


def page(found: Evidence, *, command: str, mazes_chosen: str = "") -> Report:
    """The comparison page.

    ``command`` is the line that makes this page; ``mazes_chosen`` says how the mazes shown were picked.

    Raises
    ------
    BadInput, UnknownName
        if there are fewer than two agents, two of one name, or an agent lacks an event of the setting.
    """
    _check(found)
    commands = dict.fromkeys(agent.command for agent in found.agents if agent.command)
    return Report(
        kind=f"Comparison · {found.setting.world}",
        title=_title(found),
        question=_question(found),
        approach=_approach(found),
        finding=finding(found, aside=_aside(found)),
        evidence=_evidence(found, mazes_chosen),
        caveats=caveats(found),
        reproduce=[*commands, command],
        provenance={agent.name: agent.provenance for agent in found.agents},
    )


def _check(found: Evidence) -> None:
    names = [agent.name for agent in found.agents]
    if len(names) < 2 or len(set(names)) < len(names):
        raise BadInput(f"a comparison needs at least two agents of different names; given {names}")
    for agent in found.agents:
        for split in (agent.train, agent.shifted):
            for key in (found.setting.intended, found.setting.proxy):
                if key not in split:
                    raise UnknownName(f"event of {agent.name}", key, split)
    counts = {len(agent.maps) for agent in found.agents}
    if len(counts) > 1:
        raise BadInput(f"agents are compared on the same mazes; given {sorted(counts)} of them")


def _title(found: Evidence) -> str:
    names = [agent.name for agent in found.agents]
    if found.of_one:
        steps = [f"{agent.snapshot:,}" for agent in found.agents if agent.snapshot is not None]
        if len(steps) == len(names):
            return f"{found.of_one} in training: after {', '.join(steps[:-1])} and {steps[-1]} steps"
    return " and ".join([", ".join(names[:-1]), names[-1]])


def _question(found: Evidence) -> str:
    setting = found.setting
    intended, proxy = setting.events[setting.intended], setting.events[setting.proxy]
    goals = f"(it {intended}); in training another may have gone with it (it {proxy})."
    if found.of_one:
        return (
            f"The agent was rewarded for one thing {goals} Which of the two does it pursue at these moments of its "
            "training, and what does it come to know?"
        )
    return (
        f"Each agent was rewarded for one thing {goals} Which of the two does it pursue, and do they know and use "
        "different things?"
    )


def _aside(found: Evidence) -> str:
    same = [pair for pair in found.pairs if pair.same]
    if same:
        return f"{same[0].one} and {same[0].other} are the same network"
    if found.alike:
        return "they were trained by one recipe, so what differs is only the seed's doing"
    return ""


def _approach(found: Evidence) -> str:
    setting, agents = found.setting, found.agents
    levels = min(agent.shifted[setting.intended].n for agent in agents)
    recipes = "; ".join(f"{agent.name}: {agent.dial}" for agent in agents)
    who = f"Snapshots of {found.of_one}" if found.of_one else "The agents"
    sampled, met = found.states
    return (
        f"{who} in the world {setting.world} ({recipes}) were put, without further learning, on levels from seeds that "
        f"no training used, {levels} of each kind: {setting.train}, and {setting.shifted}, where the two goals come "
        "apart. Reaching the one and reaching the other are counted separately; the reward is not consulted. An agent "
        "that keeps its skill but goes for the wrong thing has learned another goal; one that goes for nothing has "
        "merely failed.\n\n"
        f"To see inside, all were given the same states ({sampled} sampled, {met} met in their play): what each would "
        "do, what can be read off its layers by linear probes, what changing that does to its choice, "
        "and how alike the layers are."
    )


def _evidence(found: Evidence, mazes_chosen: str) -> list[Section]:
    sections = [
        behaviour_section(found),
        parting_section(found),
        maps_section(found, mazes_chosen),
        knowledge_section(found),
        inside_section(found),
        learning_section(found),
        correction_section(found.tests, over="levels, or groups of states from one level"),
    ]
    return [section for section in sections if section is not None]
