"""Parametrisations give images in [0, 1] of any small size; the Fourier one is lucid's."""

import pytest
import torch

from feature_viz.parametrize import fourier, pixels, spectrum_scale

CPU = torch.device("cpu")


def seeds(count):
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


@torch.no_grad()
def begun(way, shape):
    return way.begin(seeds(1), shape, None, CPU).image()


@pytest.mark.parametrize("way", [pixels(), fourier()], ids=lambda way: way.name)
@pytest.mark.parametrize("shape", [(3, 28, 28), (1, 28, 28), (3, 33, 48), (3, 7, 5)])
def test_images_of_every_shape_lie_between_zero_and_one(way, shape):
    image = begun(way, shape)
    assert image.shape == (1, *shape)
    assert 0 < image.min() < image.max() < 1


def test_fourier_is_lucents():
    spatial = pytest.importorskip("lucent.optvis.param.spatial")
    color = pytest.importorskip("lucent.optvis.param.color")
    (spectrum,), theirs = spatial.fft_image((2, 3, 16, 20), sd=0.3)
    expected = color.to_valid_rgb(theirs, decorrelate=True)()
    canvas = fourier(decay=1.0).begin(seeds(2), (3, 16, 20), None, CPU)
    with torch.no_grad():
        canvas.parameters[0].copy_(spectrum.detach().cpu())
        assert torch.allclose(canvas.image(), expected.cpu(), atol=1e-6)


@pytest.mark.parametrize("way", [pixels(), fourier()], ids=lambda way: way.name)
@pytest.mark.parametrize("shape", [(3, 28, 28), (1, 28, 27), (3, 33, 48)])
def test_a_given_image_is_begun_from(way, shape):
    given = 0.1 + 0.8 * torch.rand((2, *shape), generator=torch.Generator().manual_seed(0))
    assert torch.allclose(way.begin(seeds(2), shape, given, CPU).image(), given, atol=1e-4)


def test_the_start_is_neither_flat_nor_saturated():
    assert 0.01 < begun(fourier(), (3, 64, 64)).std() < 0.2


def test_the_scale_falls_with_frequency():
    scale = spectrum_scale(8, 8, decay=2.0)
    assert scale[0, 0] == 64
    assert torch.all(scale[0, 1:-1] > scale[0, 2:])
