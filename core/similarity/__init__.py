"""Similarity: how alike two layers are (CKA), and which of their units answer alike (best buddies)."""

from core.similarity.cka import CkaMatrix, cka, cka_matrix
from core.similarity.matches import Match, Matches, read_matches, write_matches
from core.similarity.matching import Shown, best_buddies, match_layers, match_units

__all__ = [
    "CkaMatrix",
    "Match",
    "Matches",
    "Shown",
    "best_buddies",
    "cka",
    "cka_matrix",
    "match_layers",
    "match_units",
    "read_matches",
    "write_matches",
]
