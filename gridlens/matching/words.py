"""What is said of two networks side by side, derived by rule from the numbers: the finding, and the doubts."""

from collections.abc import Sequence

from gridlens.matching.measuring import Compared
from reports.figures import percent

FEW = 100
"""Images below which intervals say little."""


def finding(a: str, b: str, best: Sequence[Compared]) -> str:
    """One sentence: where most units have a counterpart, where fewest, and how many have one in the control.

    By rule: if no layer has more than its control, that is what was found.
    """
    clear = [one for one in best if one.share.low > one.by_control.high]
    if not clear:
        return (
            f"In no layer do more units of {a} have a counterpart in {b} than in {b} with its weights shuffled: "
            "these images do not show that the two have learned the same features."
        )
    most = max(clear, key=lambda one: one.share.estimate)
    said = (
        f"{_part(most)} of the units of {a}'s {most.a} have a counterpart in {b}'s {most.b}{_beside(b, most)}"
    )
    least = min(best, key=lambda one: one.share.estimate)
    if least is most:
        return said + "."
    return f"{said}; fewest in {least.a}: {_part(least)}, in {least.b}{_beside(b, least)}."


def _part(one: Compared) -> str:
    return percent(one.share)


def _beside(b: str, one: Compared) -> str:
    return f" ({round(100 * one.by_control.estimate)} % with {b}'s weights shuffled)"


def caveats(best: Sequence[Compared], images: int, top: int) -> list[str]:
    """Doubts that the numbers raise, and those that always hold."""
    said = []
    cheap = [one.name for one in best if one.by_control.estimate > 0.5 * one.share.estimate > 0]
    if cheap:
        said.append(
            f"In {', '.join(cheap)} a network with shuffled weights has at least half as many counterparts: there, to "
            "answer alike may take no more than to see the same brightness and edges."
        )
    flat = [one.name for one in best if one.real.correlations.shape[1] < one.real.units / 2]
    if flat:
        said.append(
            f"In {', '.join(flat)} the second layer has fewer than half as many units as the first: most of those "
            "cannot have a counterpart of their own."
        )
    if images < FEW:
        said.append(f"{images} images are few: what rarely fires has hardly been seen.")
    if top > 1:
        said.append(f"With the nearest {top} on each side, one unit can have several counterparts.")
    return [
        *said,
        "To answer alike on these images is not to compute the same: two units that only ever saw their features "
        "together in them cannot be told apart here.",
        "Intervals are over images, after the pairs were chosen by the same images: the best of many looks a little "
        "better than it is. The threshold was chosen in the same way, on swapped images.",
    ]
