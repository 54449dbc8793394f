"""Inputs made of cells, of which not all are possible: what may lie where, learned; pictures that keep to it."""
