"""What an algorithm can be set to: fields with their help and bounds, and given values checked against them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from core.errors import BadInput, UnknownName

S = TypeVar("S")


@dataclass(frozen=True)
class Bounds:
    """The values that a setting may have: from ``least``, or from just ``above``, up to ``up_to``; or some words."""

    least: int | float | None = None
    above: int | float | None = None
    up_to: int | float | None = None
    among: tuple[str, ...] = ()

    def hold(self, value: Any) -> bool:
        """Whether the value lies within; NaN lies nowhere."""
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.up_to is None or value <= self.up_to)
            and (not self.among or value in self.among)
        )

    def __str__(self) -> str:
        if self.among:
            return "one of " + ", ".join(self.among)
        low = f"at least {self.least:g}" if self.least is not None else ""
        low = f"above {self.above:g}" if self.above is not None else low
        return ", ".join(filter(None, (low, f"up to {self.up_to:g}" if self.up_to is not None else "")))


def setting(default: Any, help: str, **bounds: Any) -> Any:
    """A dataclass field that knows its help text and its ``Bounds``."""
    return field(default=default, metadata={"help": help, "bounds": Bounds(**bounds)})


def helps(kind: type) -> dict[str, str]:
    """Field name to what it sets."""
    return {one.name: one.metadata["help"] for one in fields(kind)}


def resolve(kinds: Mapping[str, type[S]], algorithm: str, given: Mapping[str, Any]) -> S:
    """The settings of ``algorithm`` with the ``given`` ones changed; ``kinds`` are all algorithms' dataclasses.

    Raises
    ------
    UnknownName
        if the algorithm has no such setting; says which has, or names the nearest.
    BadInput
        if a value is of another kind or out of bounds.

    >>> @dataclass(frozen=True)
    ... class Settings:
    ...     gamma: float = setting(0.97, "discount a step", above=0, up_to=1)
    >>> resolve({"mine": Settings}, "mine", {"gamma": 1})
    Settings(gamma=1.0)
    """
    known = {one.name: one for one in fields(kinds[algorithm])}  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            raise _unknown(kinds, algorithm, name)
    found = kinds[algorithm](**{name: _typed(name, value, known[name]) for name, value in given.items()})
    return found


def _unknown(kinds: Mapping[str, type], algorithm: str, name: str) -> UnknownName | BadInput:
    mine = [one.name for one in fields(kinds[algorithm])]
    others = [other for other, kind in kinds.items() if name in helps(kind)]
    if others:
        return BadInput(
            f"algorithm {algorithm!r} has no setting {name!r}, which is one of {' and '.join(others)}; "
            f"its own are: {', '.join(mine)}"
        )
    return UnknownName(f"setting of algorithm {algorithm!r}", name, mine)


def _typed(name: str, value: Any, one: Any) -> Any:
    kind, bounds = type(one.default), one.metadata["bounds"]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise BadInput(f"training setting {name!r} is {value!r}; expected {_words(kind)}")
    if not bounds.hold(value):
        raise BadInput(f"training setting {name!r} is {value!r}; expected {bounds}")
    return value


def _words(kind: type) -> str:
    return {int: "a whole number", float: "a number", str: "a word"}.get(kind, kind.__name__)
