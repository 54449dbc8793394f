"""Planted subjects whose true answer is known, one a file, for tests of every method and ``gridlens selftest``."""

from core.testing.backup import Backup, planted_backup
from core.testing.classifier import planted_classifier
from core.testing.concepts import ConceptReader, concept_reader
from core.testing.families import PlantedFamilies, planted_families, planted_views
from core.testing.knower import Knower, knower
from core.testing.lanterns import Lanterns, lanterns
from core.testing.pathway import Pathway, pathway_pairs, planted_pathway
from core.testing.seeker import Sought, seeker, sought
from core.testing.senses import SENSES, PlantedSenses, two_senses
from core.testing.spotlight import spotlight
from core.testing.superposition import Superposition, superposition
from core.testing.switches import switches

__all__ = [
    "SENSES",
    "Backup",
    "ConceptReader",
    "Knower",
    "Lanterns",
    "Pathway",
    "PlantedFamilies",
    "PlantedSenses",
    "Sought",
    "Superposition",
    "concept_reader",
    "knower",
    "lanterns",
    "pathway_pairs",
    "planted_backup",
    "planted_classifier",
    "planted_families",
    "planted_pathway",
    "planted_views",
    "seeker",
    "sought",
    "spotlight",
    "superposition",
    "switches",
    "two_senses",
]
