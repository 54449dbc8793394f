"""Planted subjects whose true answer is known, one a file, for tests of every method and ``gridlens selftest``."""

from core.testing.backup import Backup, backup
from core.testing.classifier import planted_classifier
from core.testing.lanterns import Lanterns, lanterns
from core.testing.pathway import Pathway, pathway, pathway_pairs
from core.testing.senses import SENSES, PlantedSenses, two_senses
from core.testing.spotlight import spotlight
from core.testing.superposition import Superposition, superposition

__all__ = [
    "SENSES",
    "Backup",
    "Lanterns",
    "Pathway",
    "PlantedSenses",
    "Superposition",
    "backup",
    "lanterns",
    "pathway",
    "pathway_pairs",
    "planted_classifier",
    "spotlight",
    "superposition",
    "two_senses",
]
