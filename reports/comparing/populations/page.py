"""Populations into a comparison Report: distributions side by side, what only the seed does, the finding by rule."""

import numpy as np

from core.errors import BadInput
from core.unpaired import unpaired
from reports.comparing.agents.behaviour import listed
from reports.comparing.correction import p_value
from reports.comparing.heat import heat_map
from reports.comparing.populations.dots import dots
from reports.comparing.populations.evidence import ALPHA, Evidence, Matrix, Measure
from reports.comparing.populations.words import caveats, commands, finding
from reports.figures import clipped
from reports.sections import Cell, Figure, Report, Section, Table

SKILL = "hidden performance"
"""The measure that has a scale of its own."""


def page(found: Evidence, *, command: str) -> Report:
    """The comparison page of populations; ``command`` is the line that makes it.

    Raises
    ------
    BadInput
        if there is no population.
    """
    if not found.recipes:
        raise BadInput("a comparison of populations needs at least one; given none")
    names = [recipe.name for recipe in found.recipes]
    return Report(
        kind=f"Populations · {found.setting.world}",
        title=f"Agents of {listed(names)}",
        question=_question(found),
        approach=_approach(found),
        finding=finding(found),
        evidence=[section for section in _sections(found) if section is not None],
        caveats=caveats(found),
        reproduce=commands(found, command),
        provenance=dict(found.provenance),
    )


def _question(found: Evidence) -> str:
    setting = found.setting
    did = f"{setting.events[setting.intended]}, {setting.events[setting.proxy]}"
    if len(found.recipes) == 1:
        return f"Agents were trained alike but for their seed: how far apart does that alone set what they do ({did})?"
    return (
        f"Agents of each recipe were trained alike but for their seed. What of what they do ({did}), "
        "know and use is the "
        "recipe's doing, and what is only the seed's?"
    )


def _approach(found: Evidence) -> str:
    recipes = "; ".join(f"{one.name}: {len(one.seeds)} agents {one.dial}" for one in found.recipes)
    setting = found.setting
    return (
        f"Every agent ({recipes}) was put, without further learning, on {found.levels} held-out levels of each kind: "
        f"{setting.train}, and {setting.shifted}, where goal and proxy come apart. Ten concepts at most were read off "
        f"every layer by linear probes ({found.samples} states, of which the layer that reads best counts), swapped "
        f"there to see whether the choice moves, and {found.states} states shown to all.\n\n"
        "The unit is the agent: a dot is one agent, intervals are over agents, and a difference is "
        "claimed where handing "
        "out the agents to the recipes anew hardly ever sets them so far apart."
    )


def _sections(found: Evidence) -> list[Section | None]:
    return [_behaviour(found), _knowledge(found), _likeness(found), _tested(found)]


def _behaviour(found: Evidence) -> Section:
    figures: list[Figure] = []
    setting = found.setting
    for split, phrase in (("shifted", setting.shifted), ("training", setting.train)):
        members = [one for one in found.measures if one.kind == split]
        for share in (True, False):
            for group in _scaled([one for one in members if one.share == share]):
                title = f"On {phrase}" + (": hidden performance" if group[0].what == SKILL else "")
                figures.append(
                    dots(
                        found,
                        group,
                        title=title,
                        caption="Dots are agents, ticks their mean, bars its 95 % interval over agents.",
                        axis="share of levels" if share else "mean a level",
                    )
                )
    return Section("What they do", figures=figures)


def _scaled(measures: list[Measure]) -> list[list[Measure]]:
    """Counts and hidden performance have scales of their own."""
    apart = [[one] for one in measures if one.what == SKILL]
    return [group for group in ([one for one in measures if one.what != SKILL], *apart) if group]


def _knowledge(found: Evidence) -> Section | None:
    known, used = ([one for one in found.measures if one.kind == kind] for kind in ("known", "used"))
    figures = []
    if known:
        figures.append(
            dots(
                found,
                known,
                title="What can be read off them",
                caption="Each agent's best layer's probe, scored on levels it was not fitted to.",
                axis="held-out score",
            )
        )
    if used:
        figures.append(
            dots(
                found,
                used,
                title="What they use",
                caption="How far each agent's choice moves (total variation, 0 to 1) when the concept is swapped for "
                "another level's, where it is read best.",
                axis="how far the choice moves",
            )
        )
    return Section("What they know and use", figures=figures) if figures else None


def _likeness(found: Evidence) -> Section:
    figures = [
        _heat(
            found,
            found.choices,
            title="How often two agents prefer another action",
            caption=f"In hundredths of {found.states} sampled states that all were given.",
        )
    ]
    text = [_within(found, found.choices, "two agents' choices lie", "total variation")]
    if found.layers is not None:
        figures.append(
            _heat(
                found,
                found.layers,
                title=f"How alike two agents are at {found.layers.name}",
                caption="Linear CKA times 100 of the last layer before the heads, on the same states: 100 where one is "
                "a rotation and scaling of the other.",
            )
        )
        text.append(_within(found, found.layers, f"they lie at {found.layers.name}", "1 less CKA"))
    return Section("How much only the seed does", text=" ".join(text), figures=figures)


def _within(found: Evidence, matrix: Matrix, what: str, unit: str) -> str:
    if len(found.recipes) == 1:
        return f"On average {what} {matrix.within:.2f} apart ({unit})."
    verdict = (
        "more than handing out agents anew gives" if matrix.p < ALPHA else "no more than chance may give"
    )
    return (
        f"On average {what} {matrix.within:.2f} apart ({unit}) within one recipe and {matrix.across:.2f} between two: "
        f"{verdict} (p {p_value(matrix.p)})."
    )


def _heat(found: Evidence, matrix: Matrix, *, title: str, caption: str) -> Figure:
    dial, short = _shortened([recipe.name for recipe in found.recipes])
    names = [
        f"{clipped(short[int(group)], 11)} · {seed}"
        for group, seed in zip(found.groups, _seeds(found), strict=True)
    ]
    return heat_map(
        matrix.values,
        (names, names),
        axes=(f"{dial} · seed", f"and {dial} · seed"),
        title=title,
        caption=caption,
        spoken=f"Within one recipe {matrix.within:.2f} apart on average, between two {matrix.across:.2f}.",
    )


def _shortened(names: list[str]) -> tuple[str, list[str]]:
    """What recipes differ in, and each by that alone.

    >>> _shortened(["limit=25", "limit=200"]), _shortened(["a", "b"])
    (('limit', ['25', '200']), ('recipe', ['a', 'b']))
    """
    before = {name.rpartition("=")[0] for name in names}
    if len(before) == 1 and "" not in before:
        return before.pop(), [name.rpartition("=")[2] for name in names]
    return "recipe", names


def _seeds(found: Evidence) -> list[int]:
    return [seed for recipe in found.recipes for seed in recipe.seeds]


def _tested(found: Evidence) -> Section | None:
    if not found.tests:
        return None
    count, claimed = len(found.tests), len(found.claimed)
    text = (
        f"{count} differences between the recipes were tested, and {claimed or 'none'} claimed: those whose corrected "
        f"p-value is below {ALPHA:g}. The p-value is that of the F ratio when agents are handed out to "
        "the recipes anew; it "
        "is corrected by the largest such ratio of all measures together (Westfall and Young). If no "
        "recipe differed at "
        f"all, a page like this would claim anything in at most {100 * ALPHA:g} % of cases."
    )
    two = len(found.recipes) == 2
    names = [recipe.name for recipe in found.recipes]
    header = [
        "of",
        *([] if two else ["from", "to"]),
        "difference",
        "in spreads",
        "not the seed's",
        "corrected p",
    ]
    order = sorted(range(count), key=lambda place: found.tests[place].p_corrected)
    what = (
        f"Difference: {names[1]} less {names[0]}, with its 95 % interval over agents"
        if two
        else "From, to: the recipes whose means lie farthest apart; difference: with its 95 % interval over agents"
    )
    caption = (
        f"{what}. In spreads: in standard deviations of agents of one recipe. Not the seed's: the "
        "share of the variance "
        "that lies between recipes. * claimed."
    )
    table = Table(header, [_row(found, place, two) for place in order], caption=caption)
    return Section("What was tested", text, tables=[table])


def _row(found: Evidence, place: int, two: bool) -> list[Cell]:
    one, test = found.measures[place], found.tests[place]
    means = [float(found.of(one, index).mean()) for index in range(len(found.recipes))]
    low, high = (0, 1) if two else (int(np.argmin(means)), int(np.argmax(means)))
    if low == high:
        high = (low + 1) % len(means)
    sides = found.of(one, low), found.of(one, high)
    gap = unpaired(*sides).interval
    scale, digits, unit = (100, 0, " points") if one.share else (1, 2, "")
    ends = [_signed(scale * value, digits) for value in (gap.estimate, gap.low, gap.high)]
    spread = float(np.sqrt((sides[0].var(ddof=1) + sides[1].var(ddof=1)) / 2))
    return [
        one.name,
        *([] if two else [found.recipes[low].name, found.recipes[high].name]),
        f"{ends[0]} [{ends[1]}, {ends[2]}]{unit}",
        _signed(gap.estimate / spread, 1) if spread > 1e-9 else "–",
        f"{100 * test.share:.0f} %",
        p_value(test.p_corrected) + (" *" if test.p_corrected < ALPHA else ""),
    ]


def _signed(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}"
    return ("0" if float(text) == 0 else text).replace("-", "−")
