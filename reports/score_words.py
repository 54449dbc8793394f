"""The scores of a gallery in words: title, one-line meaning, what each cannot show, and its source."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ScoreWords:
    """How a score is told; ``share`` says that it lies between 0 and 1, so that it can be drawn as a bar."""

    title: str
    meaning: str
    limits: str
    source: str = ""
    share: bool = False


SCORES: Mapping[str, ScoreWords] = {
    "multiple": ScoreWords(
        "times the best real image",
        "What the made picture reaches, by what the strongest real image reaches.",
        "Above 1 the search succeeded; it does not follow that the unit is for this. Far above 1 the picture lies "
        "where no photograph does.",
        "olah2017",
    ),
    "sds": ScoreWords(
        "standard deviations",
        "How far the made picture stands above the mean of the real images, in their standard deviations.",
        "Activations are not normally distributed: many deviations are nothing rare for a unit that seldom fires.",
    ),
    "survival": ScoreWords(
        "survives transforms",
        "Share of the activation that is left under small shifts, turns and scalings that the making did not use.",
        "A texture survives easily; a picture of one object in one place does not, and may be as true.",
        "olah2017",
        share=True,
    ),
    "agreement": ScoreWords(
        "agreement of two seeds",
        "How alike an independent network finds the pictures that two different starts lead to.",
        "Low agreement may mean that the unit answers to several things, not that the pictures are wrong.",
        "olah2017",
        share=True,
    ),
    "forced_choice": ScoreWords(
        "tells images apart",
        "How often an independent network, given the picture, chooses an image that fires the unit most over one that "
        "fires it least; 0.5 is guessing.",
        "A network judges, not a person, and it may look at colour where people look at form.",
        "zimmermann2021",
        share=True,
    ),
    "path": ScoreWords(
        "takes the natural path",
        "How like those of natural images the picture's activations are on the way through the layers.",
        "A picture can take the natural path and still show only a part of what the unit answers to.",
        "geirhos2023",
        share=True,
    ),
}
"""Score to words, in the order in which pages list them."""
