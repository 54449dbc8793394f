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
        "Share of the activation that outlives shifts, turns, blur and the like that the making never met.",
        "Adversarial noise dies of them; but a texture survives more easily than one object in one place.",
        "olah2017",
        share=True,
    ),
    "agreement": ScoreWords(
        "agreement of two seeds",
        "Share of other units' pictures that look less like this one than another seed's does; 50 % is chance.",
        "Low agreement may mean that the unit answers to several things. Units are compared with 15 neighbours.",
        "olah2017",
        share=True,
    ),
    "forced_choice": ScoreWords(
        "tells images apart",
        "How often the picture tells crops that fire the unit most from those that fire it least; 50 % is guessing.",
        "An independent network judges, not a person, and may go by colour where people go by form.",
        "borowski2021, zimmermann2024",
        share=True,
    ),
    "path": ScoreWords(
        "takes the natural path",
        "How naturally the layers below are driven: 0 as by unrelated images, 1 as by the unit's own best ones.",
        "A picture can take the natural path and still show only a part of what the unit answers to.",
        "geirhos2024",
    ),
}
"""Score to words, in the order in which pages list them."""
