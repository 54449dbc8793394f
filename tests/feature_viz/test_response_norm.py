"""The quick response normalisation is torch's, values and gradients."""

import pytest
import torch
import torch.nn.functional as F

from feature_viz.response_norm import quick_response_norm


@pytest.mark.parametrize("size", [1, 3, 5, 4, 15])
@pytest.mark.parametrize("beta", [0.75, 0.5])
def test_values_and_gradients_are_torchs(size, beta):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(2, 7, 4, 3, generator=generator, requires_grad=True)
    weights = torch.randn(2, 7, 4, 3, generator=generator)
    plain = F.local_response_norm(inputs, size, alpha=0.3, beta=beta, k=2.0)
    with quick_response_norm():
        quick = F.local_response_norm(inputs, size, alpha=0.3, beta=beta, k=2.0)
    assert torch.allclose(quick, plain, atol=1e-6)
    (expected,) = torch.autograd.grad(plain, inputs, weights)
    (found,) = torch.autograd.grad(quick, inputs, weights)
    assert torch.allclose(found, expected, atol=1e-6)
