"""Concepts of one's own: a file of Python with a table CONCEPTS, or with plain functions of (world, state)."""

import importlib.util
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, UnknownName, Unreadable
from core.probing import Kind
from envs.spec import World
from envs.state import State
from rl.concepts.concept import Concept, Of

MOST_CLASSES = 12
"""Whole numbers with no more different values than these name a class each."""


def is_file(name: str) -> bool:
    """Whether a concept's name is that of a file, or of a concept in one: "mine.py", "mine.py:near"."""
    return name.partition(":")[0].endswith(".py")


def read(name: str, world: World, state: State) -> dict[str, Concept]:
    """The concepts of a file, or after a colon the one of that name; the file is run.

    Its table CONCEPTS if it has one; or else each function of its own that does not begin with _, its name's
    underscores as spaces and the first line of its docstring as meaning. The kind of a function is told from what it
    gives for ``state``: truth values are binary, (n, h, w) is a grid, whole numbers of at most ``MOST_CLASSES``
    values are categorical, other numbers continuous.

    Raises
    ------
    Unreadable
        if there is no such file, or it does not run.
    BadInput
        if it holds no concept, or one that fails or gives something else than a value for each state.
    UnknownName
        if it has none of that name.
    """
    path, _, wanted = name.partition(":")
    module = _module(path)
    table = getattr(module, "CONCEPTS", None)
    found = _functions(path, module, world, state) if table is None else _table(path, table)
    if wanted and wanted not in found:
        raise UnknownName(f"concept of {path}", wanted, found)
    chosen = {wanted: found[wanted]} if wanted else found
    for one, concept in chosen.items():
        check(f"{path}:{one}", concept, world, state)
    return chosen


def check(name: str, concept: Concept, world: World, state: State) -> NDArray:
    """What a concept gives for ``state``, if it is what its kind promises.

    Raises
    ------
    BadInput
        if it fails, or gives something else.
    """
    values, n = _values(name, concept.of, world, state), len(state.clock)
    if concept.kind not in get_args(Kind):
        raise UnknownName(f"kind of concept {name!r}", str(concept.kind), get_args(Kind))
    shape = "(n, rows, columns)" if concept.kind == "grid" else "(n,)"
    if values.ndim != (3 if concept.kind == "grid" else 1) or len(values) != n:
        raise BadInput(
            f"concept {name!r} is {concept.kind} and must give {shape} for n = {n} states; got {values.shape}"
        )
    if concept.kind == "binary" and not np.isin(values, (0, 1)).all():
        raise BadInput(f"concept {name!r} is binary and must give True or False; got {values[0]!r}")
    return values


def kind_of(values: NDArray) -> Kind:
    """What kind of concept gives such values.

    >>> kind_of(np.array([True])), kind_of(np.array([0, 3])), kind_of(np.array([0.5])), kind_of(np.zeros((1, 2, 2)))
    ('binary', 'categorical', 'continuous', 'grid')
    """
    if values.ndim == 3:
        return "grid"
    if values.dtype.kind == "b":
        return "binary"
    few = values.dtype.kind in "iu" and len(np.unique(values)) <= MOST_CLASSES
    return "categorical" if few else "continuous"


def _module(path: str) -> object:
    file = Path(path)
    if not file.is_file():
        raise Unreadable(
            f"there is no file {path!r}; expected one with concepts, functions of (world, state)"
        )
    spec = importlib.util.spec_from_file_location(file.stem, file.resolve())
    if spec is None or spec.loader is None:
        raise Unreadable(f"{path} cannot be imported; expected a Python file with concepts")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError, NameError, AttributeError, TypeError, ValueError) as error:
        raise Unreadable(f"{path} does not run: {_said(error)}") from error
    return module


def _table(path: str, table: object) -> dict[str, Concept]:
    wrong = "" if isinstance(table, Mapping) else f"a {type(table).__name__}"
    if isinstance(table, Mapping):
        wrong = next(
            (f"{name!r}: {one!r:.60}" for name, one in table.items() if not isinstance(one, Concept)), ""
        )
        wrong = wrong or ("" if table else "nothing")
    if wrong:
        raise BadInput(f"CONCEPTS of {path} holds {wrong}; expected names to rl.concepts.Concept")
    return dict(table)  # type: ignore[call-overload]


def _functions(path: str, module: object, world: World, state: State) -> dict[str, Concept]:
    own = {
        name: one
        for name, one in vars(module).items()
        if inspect.isfunction(one) and one.__module__ == Path(path).stem and not name.startswith("_")
    }
    if not own:
        raise BadInput(f"{path} holds no concept; expected functions of (world, state), or a table CONCEPTS")
    found = {}
    for name, function in own.items():
        meaning = (inspect.getdoc(function) or "").partition("\n")[0].rstrip(".")
        if not meaning:
            raise BadInput(
                f"function {name} of {path} has no docstring; its first line says what the concept means"
            )
        values = _values(f"{path}:{name}", function, world, state)
        if values.ndim not in (1, 3) or len(values) != len(state.clock) or values.dtype.kind not in "biuf":
            raise BadInput(
                f"function {name} of {path} gives {values.dtype} of shape {values.shape} for {len(state.clock)} "
                "states; expected truth values or numbers (n,), or (n, rows, columns)"
            )
        found[name.replace("_", " ")] = Concept(kind_of(values), meaning, function)
    return found


def _values(name: str, of: Of, world: World, state: State) -> NDArray:
    try:
        return np.asarray(of(world, state))
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, NameError, ArithmeticError) as error:
        raise BadInput(f"concept {name!r} fails on a state: {_said(error)}") from error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def only(name: str, found: Mapping[str, Concept]) -> Concept:
    """The one concept that a file gave; raises BadInput where it holds several."""
    if len(found) > 1:
        raise BadInput(
            f"{name} holds {len(found)} concepts; say which: {', '.join(f'{name}:{one}' for one in found)}"
        )
    return next(iter(found.values()))
