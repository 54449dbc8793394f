"""The finding and the caveats of compared populations, by rule from the numbers."""

from collections.abc import Sequence

import numpy as np

from reports.comparing.agents.caveats import SWAPPED
from reports.comparing.doubts import always, derived
from reports.comparing.populations.dots import said
from reports.comparing.populations.evidence import ALPHA, Evidence, Measure
from reports.comparing.verdict import NO_DIFFERENCE

MOST = 3
"""Differences that the finding names; the others are counted."""
FEW = 5
"""Agents of a recipe below which its spread is hardly known."""


def finding(found: Evidence) -> str:
    """One sentence: what differs between recipes, and how much of it the seed alone does; or that "
    "nothing can be shown."""
    if len(found.recipes) == 1:
        return _alone(found)
    claimed = found.claimed
    if not claimed:
        return _nothing(found)
    played = [one for one in claimed if one.kind in ("shifted", "training")]
    named = [*played[:2], *[one for one in claimed if one not in played]][:MOST]
    text = _joined(found, named)
    left = len(claimed) - len(named)
    more = f"; {left} more of {len(found.tests)} differences tested are claimed below" if left else ""
    first = named[0]
    share = found.tests[_place(found, first)].share
    seeds = f"; only the seed does {100 * (1 - share):.0f} % of the spread in the first"
    return f"{text[:1].upper()}{text[1:]}{seeds}{more}."


def _alone(found: Evidence) -> str:
    one = found.measures[0]
    values = found.of(one, 0)
    low, high = _span(values, one)
    return (
        f"Seed alone moves it from {low} to {high}: that often {found.recipes[0].name} {one.what} on {one.on}, over "
        f"{len(values)} agents trained alike."
    )


def _nothing(found: Evidence) -> str:
    one = found.measures[0]
    values = ", ".join(
        f"{recipe.name} {said(found.of(one, index), one.share)}" for index, recipe in enumerate(found.recipes)
    )
    why = ""
    if found.tests[0].least >= ALPHA:
        why = (
            ", nor could any be with so few agents (the smallest p-value they can have is "
            f"{found.tests[0].least:.2f})"
        )
    return f"There is {NO_DIFFERENCE} between the recipes{why}: {one.what}, {one.kind}: {values}."


def _joined(found: Evidence, named: Sequence[Measure]) -> str:
    """All of them; which levels are meant is said once."""
    told, on = [], ""
    for one in named:
        text = _told(found, one)
        told.append(text.removeprefix(f"on {on}, ") if one.on == on else text)
        on = one.on or on
    return "; ".join(told)


def _told(found: Evidence, one: Measure) -> str:
    """The two recipes that lie farthest apart."""
    means = [float(found.of(one, index).mean()) for index in range(len(found.recipes))]
    low, high = int(np.argmin(means)), int(np.argmax(means))
    names = found.recipes[high].name, found.recipes[low].name
    numbers = f"{said(found.of(one, high), one.share)} against {said(found.of(one, low), one.share)}"
    if one.kind == "known":
        return f"“{one.what}” is read better off {names[0]} than off {names[1]} ({one.unit} {numbers})"
    if one.kind == "used":
        return f"swapping “{one.what}” moves {names[0]} more than {names[1]} ({numbers})"
    times = "" if one.share else " times a level"
    if one.what == "hidden performance":
        return f"on {one.on}, {names[0]} does better than {names[1]} (hidden performance {numbers})"
    return f"on {one.on}, {names[0]} {one.what} more often than {names[1]} ({numbers}{times})"


def _place(found: Evidence, one: Measure) -> int:
    return next(place for place, each in enumerate(found.measures) if each is one)


def _span(values: np.ndarray, one: Measure) -> tuple[str, str]:
    ends = float(values.min()), float(values.max())
    if one.share:
        return f"{100 * ends[0]:.0f}", f"{100 * ends[1]:.0f} %"
    return f"{ends[0]:.2f}", f"{ends[1]:.2f} times a level"


def caveats(found: Evidence) -> list[str]:
    """What the numbers themselves warn of; the last ones hold for every such page."""
    return derived(
        _few(found),
        _powerless(found),
        _left(found),
        _unlike(found),
        _widest(found),
        SWAPPED if any(one.kind == "used" for one in found.measures) else "",
        found.setting.caveat,
        always(),
    )


def _few(found: Evidence) -> str:
    fewest = min(len(recipe.seeds) for recipe in found.recipes)
    if fewest >= FEW:
        return ""
    return (
        f"Only {fewest} agents of a recipe: how far seeds lie apart is itself hardly known, and intervals over agents "
        "are rough."
    )


def _powerless(found: Evidence) -> str:
    if not found.tests or found.tests[0].least < ALPHA:
        return ""
    sizes = " and ".join(str(len(recipe.seeds)) for recipe in found.recipes)
    return (
        f"Low power: with {sizes} agents no permutation can give a p-value below "
        f"{found.tests[0].least:.2f}, so nothing "
        "could be claimed here, however far apart the recipes lie; train more seeds."
    )


def _left(found: Evidence) -> list[str]:
    said_of = []
    if found.unfinished:
        said_of.append(
            f"{found.unfinished} agents of the sweep are not trained to the end, and were left out."
        )
    if found.alone:
        names = ", ".join(found.alone)
        said_of.append(
            f"Recipes with a single trained agent were left out, since their seed cannot be told: {names}."
        )
    return said_of


def _unlike(found: Evidence) -> str:
    kinds = {recipe.name: recipe.kind for recipe in found.recipes}
    if len(set(kinds.values())) < 2:
        return ""
    listed = "; ".join(f"{name}: {kind}" for name, kind in kinds.items())
    return f"The recipes differ in more than their levels ({listed}): what differs may be that's doing."


def _widest(found: Evidence) -> str:
    """Recipes of which single agents lie apart."""
    shares = [one for one in found.measures if one.share]
    wide = {
        recipe.name: one
        for one in shares[::-1]
        for index, recipe in enumerate(found.recipes)
        if np.ptp(found.of(one, index)) > 0.5
    }
    if not wide:
        return ""
    listed = "; ".join(f"{name} in “{one.name}”" for name, one in wide.items())
    return f"Agents of one recipe lie more than 50 points apart ({listed}): a mean says little there, look at the dots."


def commands(found: Evidence, command: str) -> Sequence[str]:
    """How to make it all again."""
    every = [one for recipe in found.recipes for one in recipe.commands if one.startswith("gridlens")]
    return [*dict.fromkeys(every), command]
