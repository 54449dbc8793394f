"""What an agent would do everywhere in one maze: value map, policy arrows, and the path it takes from the start."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8

from core.errors import BadInput
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject, run
from envs import engine
from envs.editing.edits import everywhere
from envs.pictures.rendering import frame
from envs.spec import World
from envs.state import WALL, State, hashes, take
from envs.terrain.paths import MOVES
from rl.acting import action_head, answering, best, worth
from rl.agents import check_fits, see
from rl.goals import event, goals_of, places_of
from rl.rollouts import UNLIMITED


@dataclass(frozen=True, eq=False)
class Field:
    """One level through the eyes of one agent; rows count from the top.

    ``values``: the value head with the agent put in each cell, NaN where it cannot stand. ``policy``: its action
    probabilities there (0 where it cannot stand), and ``moves`` the expected displacement (rows down, columns
    right), steps into walls counting as none. ``path``: the cells of one greedy episode from the start. ``marks``:
    what lies where, by event name; none in worlds whose goal is no place.

    ``head`` "q": of a Q-network ``values`` are what its best action is worth, and ``policy`` is 1 for that action.
    An agent with a memory is asked in every cell as if it had just begun; ``path`` carries its memory along.
    """

    subject: str
    level: int
    values: Float[np.ndarray, "h w"] = field(repr=False)
    policy: Float[np.ndarray, "h w a"] = field(repr=False)
    moves: Float[np.ndarray, "h w 2"] = field(repr=False)
    path: Int[np.ndarray, "t 2"] = field(repr=False)
    frame: UInt8[np.ndarray, "y x 3"] = field(repr=False)
    marks: Mapping[str, tuple[int, int]]
    provenance: Provenance = field(repr=False)
    head: str = "policy"


def field_of(subject: Subject, world: World, where: int | State, *, view: str = "window") -> Field:
    """Value and policy of an agent on every free cell of one level's start, or of a state (of one instance).

    The agent's own cell is where ``everywhere`` puts it; the goal's cell is left out, for standing there ends the
    level. Path: the most likely action at every step, until the level ends or a cell comes back. A subject from
    ``core.interventions.intervened`` or ``edited`` gives the field under the intervention.

    Raises
    ------
    BadInput
        if the world does not fit the agent, or the state has several instances.

    >>> from envs.registry import world
    >>> from rl.agents import as_subject
    >>> from rl.networks import build
    >>> maze = world("cheese", size=7)
    >>> agent = as_subject(build("mlp", shape=(2, 9, 9), actions=4, seed=0), maze, view="window", name="fresh")
    >>> field_of(agent, maze, 3).policy.shape
    (7, 7, 4)
    """
    check_fits(subject, world, view)
    state = state_at(world, where)
    placed = everywhere(world, state)
    head = action_head(subject)
    with torch.no_grad():
        answers = run(subject, see(world, placed.state, view))
    likely = answers["policy"].softmax(1) if head == "policy" else best(answers["q"])
    values = np.full(world.shape[1:], np.nan, np.float32)
    policy = np.zeros((*world.shape[1:], len(world.actions)), np.float32)
    rows, columns = placed.cells.T
    values[rows, columns] = worth(answers).cpu().numpy()
    policy[rows, columns] = likely.cpu().numpy()
    return Field(
        subject=subject.name,
        level=int(state.level[0]),
        values=values,
        policy=policy,
        moves=_moves(state.planes[0, WALL], policy),
        path=greedy_path(subject, world, state, view=view),
        frame=pictured(world, state),
        marks=marks_of(world, state),
        provenance=provenance(subject=subject.fingerprint, data=data_of(world, state), view=view),
        head=head,
    )


def state_at(world: World, where: int | State) -> State:
    """The start of a level, or the state itself, a copy.

    Raises
    ------
    BadInput
        if the state has several instances.

    >>> from envs.registry import world
    >>> state_at(world("cheese", size=7), 3).level.tolist()
    [3]
    """
    if not isinstance(where, State):
        return engine.reset(world, [where])
    if len(where.clock) != 1:
        raise BadInput(
            f"a state of one instance was expected; got {len(where.clock)}: take(state, [0]) takes one"
        )
    return take(where, slice(None))


def data_of(world: World, state: State) -> str:
    """The fingerprint of a world and a state of it."""
    return fingerprint(repr(world.describe()), *hashes(state))


def greedy_path(
    subject: Subject, world: World, where: int | State, *, view: str = "window"
) -> Int[np.ndarray, "t 2"]:
    """The cells (row, column) that the most likely actions lead through; ends where a cell comes back."""
    state, answer, head = state_at(world, where), answering(subject, 1), action_head(subject)
    cells = [tuple(state.agent[0].tolist())]
    for _ in range(world.limit or UNLIMITED):
        with torch.no_grad():
            action = answer(see(world, state, view), torch.tensor([0]))[head].argmax(1).cpu().numpy()
        played = engine.step(world, state, action)
        stands = state if played.final is None else played.final
        cell = tuple(stands.agent[0].tolist())
        if cell in cells:
            break
        cells.append(cell)
        if played.final is not None:
            break
    return np.array(cells)


def pictured(world: World, state: State) -> UInt8[np.ndarray, "y x 3"]:
    """A state of one instance as a picture, without the strip above the grid on which worlds with gauges show them.

    >>> from envs.registry import world
    >>> pictured(world("monster"), state_at(world("monster"), 0)).shape
    (336, 336, 3)
    """
    whole = frame(world, state, 0)
    _, rows, columns = world.shape
    return whole[-rows * (whole.shape[1] // columns) :]


def _moves(wall: UInt8[np.ndarray, "h w"], policy: Float[np.ndarray, "h w a"]) -> Float[np.ndarray, "h w 2"]:
    moves = np.zeros((*wall.shape, 2), np.float32)
    for action, (down, right) in enumerate(MOVES):
        open_there = np.roll(wall, (-down, -right), (0, 1)) == 0
        moves += (policy[..., action] * open_there)[..., None] * np.array([down, right], np.float32)
    return moves


def marks_of(world: World, state: State) -> dict[str, tuple[int, int]]:
    """Where goal and proxy lie, by event name; none in worlds whose goal is no place.

    >>> from envs.registry import world
    >>> list(marks_of(world("cheese", size=7), state_at(world("cheese", size=7), 3)))
    ['cheese', 'corner']
    """
    if goals_of(world).places is None:
        return {}
    known = places_of(world)
    cells = {
        event(world, "intended"): known.goal(world, state)[0],
        event(world, "proxy"): known.proxy(world, state)[0],
    }
    return {name: (int(cell[0]), int(cell[1])) for name, cell in cells.items() if cell[0] >= 0}
