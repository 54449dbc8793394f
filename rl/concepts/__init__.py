"""What a state holds: concepts of every world, own ones, their labels, and states to ask for them."""

from rl.concepts.asked import chosen, concept, labelled, labels, offered, told_by
from rl.concepts.concept import Concept
from rl.concepts.optimal import value
from rl.concepts.sampling import met_states, sampled_states, varied
from rl.concepts.table import CONCEPTS, known

__all__ = [
    "CONCEPTS",
    "Concept",
    "chosen",
    "concept",
    "known",
    "labelled",
    "labels",
    "met_states",
    "offered",
    "sampled_states",
    "told_by",
    "value",
    "varied",
]
