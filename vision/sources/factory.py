"""A user's own network: MODULE:FACTORY, or FILE.py:FACTORY, a function (or class) that returns a module."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from core.errors import BadInput, UnknownName
from vision.architecture import Architecture

CLASS_COUNTS = ("classes", "num_classes", "n_classes", "num_labels")
"""Parameters of a factory that are taken for the number of classes."""


def find(name: str) -> Architecture:
    """The network that ``name`` builds, of which nothing else is known: its input has to be said.

    The current directory is looked in first. The factory is called without arguments or, if it has a parameter that
    it needs or that is named like one of ``CLASS_COUNTS``, with the number of labels. This runs the user's code.

    Raises
    ------
    BadInput
        if there is no such module or file, or it cannot be imported.
    UnknownName
        if there is no such function in it; names the nearest.

    >>> find("torchvision.models:resnet18").spec is None
    True
    """
    place, _, attribute = name.rpartition(":")
    with _current_directory():
        module = _from_file(Path(place)) if place.endswith(".py") else _imported(place)
    factory = getattr(module, attribute, None)
    if not callable(factory):
        offered = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise UnknownName(f"function of {place}", attribute, offered)
    return Architecture(partial(_built, factory, name), None, None)


def _built(factory: Callable[..., Any], name: str, classes: int | None, _: int) -> nn.Module:
    if isinstance(factory, nn.Module):
        return factory
    arguments, options = _arguments(factory, name, classes)
    with _current_directory():
        module = factory(*arguments, **options)
    if not isinstance(module, nn.Module):
        raise BadInput(f"{name} returned a {type(module).__name__}; expected a torch.nn.Module")
    return module


def _arguments(
    factory: Callable[..., Any], name: str, classes: int | None
) -> tuple[tuple[int, ...], dict[str, int]]:
    """What the factory is called with: nothing, or the number of classes where it asks for it."""
    parameters = inspect.signature(factory).parameters.values()
    needed = [each for each in parameters if each.default is each.empty and each.kind not in _VARIADIC]
    named = [each.name for each in parameters if each.name in CLASS_COUNTS]
    if len(needed) > 1 or (needed and named and needed[0].name not in CLASS_COUNTS):
        listed = ", ".join(each.name for each in needed)
        raise BadInput(
            f"{name} needs {listed}; expected a factory of no argument, or of the number of classes"
        )
    if needed and classes is None:
        raise BadInput(f"{name} needs {needed[0].name}, the number of classes; give the labels")
    if classes is None or not (needed or named):
        return (), {}
    if named:
        return (), {named[0]: classes}
    return ((), {needed[0].name: classes}) if needed[0].kind is needed[0].KEYWORD_ONLY else ((classes,), {})


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _imported(place: str) -> ModuleType:
    try:
        return importlib.import_module(place)
    except (ImportError, ValueError, TypeError) as error:
        raise BadInput(
            f"module {place!r} cannot be imported ({error}); looked in {str(Path.cwd())!r} and on sys.path"
        ) from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise BadInput(f"no file {str(path)!r}; expected MODULE:FACTORY or FILE.py:FACTORY")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{str(path)!r} is not Python code that can be imported")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (ImportError, SyntaxError) as error:
        raise BadInput(f"{str(path)!r} cannot be imported ({error})") from error
    return module


@contextmanager
def _current_directory() -> Iterator[None]:
    """Inside, modules are looked for in the current directory first, as ``python -m`` does."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)
