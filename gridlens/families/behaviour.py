"""How far an agent's behaviour turns with its world, as the families' front page shows it."""

from dataclasses import asdict
from typing import Any

from core.subject import Subject
from envs.spec import World
from rl.symmetry import TurnedViews, policy_equivariance


def behaviour_document(
    subject: Subject, world: World, views: TurnedViews, *, view: str, seed: int
) -> dict[str, Any]:
    """BEHAVIOUR of PAGES: {states, share, elements: [{element, distance, shuffled, agreement, value,
    value_elsewhere}]}, numbers as ``core.uncertainty.Interval``; see ``rl.symmetry.Equivariance``."""
    found = policy_equivariance(subject, world, views, view=view, seed=seed)
    return {
        "states": found.states,
        "share": None if found.share is None else asdict(found.share),
        "elements": [asdict(one) for one in found.elements],
    }
