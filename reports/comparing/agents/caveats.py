"""The caveats that the numbers of a comparison of agents call for."""

from collections.abc import Iterator, Sequence

from reports.comparing.agents.evidence import AgentEvidence, Evidence, Setting
from reports.comparing.doubts import always, derived, failed_sanity, few_seeds, low_power
from reports.figures import amount, percent

FEW_LEVELS = 100

SWAPPED = (
    "Whether a concept is used is told by swapping it along the probe's directions at one layer: a network that keeps "
    "it twice, or not along a line, would seem not to use it; and a concept that goes with one that is "
    "used, to be used."
)
"""What holds of every verdict on use."""


def caveats(found: Evidence) -> list[str]:
    """What the numbers themselves warn of; the last ones hold for every such page."""
    agents, setting = found.agents, found.setting
    return derived(
        _seeds(found),
        (text for agent in agents for text in _weaknesses(agent, setting)),
        _unlike(agents),
        (note for agent in agents for note in agent.notes),
        failed_sanity(found.failed, method=found.method) if found.method else "",
        _misled(agents),
        low_power(found.tests),
        setting.caveat,
        always(),
    )


def _seeds(found: Evidence) -> str:
    if found.of_one:
        return (
            f"One training run: what {found.of_one} went through in training another seed may not, or at another time. "
            "The intervals cover the choice of levels, not the choice of seed."
        )
    if found.alike:
        return (
            f"All were trained by one recipe with {len(found.agents)} seeds: what differs here is the "
            "seed's doing, and "
            "what does not differ says nothing of other recipes."
        )
    return few_seeds(min(len(agent.seeds) for agent in found.agents), of="recipe", redrawn="levels")


def _weaknesses(agent: AgentEvidence, setting: Setting) -> Iterator[str]:
    skill = agent.train[setting.intended]
    if setting.counted:
        yield from _unskilled(agent, setting)
    elif skill.high < 0.9:
        yield (
            f"{agent.name} {setting.events[setting.intended]} on only {percent(skill)} of {setting.train}: where it "
            f"fails, lack of skill is as good an explanation as another goal."
        )
    levels = min(value.n for value in agent.shifted.values())
    if levels < FEW_LEVELS:
        yield f"{agent.name} was tried on only {levels} of {setting.shifted}, so its intervals are wide."
    unread = [
        concept
        for concept in dict.fromkeys(one.concept for one in agent.probes)
        if not any(one.known for one in agent.probes if one.concept == concept)
    ]
    if unread:
        listed = ", ".join(unread)
        yield f"In {agent.name} probes do no better at any layer than their control tasks for: {listed}."


def _unskilled(agent: AgentEvidence, setting: Setting) -> Iterator[str]:
    """Where events are counted there is no full mark but the ceiling's."""
    for ceiling in agent.yardsticks[:1]:
        own, best = agent.train[setting.intended], ceiling.train[setting.intended]
        if own.high < 0.9 * best.estimate:
            yield (
                f"{agent.name} {setting.events[setting.intended]} {amount(own, True)} times a level on "
                f"{setting.train}, where {ceiling.name} gets {amount(best, True)}: where it falls short elsewhere, "
                f"lack of skill is as good an explanation as another goal."
            )


def _unlike(agents: Sequence[AgentEvidence]) -> str:
    kinds = {agent.name: agent.kind for agent in agents if agent.kind}
    if len(set(kinds.values())) < 2:
        return ""
    said = "; ".join(f"{name}: {kind}" for name, kind in kinds.items())
    return f"The agents differ in more than their levels ({said}): what differs may be that's doing."


def _misled(agents: Sequence[AgentEvidence]) -> str:
    return SWAPPED if any(agent.used for agent in agents) else ""
