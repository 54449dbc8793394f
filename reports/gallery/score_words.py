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
        "Share of the activation that outlives perspective, tone, blur and noise, which the making never met.",
        "Adversarial noise dies of them; but broad textures survive easily, and a fine pattern that the unit truly "
        "looks for does not survive blur.",
        "olah2017",
        share=True,
    ),
    "agreement": ScoreWords(
        "agreement of two seeds",
        "Share of other units' pictures that look less like this one than another seed's does; 50 % is chance.",
        "Two seeds can agree on the same mistake. What is below 100 % may be a unit with several faces.",
        "olah2017",
        share=True,
    ),
    "forced_choice": ScoreWords(
        "tells most from least",
        "How often the picture tells crops that fire the unit most from those that fire it least.",
        "Where other units' pictures do as well, a high share says nothing of this unit. A network judges, "
        "not a person.",
        "borowski2021, zimmermann2024",
        share=True,
    ),
    "identification": ScoreWords(
        "tells this unit from others",
        "How often the picture is more like one of the unit's top crops than like another unit's; 50 % is chance.",
        "Units that look for the same thing are at 50 % with the best of pictures.",
        share=True,
    ),
    "path": ScoreWords(
        "takes the natural path",
        "How naturally the layers below are driven: 0 as by other units' best crops, 1 as by its own.",
        "One unit's value is uncertain by about one; a layer's mean is not.",
        "geirhos2024",
    ),
}
"""Score to words, in the order in which pages list them; docs/truth.md says how each is computed."""
