"""Weights between the units that are shown, multiplied through what lies between."""
