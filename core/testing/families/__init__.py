"""Planted families: networks whose units are each other's transforms, and images that are exact under every element."""

from core.testing.families.acts import KINDS, Act, act_of
from core.testing.families.planted import PlantedFamilies, planted_families, planted_views
from core.testing.families.waves import WaveViews, wave_views

__all__ = [
    "KINDS",
    "Act",
    "PlantedFamilies",
    "WaveViews",
    "act_of",
    "planted_families",
    "planted_views",
    "wave_views",
]
