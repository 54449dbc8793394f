"""What filters are made of: of_waves() for a first layer, of_templates() for a second one upon it."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float

from core.testing.families import kernels, templates
from core.testing.families.acts import Act
from core.testing.families.distinct import Material
from core.testing.families.sowing import Sown
from core.testing.families.waves import CONTRAST, drawn_waves, shown

PATCHES = 400
"""Patches of plane waves on which units are told apart."""


def of_waves(act: Act, rng: np.random.Generator) -> Material:
    """Filters of coloured waves; where scale varies, large enough for the smallest to be smooth."""
    smallest = float(act.scale.min())
    reach, highest = max(3.6, 3.3 / smallest), 1.4 if smallest > 0.99 else 1.0
    size = _side(reach * float(act.scale.max()))
    return Material(
        act=act,
        draw=lambda rng: kernels.drawn_kernel(rng, reach=reach, highest=highest),
        carry=lambda kernel, element: kernels.carried_kernel(kernel, act, element),
        add=kernels.summed_kernel,
        strange=kernels.strange_kernel,
        render=lambda kernel: kernels.rendered_kernel(kernel, size),
        patches=_patches(act, size, rng).flatten(1).numpy(),
    )


def of_templates(act: Act, wide: Act, below: Sown, rng: np.random.Generator) -> Material:
    """Filters on the units ``below``: every member, under ``wide``, of its families in turn.

    ``wide`` is ``act``, or reaches farther where the group is not closed: what a template reads has to be there
    under every element.
    """
    margin = (len(wide.group) - len(act.group)) // 2
    reach = max(2.8, 2.6 / float(act.scale.min()))
    size = _side(reach * float(act.scale.max()))
    members = len(wide.group)
    inputs = (len(below.weights) // members, members)
    seen = _patches(act, size + below.weights.shape[-1] - 1, rng)
    weights, bias = torch.from_numpy(below.weights).float(), torch.from_numpy(below.bias).float()
    # For steps of scale, members in the middle; the outer ones are for what they become.
    readable = np.arange(members) if margin == 0 else wide.group.identity + np.arange(-1, 2) * min(margin, 1)
    return Material(
        act=act,
        draw=lambda rng: templates.drawn_template(rng, families=inputs[0], elements=readable, reach=reach),
        carry=lambda template, element: templates.carried_template(
            template, act, element, wide.group.table[element + margin]
        ),
        add=templates.summed_template,
        strange=templates.strange_template,
        render=lambda template: templates.rendered_template(template, size, inputs=inputs),
        patches=torch.cat([F.relu(F.conv2d(part, weights, bias)) for part in seen.split(20)])
        .flatten(1)
        .numpy(),
    )


def _patches(act: Act, size: int, rng: np.random.Generator) -> Float[torch.Tensor, "n 3 s s"]:
    """As the network scales them."""
    return (shown(drawn_waves(rng, act, PATCHES), act, act.group.identity, size) - 0.5) / CONTRAST


def _side(reach: float) -> int:
    return 2 * round(1.12 * reach) + 1
