"""maps_of(): all that pages show of one agent in some levels; compared_maps(): of two agents in the same levels."""

from collections.abc import Sequence

from core.progress import Progress, silent
from core.subject import Subject
from envs.spec import World
from rl.agents import check_fits
from rl.fields.differences import FieldDifference, difference
from rl.fields.field import Field, field_of
from rl.fields.levels import shown_levels
from rl.fields.paths import PathProbabilities, path_probabilities
from rl.fields.retarget import Retargeting, retarget, retargeting_units

CHOOSING = 3
"""Levels on which the unit is found that retargets the agent; it is shown on another."""


def maps_of(
    subject: Subject,
    world: World,
    n: int = 2,
    *,
    view: str = "window",
    levels: Sequence[int] = (),
    units: bool = True,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[Field | PathProbabilities | Retargeting, ...]:
    """Field and path probabilities of the ``n`` levels that pages show, or of the ``levels`` given.

    With ``units``, and a layer that has maps: of its last such layer the unit that retargets the agent best in three
    other levels, in the first of these.

    Raises
    ------
    BadInput
        if the world does not fit the agent.

    >>> from envs.registry import world
    >>> from rl.agents import load
    >>> found = maps_of(load("monster-25"), world("monster", limit=25), 1)
    >>> [type(one).__name__ for one in found]
    ['Field', 'PathProbabilities']
    """
    check_fits(subject, world, view)
    chosen = list(levels) or shown_levels(world, n, seed=seed)
    found: list[Field | PathProbabilities | Retargeting] = []
    for done, level in enumerate(chosen):
        progress(done, len(chosen), f"mapping level {level}")
        found.append(field_of(subject, world, level, view=view))
        found.append(path_probabilities(subject, world, level, view=view))
    progress(len(chosen), len(chosen), "mapping levels")
    layer = mapping_layer(subject)
    if units and layer is not None and chosen:
        others = [one for one in shown_levels(world, CHOOSING + len(chosen), seed=seed) if one not in chosen]
        rises = retargeting_units(subject, world, others[:CHOOSING], layer, view=view, progress=progress)
        best = retarget(subject, world, chosen[0], rises.best, view=view, amount=rises.amount, seed=seed)
        found.append(best)
    return tuple(found)


def compared_maps(
    first: tuple[Subject, str],
    second: tuple[Subject, str],
    world: World,
    n: int = 2,
    *,
    levels: Sequence[int] = (),
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[FieldDifference, ...]:
    """What is different between two agents, each with its view, in the levels that pages show, or in those given.

    Raises
    ------
    BadInput
        if the world does not fit one of the agents.

    >>> from envs.registry import world
    >>> from rl.agents import load
    >>> maze, one = world("cheese", size=9, rand_region=63, limit=100), (load("cheese-corner"), "window")
    >>> compared_maps(one, one, maze, 1)[0].mean
    0.0
    """
    chosen = list(levels) or shown_levels(world, n, seed=seed)
    found = []
    for done, level in enumerate(chosen):
        progress(done, len(chosen), f"comparing level {level}")
        before, after = (field_of(one, world, level, view=view) for one, view in (first, second))
        found.append(difference(before, after))
    progress(len(chosen), len(chosen), "comparing levels")
    return tuple(found)


def mapping_layer(subject: Subject) -> str | None:
    """The last layer of an agent that has maps; None for one that has none.

    >>> from rl.agents import load
    >>> mapping_layer(load("cheese-corner")), mapping_layer(load("monster-25"))
    ('relu1', None)
    """
    known = [name for name, one in subject.layers.items() if one.axes == "chw" and max(one.grid) > 1]
    return known[-1] if known else None
