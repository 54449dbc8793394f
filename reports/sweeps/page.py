"""A sweep into a Report: the spread of agents by setting, how they learned, who failed; the finding by rule."""

from collections.abc import Iterator, Sequence

from reports.sections import Report, Section, Table
from reports.sweeps.evidence import Measured, SweepEvidence, Traced, WorldEvidence
from reports.sweeps.lines import panels_of_lines
from reports.sweeps.strips import Spread, Strip, level, strips

FEW = 5
"""Seeds below which an interval over them is not to be leaned on."""


def sweep_report(found: SweepEvidence) -> Report:
    """The page of a sweep.

    >>> sweep_report(SweepEvidence("coin", [], [], 100, "gridlens sweep coin.toml", "", {})).title
    'coin'
    """
    return Report(
        kind="Sweep",
        title=found.name,
        question=(
            "Agents that were trained alike but for their seed, and others whose world, dials, algorithm or settings "
            "differed: what did each come to pursue, and how much of that is chance?"
        ),
        approach=_approach(found),
        finding=finding(found),
        evidence=[section for world in found.worlds for section in _sections(world)] + [_agents(found)],
        caveats=list(_caveats(found)),
        reproduce=[*_file(found), found.command],
        provenance=found.provenance,
    )


def finding(found: SweepEvidence) -> str:
    """Who failed; how far settings lie apart, and how far seeds of one setting do, in the measure that tells most."""
    failed = sum(bool(agent.why) for agent in found.agents)
    said = [f"{failed} of {len(found.agents)} agents failed."] if failed else []
    for world in found.worlds:
        for where in ("shifted", "training"):
            measure = world.measures.get(world.telling)
            settings = [one for one in measure.settings if where in one.spreads] if measure else []
            if measure and settings:
                told = _apart(measure, settings, where)
                said.append(_upper(f"{world.world}, {told}" if len(found.worlds) > 1 else told))
                break
    return " ".join(said) or "No agent is done yet."


def _apart(measure: Measured, settings: Sequence[Strip], where: str) -> str:
    spreads = {one.name: one.spreads[where] for one in settings}
    ordered = sorted(spreads, key=lambda name: spreads[name].over_seeds.estimate)
    low, high = (f"{_mean(spreads[name], measure)} in {name}" for name in (ordered[0], ordered[-1]))
    said = f"{measure.words}, on {where} levels: "
    said += f"from {low} to {high}" if len(spreads) > 1 else low
    widest = max(spreads, key=lambda name: _width(spreads[name]))
    points = spreads[widest].points.values()
    if len(points) < 2:
        return f"{said}."
    ends = f"{level(min(points), measure.counted)} and {level(max(points), measure.counted)}"
    among = f"the {len(points)} agents of {widest}" if len(spreads) > 1 else f"its {len(points)} agents"
    return f"{said}; seed alone set {among} between {ends}."


def _mean(spread: Spread, measure: Measured) -> str:
    return level(spread.over_seeds.estimate, measure.counted)


def _width(spread: Spread) -> float:
    return max(spread.points.values()) - min(spread.points.values())


def _approach(found: SweepEvidence) -> str:
    worlds = ", ".join(world.world for world in found.worlds) or "none yet"
    return (
        f"{len(found.agents)} agents were asked for (worlds: {worlds}). Each was trained by itself, on one thread, and "
        f"then put, without further learning, on {found.levels:,} levels of every kind from seeds that no training "
        f"used; all play the same levels, with actions drawn from their policies.\n\n"
        f"In the pictures a dot is an agent. The upright line among dots is their mean, the band its 95 % interval "
        f"over seeds: where other seeds of the same setting might have put it."
    )


def _sections(world: WorldEvidence) -> Iterator[Section]:
    marks = f"Full mark: {world.ceiling}. Dotted mark: {world.floor}."
    charts = [
        strips(
            measure.settings,
            panels,
            title=_upper(measure.words),
            caption=f"On {' and '.join(panels)} levels. {marks}",
            counted=measure.counted,
        )
        for measure in world.measures.values()
        for panels in _pairs(world.distributions)
        if any(panel in one.spreads for one in measure.settings for panel in panels)
    ]
    yield Section(f"{_upper(world.world)}: what they came to", text=world.about, figures=charts)
    if world.over:
        yield Section(f"{_upper(world.world)}: over a dial of the levels", figures=_lines(world.over))
    if world.learning:
        text = "Held-out levels, played at every snapshot."
        yield Section(f"{_upper(world.world)}: how they learned", text=text, figures=_lines(world.learning))


def _lines(traced: Sequence[Traced]) -> list:
    return [
        panels_of_lines(
            one.settings,
            across=one.across,
            title=_upper(one.words),
            caption="Thin: an agent. Thick: the median over seeds.",
            counted=one.counted,
        )
        for one in traced
    ]


def _pairs(names: Sequence[str]) -> list[list[str]]:
    return [list(names[start : start + 2]) for start in range(0, len(names), 2)]


def _agents(found: SweepEvidence) -> Section:
    failed = [[agent.name, agent.why, agent.log] for agent in found.agents if agent.why]
    tables = [Table(["agent", "why", "log"], failed, caption="Agents that failed")] if failed else []
    for world in dict.fromkeys(agent.world for agent in found.agents):
        done = [agent for agent in found.agents if agent.world == world and not agent.why]
        heads = list(dict.fromkeys(name for agent in done for name in agent.numbers))
        rows = [
            [agent.setting, agent.seed, f"{agent.steps:,}", *(agent.numbers.get(name) for name in heads)]
            for agent in done
        ]
        if rows:
            caption = f"{_upper(world)}: every agent, with 95 % intervals over levels"
            tables.append(Table(["setting", "seed", "steps", *heads], rows, caption=caption))
    return Section("All agents", tables=tables)


def _caveats(found: SweepEvidence) -> Iterator[str]:
    failed = sum(bool(agent.why) for agent in found.agents)
    if failed:
        yield (
            f"{failed} of {len(found.agents)} agents failed and are in no picture; if they failed for what is measured "
            f"here, the rest are a biased sample."
        )
    counts = {
        len(spread.points)
        for world in found.worlds
        for measure in world.measures.values()
        for one in measure.settings
        for spread in one.spreads.values()
    }
    if 1 in counts:
        yield "Some settings have one agent: nothing is known of how much seeds matter there, and no interval is drawn."
    few = [count for count in counts if 1 < count < FEW]
    if few:
        yield f"Some settings have only {min(few)} agents: that is few for an interval over seeds."
    yield from found.notes


def _file(found: SweepEvidence) -> list[str]:
    return [*found.source.strip().splitlines(), ""] if found.source else []


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
