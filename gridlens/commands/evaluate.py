"""``gridlens evaluate``: how often agents reach the goal and the proxy, on levels they never saw."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridlens.assignments import assignments, series
from gridlens.bars import bars
from gridlens.options import Levels, Normalisation, Seed, ZipView

if TYPE_CHECKING:
    from gridlens.evaluations import Asked, Evaluated
    from gridlens.opened import Opened


def evaluate(
    agents: Annotated[
        list[Path], typer.Argument(help="Agent folders, organisms, or zips of stable-baselines3.")
    ],
    levels: Levels = 1000,
    seed: Seed = 0,
    steps: Annotated[
        int, typer.Option(help="Steps of each level, in worlds that have no limit.", min=1)
    ] = 1000,
    over: Annotated[
        list[str] | None,
        typer.Option(
            help="Also play with a dial at several values, as in rand_region=1,3,5; may be repeated."
        ),
    ] = None,
    world: Annotated[
        str | None,
        typer.Option(
            help="Play there instead: a world, as in cheese, or, for zips, a gymnasium id, as in CartPole-v1."
        ),
    ] = None,
    dial: Annotated[
        list[str] | None,
        typer.Option("--dial", help="Play with this dial turned instead, as in size=9; may be repeated."),
    ] = None,
    view: ZipView = None,
    normalisation: Normalisation = None,
    episodes: Annotated[
        int, typer.Option(help="For zips in gymnasium's environments: episodes to play.", min=1)
    ] = 20,
    out: Annotated[
        Path | None, typer.Option(help="Also write every measure, a row each: .csv, or .json.")
    ] = None,
) -> None:
    """Intended goal, proxy, preference and capability on training-like and shifted levels, with 95 % intervals.

    Beside the agents stand their ceiling (play for the goal, as well as is known), play for the proxy, and their floor
    (a random walk). A zip that plays an environment of gymnasium's has its return measured there.
    """
    from gridlens.evaluations import Asked, check_out, write_rows
    from gridlens.opened import Elsewhere, is_zip, opened_together

    check_out(out)
    dials, values = assignments(dial or [], option="--dial"), series(over or [], option="--over")
    zips = any(is_zip(agent) for agent in agents)
    opened = opened_together(
        agents, Elsewhere(world if zips else None, dials if zips else {}, view, normalisation)
    )
    if opened[0].agent is None:
        rows = _returns(opened, values, episodes=episodes, seed=seed)
    else:
        asked = Asked(levels, seed, steps, values, None if zips else world, {} if zips else dials)
        rows = _outcomes(opened, asked)
    for one in opened:
        for note in one.notes:
            print(f"{one.subject.name}: {note}")
    if out:
        write_rows(out, rows)
        print(out)


def _outcomes(opened: "Sequence[Opened]", asked: "Asked") -> Sequence[Mapping[str, Any]]:
    """Played, shown, and as rows; broken off, the agents that are done are shown."""
    from gridlens.evaluations import evaluated
    from gridlens.outcomes import notes, tables
    from gridlens.tables import show

    found: list[Evaluated] = []
    try:
        with bars() as progress:
            for one in evaluated(opened, asked, progress):
                found.append(one)  # noqa: PERF402 - one by one, for what is done if it is broken off
    finally:
        for table in tables([row for one in found for row in one.rows_there()]):
            print(f"\n{table.title}")
            show(table.lines)
    there = [replace(one.agent, world=one.world) for one in found]
    print("\n".join(notes(there, levels=asked.levels, steps=asked.steps)))
    return [row for one in found for row in one.rows()]


def _returns(
    opened: "Sequence[Opened]", values: Mapping[str, Any], *, episodes: int, seed: int
) -> Sequence[Mapping[str, Any]]:
    from core.errors import BadInput
    from gridlens.returns import returns
    from gridlens.tables import show

    if values:
        raise BadInput(f"--over turns a dial of a world of ours; {opened[0].env_id!r} has none")
    with bars() as progress:
        rows = returns(opened, episodes=episodes, seed=seed, progress=progress)
    show(rows)
    return rows
