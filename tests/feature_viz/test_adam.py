"""Our Adam is torch's."""

import torch

from feature_viz.adam import Adam


def test_it_takes_the_same_steps_as_torch():
    ours = torch.randn(20, generator=torch.Generator().manual_seed(0))
    theirs = ours.clone().requires_grad_()
    adam, reference = Adam([ours]), torch.optim.Adam([theirs], lr=0.1)
    for _ in range(30):
        theirs.grad = (2 * theirs + theirs.cos()).detach()
        reference.step()
        adam.step([2 * ours + ours.cos()], 0.1)
    assert torch.allclose(ours, theirs.detach(), atol=1e-5)
