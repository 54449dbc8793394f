"""``name=value`` options of the command line into typed values; ``name=value,value`` into lists of them."""

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
    return {name: _number(text) for name, text in _pairs(texts, option, "rand_region=3").items()}


def series(texts: Iterable[str], *, option: str) -> dict[str, list[int | float | str]]:
    """Lists of values by name, the values parted by commas.

    Raises
    ------
    BadInput
        as ``assignments``, and if there is nothing between two commas.

    >>> series(["rand_region=1,2,3"], option="--over")
    {'rand_region': [1, 2, 3]}
    """
    found = {}
    for name, text in _pairs(texts, option, "rand_region=1,3,5").items():
        values = [value.strip() for value in text.split(",")]
        if "" in values:
            raise BadInput(
                f"{option} {name}={text} lacks a value beside a comma, as in {option} rand_region=1,3,5"
            )
        found[name] = [_number(value) for value in values]
    return found


def _pairs(texts: Iterable[str], option: str, example: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise BadInput(f"{option} {text!r} is not of the form name=value, as in {option} {example}")
        if name.strip() in found:
            raise BadInput(f"{option} sets {name.strip()!r} twice")
        found[name.strip()] = value.strip()
    return found


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
