"""Concepts of one's own: kinds told from values, files that are refused with a sentence."""

import numpy as np
import pytest

from core.errors import BadInput, GridlensError, UnknownName
from envs.registry import world
from rl.concepts import Concept, chosen, concept, labelled, sampled_states

GOOD = '''
import numpy as np
from envs.state import WALL

def in_the_left_half(world, state):
    """Whether the agent is in the left half."""
    return state.agent[:, 1] < world.shape[2] // 2

def quarter(world, state):
    """Which quarter the agent is in."""
    return 2 * (state.agent[:, 0] > 4) + (state.agent[:, 1] > 4)

def walls(world, state):
    """Share of cells that are wall, by row."""
    return state.planes[:, WALL].mean((1, 2)) + _one(state)

def free(world, state):
    """Where one can go."""
    return state.planes[:, WALL] == 0

def _one(state):
    return state.agent[:, 0] * 0.5
'''
TABLE = """
from rl.concepts import Concept
CONCEPTS = {"twice the row": Concept("continuous", "twice the row", lambda world, state: 2 * state.agent[:, 0])}
"""


@pytest.fixture
def maze():
    return world("cheese", rand_region=63)


def write(folder, text):
    path = folder / "mine.py"
    path.write_text(text)
    return str(path)


def test_functions_become_concepts_of_the_kind_that_they_give(tmp_path, maze):
    path = write(tmp_path, GOOD)
    found = chosen(maze, [path])
    assert {name: one.kind for name, one in found.items()} == {
        "in the left half": "binary",
        "quarter": "categorical",
        "walls": "continuous",
        "free": "grid",
    }
    assert found["quarter"].meaning == "Which quarter the agent is in"
    state = sampled_states(maze, 50, seed=0)
    values = labelled(maze, state, ["quarter", "goal row"], found)
    np.testing.assert_array_equal(
        values["quarter"].values, 2 * (state.agent[:, 0] > 4) + (state.agent[:, 1] > 4)
    )
    assert values["goal row"].kind == "continuous"
    assert concept(f"{path}:quarter", maze).kind == "categorical"


def test_a_table_is_taken_as_it_is(tmp_path, maze):
    path = write(tmp_path, TABLE)
    assert list(chosen(maze, [path, "goal row"])) == ["twice the row", "goal row"]
    assert concept(path, maze).meaning == "twice the row"


def test_a_concept_made_in_python(maze):
    mine = Concept("binary", "in the top row", lambda world, state: state.agent[:, 0] == 1)
    state = sampled_states(maze, 50, seed=0)
    found = labelled(maze, state, ["top"], {"top": mine})
    np.testing.assert_array_equal(found["top"].values, state.agent[:, 0] == 1)


BAD = {
    "no docstring": ("def f(world, state):\n    return state.clock\n", "has no docstring"),
    "shape": (
        'def f(world, state):\n    """x."""\n    return state.agent\n',
        r"expected truth values or numbers",
    ),
    "fails": (
        'def f(world, state):\n    """x."""\n    return state.nothing\n',
        "fails on a state: AttributeError",
    ),
    "one argument": ('def f(state):\n    """x."""\n    return state.clock\n', "fails on a state: TypeError"),
    "nothing": ("x = 1\n", "holds no concept"),
    "syntax": ("def f(:\n", "does not run: SyntaxError"),
    "import": ("import no_such_thing\n", "does not run: ModuleNotFoundError"),
    "list": ("CONCEPTS = [1]\n", "holds a list; expected names to"),
    "not concepts": ("CONCEPTS = {'a': 1}\n", "holds 'a': 1; expected names to"),
    "empty": ("CONCEPTS = {}\n", "holds nothing; expected names to"),
    "kind": (
        "from rl.concepts import Concept\nCONCEPTS = {'a': Concept('bool', 'x', lambda w, s: s.clock)}\n",
        "unknown kind|does not run",  # refused by the hook that checks types in tests, or else by us
    ),
    "not binary": (
        "from rl.concepts import Concept\nCONCEPTS = {'a': Concept('binary', 'x', lambda w, s: s.agent[:, 0])}\n",
        "is binary and must give True or False",
    ),
    "flat grid": (
        "from rl.concepts import Concept\nCONCEPTS = {'a': Concept('grid', 'x', lambda w, s: s.clock)}\n",
        r"is grid and must give \(n, rows, columns\)",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_sentence(case, tmp_path, maze):
    text, sentence = BAD[case]
    with pytest.raises(GridlensError, match=sentence) as caught:
        chosen(maze, [write(tmp_path, text)])
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_named(tmp_path, maze):
    with pytest.raises(GridlensError, match="there is no file"):
        chosen(maze, [str(tmp_path / "other.py")])
    path = write(tmp_path, GOOD)
    with pytest.raises(UnknownName, match="nearest valid one is 'quarter'"):
        concept(f"{path}:quater", maze)
    with pytest.raises(BadInput, match="holds 4 concepts; say which"):
        concept(path, maze)
