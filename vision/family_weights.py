"""Weight-space evidence for the families of a picture network, under an Action."""

import numpy as np

from core.subject import Subject
from core.symmetry.families import Families
from core.symmetry.likeness import Likeness
from core.symmetry.weights import WeightEvidence, weight_evidence
from core.wires.layer_graph import LayerGraph
from vision.views.actions import Action
from vision.views.seen import colours


def kernel_evidence(
    subject: Subject,
    families: Families,
    action: Action,
    *,
    lower: tuple[Families, Likeness] | None = None,
    graph: LayerGraph | None = None,
    seed: int = 0,
) -> WeightEvidence | str:
    """What the weights say of a layer's families; or, in one sentence, why they do not tell.

    ``lower``: the families of a layer below under the same action, and their likenesses (see
    ``core.symmetry.weights.source_of``); without it kernels are followed to the pixels.
    """
    if action.shifts:
        return (
            f"a shift of phase is no change of a kernel's taps, so weights do not tell of {action.group.name}"
        )
    channels = subject.spec.shape[0]
    return weight_evidence(
        subject,
        families,
        spatial=action.spatial,
        colour=np.stack([colours(action, element, channels) for element in range(len(action.group))]),
        lower=lower,
        graph=graph,
        seed=seed,
    )
