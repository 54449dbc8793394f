"""STUDIES: the studies that `gridlens study` makes, by name."""

from collections.abc import Mapping

from gridlens.studies import during_training
from gridlens.studies.monster import page as monster
from gridlens.studies.study import Study, of_reproduction
from gridlens.studies.tree import page as tree

STUDIES: Mapping[str, Study] = {
    "monster": Study(
        "why does the agent of 25-step levels go for shields when no monster is left?",
        of_reproduction("monster"),
        monster.report,
    ),
    "tree": Study(
        "what does the Tree agent know about trees left, before, at and after the collapse?",
        of_reproduction("tree"),
        tree.report,
    ),
    "during-training": Study(
        "when does an agent come to know where the cheese is, and does it know and not care?",
        during_training.trained,
        during_training.report,
    ),
}
"""Name to study; what was found stands in docs/studies/NAME.md."""
