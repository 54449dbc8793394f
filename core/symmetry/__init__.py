"""Symmetry: families of units, each what another is of a transformed input."""
