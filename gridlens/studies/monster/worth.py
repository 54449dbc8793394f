"""What a shield is worth, with and without monsters: in truth, by the agents' own play, and by their critics."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from envs.play.careful import careful
from envs.state import State, take
from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import KINDS, NAMES, Agent, curves, over_seeds
from gridlens.studies.monster.choice import MONSTERS, SCALE, SEED, place, roads, the_world
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.choices import answers, farther
from rl.monte_carlo import Player, returns, rule
from rl.monte_carlo import agent as player
from rl.reproductions.plots import Line, Lines, Picture

DISCOUNT, STEPS = 0.97, 120
"""As in training; what comes after so many steps counts for 3 % of what comes at once."""
STATES, EVERY = 250, 600
"""States from which agents, and the careful rule, play on."""
ASKED = ((0, 0), (0, 2), (0, 5), (5, 0), (5, 2), (5, 5))
"""Monsters left and shields held, where the agents' own play is followed."""


def measure(agent: Agent) -> Sequence[Row]:
    """What the critic expects, what own play comes to, and by how much it is better to take the apple first."""
    chosen, rows = player(agent.subject, the_world(), agent.view), []
    for left, held in ASKED:
        state = take(place(left, held), slice(0, STATES))
        said = answers(agent.subject, the_world(), state, agent.view)[1]["value"]
        rows.append(
            {
                "left": left,
                "held": held,
                "critic": float(said.mean()) / SCALE,
                "play": float(_returns(chosen, state).mean()),
                "apple first": apple_first(chosen, state),
            }
        )
    return rows


def nearby(agent: Agent) -> Sequence[Row]:
    """How much more the critic expects for the nearest apple, and for the nearest shield, being where it is."""
    rows = []
    for left in range(MONSTERS + 1):
        state = place(left, 0)
        choice = replace(roads("test", 0), state=state)
        here = answers(agent.subject, the_world(), state, agent.view)[1]["value"]
        for which, thing in enumerate(choice.things):
            away = farther(the_world(), choice, which, seed=SEED)
            there = answers(agent.subject, the_world(), away, agent.view)[1]["value"]
            rows.append({"left": left, "thing": thing, "worth": float((here - there).mean()) / SCALE})
    return rows


def in_truth() -> Sequence[Row]:
    """By how much it is better to take the apple first for somebody who goes on with care, by monsters and shields."""

    def chosen(state: State, words: np.ndarray) -> np.ndarray:
        return careful(the_world(), state, words)

    return [
        {
            "left": left,
            "held": held,
            "apple first": apple_first(chosen, take(place(left, held), slice(0, EVERY))),
        }
        for left in range(MONSTERS + 1)
        for held in range(MONSTERS + 1)
    ]


def apple_first(chosen: Player, state: State) -> float:
    """Discounted return of going to the nearest apple first, less that of the nearest shield; then as ``chosen``."""
    apple, shield = (
        _returns(chosen, state, first=(rule(the_world(), name), event))
        for name, event in (("greedy", "apple"), ("proxy", "shield"))
    )
    return float(np.mean(apple - shield))


def _returns(chosen: Player, state: State, **options: object) -> np.ndarray:
    return returns(chosen, the_world(), state, steps=STEPS, discount=DISCOUNT, seed=SEED, **options)  # type: ignore[arg-type]


def section(
    rows: Sequence[Row], near: Sequence[Row], truth: Sequence[Row], leanings: Sequence[Row]
) -> Section:
    """Critics beside play, and what is right beside both."""
    return Section(
        "What a shield is worth, and what critics make of it",
        "The same states. Which thing is better taken first is found by playing on: to the one or to the other, then "
        f"{STEPS} steps with the discount of training ({DISCOUNT}), with the same chances. Both kinds of agents were "
        "trained for that same sum - levels that are cut short are continued by what the critic says of their last "
        "state, and nobody sees a clock - so what is right in a state is the same for both. In truth it depends on "
        "monsters and on shields in hand: a shield first with many monsters and none in hand, an apple first as soon "
        "as there are as many shields in hand as monsters.",
        [_truth(truth), _critics(leanings), _near(near)],
        [_table(rows)],
    )


def _truth(truth: Sequence[Row]) -> Figure:
    lines = [
        Line(f"{left} monsters", [row["held"] for row in of], [row["apple first"] for row in of])
        for left in (0, 2, 5)
        for of in [[row for row in truth if row["left"] == left]]
    ]
    panel = Lines("Apple first, not shield", "shields held", "apples", lines)
    caption = (
        "By how many apples, discounted, it is better to take the apple first than the shield, equally far, for "
        "careful play after that; below 0 the shield is better."
    )
    return replace(drawing(Picture(caption, [panel]), title="Apple first or shield first"), rows=truth)


def _critics(leanings: Sequence[Row]) -> Figure:
    panels = [
        Lines(
            f"Critics of {name}",
            "shields held",
            "apples",
            [
                line
                for left in (0, MONSTERS)
                for line in curves(
                    leanings, "held", "value", label=f"{left} monsters", kind=kind, left=left, gap=0
                )
            ],
        )
        for kind, name in KINDS.items()
    ]
    caption = (
        "What critics expect of the same states, in apples, as shields are put in hand. A line an agent."
    )
    made = drawing(Picture(caption, panels), title="What a shield in hand is worth to the critic")
    return replace(made, rows=leanings)


def _near(near: Sequence[Row]) -> Figure:
    panels = [
        Lines(
            f"Critics of {name}",
            "monsters left",
            "apples",
            [
                line
                for thing in ("apple", "shield")
                for line in curves(near, "left", "worth", label=f"nearest {thing}", kind=kind, thing=thing)
            ],
        )
        for kind, name in KINDS.items()
    ]
    caption = (
        "How much more critics expect than of the same state with the nearest apple, or shield, far away."
    )
    made = drawing(Picture(caption, panels), title="What a thing nearby is worth to the critic")
    return replace(made, rows=near)


def _table(rows: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = [
        (
            NAMES[kind],
            left,
            held,
            *(
                over_seeds(rows, name, kind=kind, left=left, held=held)
                for name in ("critic", "play", "apple first")
            ),
        )
        for kind in KINDS
        for left, held in ASKED
    ]
    header = (
        "agents",
        "monsters left",
        "shields held",
        "critic expects",
        "own play brings",
        "apple first is better by",
    )
    return Table(
        header, body, caption="In apples, discounted, mean over agents; the last: followed by own play"
    )
