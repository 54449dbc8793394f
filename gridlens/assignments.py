"""``name=value`` options of the command line into typed values."""

from collections.abc import Iterable

from core.errors import BadInput


def assignments(texts: Iterable[str], *, option: str) -> dict[str, int | float | str]:
    """Values by name; whole numbers and decimals are numbers.

    Raises
    ------
    BadInput
        if a text has no ``=``, or names the same thing twice.

    >>> assignments(["rand_region=3", "gamma=0.9"], option="--dial")
    {'rand_region': 3, 'gamma': 0.9}
    """
    found: dict[str, int | float | str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise BadInput(f"{option} {text!r} is not of the form name=value, as in {option} rand_region=3")
        if name.strip() in found:
            raise BadInput(f"{option} sets {name.strip()!r} twice")
        found[name.strip()] = _number(value.strip())
    return found


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
