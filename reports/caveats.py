"""The caveats that a comparison's own numbers call for."""

from collections.abc import Sequence

from reports.evidence import AgentEvidence, Setting, probe_curves
from reports.figures import amount, percent
from reports.finding import apart


def caveats(agents: Sequence[AgentEvidence], setting: Setting) -> list[str]:
    """What the numbers themselves warn of; the last two hold for every such page."""
    found = []
    if min(len(agent.seeds) for agent in agents) < 3:
        fewest = min(len(agent.seeds) for agent in agents)
        runs = "one training run" if fewest == 1 else f"{fewest} training runs"
        found.append(
            f"Only {runs} of each recipe: what differs between these agents may be their seeds' doing as much as "
            f"their recipes'. The intervals cover the choice of levels, not the choice of seed."
        )
    for agent in agents:
        found += _weaknesses(agent, setting)
    if setting.caveat:
        found.append(setting.caveat)
    found.append(
        "A difference is claimed where two 95 % intervals do not overlap. That is stricter than a test at 5 %, so "
        "“no difference” also means: none large enough for this many levels."
    )
    if any(agent.probes for agent in agents):
        found.append("A probe says what can be read off a layer, not that the agent uses it.")
    return found


def _weaknesses(agent: AgentEvidence, setting: Setting) -> list[str]:
    found = []
    skill = agent.train[setting.intended]
    if setting.counted:
        found += _unskilled(agent, setting)
    elif skill.high < 0.9:
        found.append(
            f"{agent.name} {setting.events[setting.intended]} on only {percent(skill)} of {setting.train}: where it "
            f"fails, lack of skill is as good an explanation as another goal."
        )
    levels = min(value.n for value in agent.shifted.values())
    if levels < 100:
        found.append(
            f"{agent.name} was tried on only {levels} of {setting.shifted}, so its intervals are wide."
        )
    for concept, curve in probe_curves(agent).items():
        if not any(
            apart(score, control) for score, control in zip(curve.scores, curve.controls, strict=True)
        ):
            found.append(
                f"In {agent.name} the probe for {concept} does no better at any layer than its control task."
            )
    if agent.largest_gap is not None and agent.largest_gap > 0.05:
        found.append(
            f"Attributions of {agent.name} miss what they should sum to by up to {100 * agent.largest_gap:.0f} %; "
            f"take their strengths as rough."
        )
    return found


def _unskilled(agent: AgentEvidence, setting: Setting) -> list[str]:
    """Where events are counted there is no full mark but the ceiling's."""
    found = []
    for ceiling in agent.yardsticks[:1]:
        own, best = agent.train[setting.intended], ceiling.train[setting.intended]
        if own.high < 0.9 * best.estimate:
            found.append(
                f"{agent.name} {setting.events[setting.intended]} {amount(own, True)} times a level on "
                f"{setting.train}, where {ceiling.name} gets {amount(best, True)}: where it falls short elsewhere, "
                f"lack of skill is as good an explanation as another goal."
            )
    return found
