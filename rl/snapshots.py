"""When weights are kept and the agent is looked at: "log:8", "linear:10" or "at:1000,5000" into steps."""

from core.errors import BadInput, UnknownName

KINDS = ("log", "linear", "at")


def schedule(text: str, steps: int) -> tuple[float, ...]:
    """The steps, in order, at which snapshots of a training of ``steps`` are due, besides the untrained one.

    ``log:N`` spaces N evenly on a logarithmic scale, from a hundredth of all steps to the last; ``linear:N``
    evenly; ``at:A,B`` names the steps. A snapshot is taken at the end of the rollout in which its step lies.

    Raises
    ------
    BadInput, UnknownName
        if the text says something else, or a step that lies outside of the training.

    >>> [round(step) for step in schedule("log:4", 10_000)]
    [316, 1000, 3162, 10000]
    >>> schedule("linear:4", 10_000), schedule("at:500,20", 1000)
    ((2500.0, 5000.0, 7500.0, 10000.0), (20.0, 500.0))
    """
    kind, _, rest = str(text).partition(":")
    if kind not in KINDS:
        raise UnknownName("spacing of snapshots", kind, KINDS)
    numbers = [_whole(text, one) for one in rest.split(",")]
    if kind == "at":
        if not all(1 <= one <= steps for one in numbers):
            raise BadInput(
                f"snapshots {text!r} name steps outside of the training; expected steps from 1 to {steps}"
            )
        return tuple(float(one) for one in sorted(set(numbers)))
    if len(numbers) != 1 or numbers[0] < 1:
        raise _not_one(text)
    (count,) = numbers
    shares = [taken / count for taken in range(1, count + 1)]
    return tuple(steps * (100 ** (share - 1) if kind == "log" else share) for share in shares)


def _whole(text: str, number: str) -> int:
    try:
        return int(number.replace("_", ""))
    except ValueError:
        raise _not_one(text) from None


def _not_one(text: str) -> BadInput:
    return BadInput(f"snapshots {text!r} are not of the form log:20, linear:10 or at:1000,5000")
