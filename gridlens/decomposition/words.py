"""What is said of atoms, derived by rule from the numbers: the finding, the doubts, what outputs lose."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from core.decomposition.stability import SAME
from gridlens.decomposition.atoms import Nearest
from gridlens.decomposition.fitting import Fits
from reports.figures import percent
from reports.html import number

ALIKE = SAME
"""Cosine above which two seeds found the same atom."""

UNIT = 0.9
"""Cosine above which an atom is a unit of the layer under another name."""

FEW = 0.05
"""Difference of variance kept below which an atom's method found hardly more than in shuffled numbers."""


def finding(fits: Fits, near: Nearest, layer: str) -> str:
    """One sentence: how much is kept beside the control, how much comes back from another seed, how much is units.

    Parts by rule; where the control keeps as much, that is what was found.
    """
    dictionary, count = fits.dictionary, len(fits.dictionary)
    real, chance = dictionary.quality.r2, fits.shuffled.quality.r2
    units = int((near.cosine > UNIT).sum())
    if real.estimate < chance.estimate + FEW:
        return (
            f"{count} atoms by {dictionary.method} keep {percent(real)} of the variance of {layer}, hardly more "
            f"than of shuffled activations ({percent(chance)}): they show no structure beyond that of single channels."
        )
    back, by_luck = (round(one.same.estimate * count) for one in (fits.stable, fits.stable_by_chance))
    return (
        f"{count} atoms keep {percent(real)} of the variance of {layer} (of shuffled activations: "
        f"{round(100 * chance.estimate)} %); {_counted(back, count)} the same with another seed (of shuffled: "
        f"{by_luck}), and {_counted(units, count)} nearly a single unit."
    )


def _counted(some: int, count: int) -> str:
    if some == 0:
        return "none is"
    if some == count:
        return f"all {count} are"
    return f"{some} {'is' if some == 1 else 'are'}"


def caveats(fits: Fits, called: str) -> list[str]:
    """Doubts that the numbers raise, and those that always hold."""
    dictionary, quality, twin = fits.dictionary, fits.dictionary.quality, fits.stable.same
    said = []
    if twin.estimate < 0.5:
        said.append(
            f"Only {percent(twin)} of the atoms come back from another seed: any one of them may be an accident of "
            "this run."
        )
    if quality.dead:
        said.append(
            f"{quality.dead} of {len(dictionary)} atoms fired nowhere on held-out {called}, and are wasted."
        )
    if (
        len(dictionary) > dictionary.channels // 2
        and dictionary.method != "pca"
        and quality.rows < 10 * len(dictionary)
    ):
        said.append(f"{quality.rows:,} places are few to judge {len(dictionary):,} atoms by.")
    return [
        *said,
        f"Atoms are what this method finds on these {called}; other {called} or another number of atoms give others.",
        "What fires an atom most says less than the whole range: look at the histogram for how rare that is.",
        "An atom that can be named need not be used: what the outputs lose without it is measured where it fires most.",
    ]


def lost(effect: Float[Tensor, "o"], names: Sequence[str], *, most: int) -> str:
    """The outputs that lose and gain most, with how much.

    >>> import torch
    >>> lost(torch.tensor([0.5, -2.0, 0.0]), ["cat", "dog", "cow"], most=1)
    'dog +2.00'
    >>> lost(torch.zeros(2), ["cat", "dog"], most=3)
    'no output changes'
    """
    order = effect.abs().argsort(descending=True, stable=True)[:most].tolist()
    told = [f"{short(names[place])} {signed(-float(effect[place]))}" for place in order if effect[place] != 0]
    return ", ".join(told) or "no output changes"


def signed(value: float) -> str:
    """A change with its sign.

    >>> signed(-0.5), signed(2.0)
    ('−0.500', '+2.00')
    """
    return number(value) if value < 0 else f"+{number(value)}"


def short(label: str) -> str:
    """The first of a class's names.

    >>> short("tabby, tabby cat")
    'tabby'
    """
    return label.split(",")[0].strip()


def of(share: float) -> str:
    """A share as people say it.

    >>> of(0.123), of(0.004), of(0.0)
    ('12 %', '0.4 %', '0 %')
    """
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 1 or percent == 0 else f"{percent:.1f} %"
