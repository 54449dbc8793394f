"""Senses of a unit: what lies before it speaks through it in one way, or in several."""

from core.senses.apart import Sense, Senses, taken_apart
from core.senses.before import layer_before
from core.senses.clusters import Clusters, clusters, silhouettes
from core.senses.contributions import contributions, directions
from core.senses.strongest import Spots, strongest

__all__ = [
    "Clusters",
    "Sense",
    "Senses",
    "Spots",
    "clusters",
    "contributions",
    "directions",
    "layer_before",
    "silhouettes",
    "strongest",
    "taken_apart",
]
