"""Spectra: measured in a stream, kept as safetensors, brought to any size with their contrast."""

import pytest
import torch

from core.artifacts import write_tensors
from core.errors import BadInput, Unreadable
from feature_viz.parametrize import spectrum_scale
from feature_viz.spectrum import (
    deviation,
    measure_spectrum,
    natural_spectrum,
    read_spectrum,
    spectrum_at,
    write_spectrum,
)


def pink(count, shape, decay):
    """Images whose logits have a known spectrum."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((count, *shape), generator=generator)
    spectrum = torch.fft.rfft2(noise, norm="ortho") * spectrum_scale(*shape[1:], decay=decay)
    picture = torch.fft.irfft2(spectrum, s=shape[1:], norm="ortho")
    return (picture / picture.std()).sigmoid()


class Images:
    fingerprint = "pink"

    def __init__(self, images):
        self.images, self.size = images, images.shape[2:]

    def __len__(self):
        return len(self.images)

    def batches(self, batch_size):
        yield from self.images.split(batch_size)


def test_the_slope_of_images_is_found():
    found = measure_spectrum(Images(pink(60, (1, 32, 32), 1.5)), size=32).magnitude[0]
    low, high = found[2, 2], found[12, 12]
    assert torch.log(low / high) / torch.log(torch.tensor(6.0)) == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_it_does_not_matter_how_images_are_batched(channels):
    images = Images(pink(10, (channels, 12, 15), 1.0))
    one, two = (measure_spectrum(images, size=14, batch_size=size) for size in (10, 3))
    assert one.shape == (channels, 14, 14)
    assert one.count == 10
    assert torch.allclose(one.magnitude, two.magnitude, rtol=1e-6)
    assert torch.allclose(one.mean, two.mean, rtol=1e-6)


def test_what_is_written_is_read(tmp_path):
    found = measure_spectrum(Images(pink(3, (3, 9, 9), 1.0)), size=9)
    write_spectrum(tmp_path / "s.safetensors", found)
    again = read_spectrum(tmp_path / "s.safetensors")
    assert torch.equal(again.magnitude, found.magnitude)
    assert torch.equal(again.mean, found.mean)
    assert (again.width, again.source, again.count) == (9, "pink", 3)
    write_tensors(tmp_path / "other.safetensors", {"a": torch.zeros(1)})
    with pytest.raises(Unreadable, match="magnitude and mean"):
        read_spectrum(tmp_path / "other.safetensors")


@pytest.mark.parametrize("size", [(1, 28, 28), (1, 48, 31), (1, 96, 96)])
def test_another_size_keeps_law_and_contrast(size):
    law = natural_spectrum((1, 40, 40))
    resized = spectrum_at(law, size)
    assert torch.allclose(deviation(resized.magnitude, size[2]), deviation(law.magnitude, 40), rtol=1e-4)
    direct = natural_spectrum(size).magnitude[0]
    ratio = (resized.magnitude[0] / direct).flatten()[1:]
    assert ratio.std() / ratio.mean() < 0.15


def test_one_channel_serves_many_but_three_do_not_serve_four():
    assert spectrum_at(natural_spectrum((1, 8, 8)), (4, 8, 8)).magnitude.shape == (4, 8, 5)
    with pytest.raises(BadInput, match="3 channels and the picture 4"):
        spectrum_at(natural_spectrum((3, 8, 8)), (4, 8, 8))
    with pytest.raises(BadInput, match="no images"):
        measure_spectrum(Images(torch.zeros(0, 1, 8, 8)))
