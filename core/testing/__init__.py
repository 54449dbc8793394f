"""Planted subjects whose true answer is known, one a file, for tests of every method and ``gridlens selftest``."""

from core.testing.classifier import planted_classifier
from core.testing.lanterns import Lanterns, lanterns
from core.testing.spotlight import spotlight

__all__ = ["Lanterns", "lanterns", "planted_classifier", "spotlight"]
