"""Similarity: how alike two layers are (CKA), and which of their units answer alike (best buddies)."""

from core.similarity.cka import CkaMatrix, cka, cka_matrix
from core.similarity.matching import Match, Matches, best_buddies, match_units

__all__ = ["CkaMatrix", "Match", "Matches", "best_buddies", "cka", "cka_matrix", "match_units"]
