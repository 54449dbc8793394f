"""What is said of an agent's behaviour under the symmetries of the square, derived by rule from the numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.families.plots import rounded

ALONG, APART = 0.5, 0.9
"""Of what shuffled moves give: a behaviour turns along below the one, and no more than by chance above the other."""

UNDECIDED = 0.05
"""Where shuffling an agent's moves changes less than this, they are too much alike to tell."""


def behaviour_sentence(behaviour: Mapping[str, Any]) -> str:
    """Under which symmetries an agent does the turned thing in the turned state.

    >>> def under(element, distance):
    ...     return {"element": element, "distance": {"estimate": distance}, "shuffled": {"estimate": 0.7}}
    >>> behaviour_sentence({"elements": [under("90°", 0.6), under("mirrored 270°", 0.1)]})
    'Its behaviour turns along under mirrored 270° (total variation 0.10, with shuffled moves 0.70), and less or not \
under 90° (0.60).'
    """
    elements = behaviour["elements"]
    by_chance = sum(one["shuffled"]["estimate"] for one in elements) / len(elements)
    if by_chance < UNDECIDED:
        return "Its moves are nearly as likely as each other, so that nothing can be said of how its behaviour turns."
    along = [one for one in elements if one["distance"]["estimate"] < ALONG * one["shuffled"]["estimate"]]
    others = [one for one in elements if one not in along]
    beside = f"with shuffled moves {rounded(by_chance)}"
    if not along:
        least = min(one["distance"]["estimate"] / one["shuffled"]["estimate"] for one in others)
        how = "no more than by chance" if least > APART else "little or not"
        return (
            f"Its behaviour turns along {how} under any symmetry (total variation {_span(others)}, {beside})."
        )
    if not others:
        return f"Its behaviour turns along under every symmetry (total variation {_span(along)}, {beside})."
    return (
        f"Its behaviour turns along under {_named(along)} (total variation {_span(along)}, {beside}), and less or not "
        f"under {_named(others)} ({_span(others)})."
    )


def _named(elements: Sequence[Mapping[str, Any]]) -> str:
    names = [one["element"] for one in elements]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _span(elements: Sequence[Mapping[str, Any]]) -> str:
    values = [one["distance"]["estimate"] for one in elements]
    low, high = rounded(min(values)), rounded(max(values))
    return low if low == high else f"{low} to {high}"
