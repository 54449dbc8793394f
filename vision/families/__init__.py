"""Family search in a network's layers, kept in a run folder: which units are each other, transformed."""

from vision.families.searching import Search as Search
from vision.families.searching import search as search
