"""Symmetry: families of units, each what another is of a transformed input."""

from core.symmetry.families import Families, Family, Member, find
from core.symmetry.groups import Group, cyclic, dihedral, product, square, steps, two
from core.symmetry.likeness import Likeness, likenesses
from core.symmetry.null import shuffled
from core.symmetry.sheets import Sheets, patch_size, sheets
from core.symmetry.views import View, Views

__all__ = [
    "Families",
    "Family",
    "Group",
    "Likeness",
    "Member",
    "Sheets",
    "View",
    "Views",
    "cyclic",
    "dihedral",
    "find",
    "likenesses",
    "patch_size",
    "product",
    "sheets",
    "shuffled",
    "square",
    "steps",
    "two",
]
