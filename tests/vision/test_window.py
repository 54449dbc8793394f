"""Windows: a piece of image says what the whole one says, and is taken only where it does."""

import torch
from torch import nn
from torchvision.models import VisionTransformer

from core.subject import InputSpec, wrap
from vision.stimuli import draw, plane
from vision.tuning import tuning
from vision.window import responses, window


class Squeezed(nn.Module):
    """Channels scaled by what the whole image holds, as in squeeze-and-excitation."""

    def forward(self, maps):
        return maps * torch.sigmoid(maps.mean((2, 3), keepdim=True))


class ChannelsLast(nn.Module):
    def forward(self, maps):
        return maps.movedim(1, -1)


def subject(*parts, size=(64, 64), seed=0):
    """Parts in a row with weights of a seed."""
    torch.manual_seed(seed)
    net = nn.Sequential(*parts, nn.Flatten())
    shape = (3, *size)
    with torch.no_grad():
        count = net(torch.zeros(1, *shape)).shape[1]
    spec = InputSpec(shape, (0.5,) * 3, (0.25,) * 3)
    return wrap(net, name="net", spec=spec, heads={"class": tuple(map(str, range(count)))})


def strided():
    return [
        nn.Conv2d(3, 8, 7, stride=2, padding=3),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(8, 6, 3, padding=1),
    ]


def test_a_piece_is_answered_like_the_whole_image():
    net = subject(*strided(), size=(96, 128))
    seen = window(net, "3")
    assert seen.size[0] < 64 > seen.size[1]
    images = draw("edges", [0.0, 75.0], on=plane(seen.size, centre=seen.centre, reach=seen.reach))
    large = draw("edges", [0.0, 75.0], on=plane((96, 128), centre=(50.0, 66.0), reach=seen.reach))
    maps = net.module[:4]((large - 0.5) / 0.25)
    said = responses(net, images, seen)
    # position (12, 16) of stride 4 starts at pixel 48, 64, and pooling looks two pixels beyond
    expected = [
        maps[:, :, 12 + row - seen.places[0][0], 16 + col - seen.places[0][1]] for row, col in seen.places
    ]
    assert torch.allclose(said, torch.stack(expected, 1), atol=1e-4)


def test_the_centre_is_where_the_position_looks():
    """A unit that sums what it sees answers a spot at the window's centre as strongly as any."""
    conv = nn.Conv2d(3, 1, 5, stride=3, padding=1, bias=False)
    net = subject(conv, size=(48, 48))
    seen = window(net, "0")
    assert seen.reach == 2.5
    row, column = (round(value) for value in seen.centre)
    spots = torch.full((9, 3, *seen.size), 0.5)
    for k, (down, right) in enumerate((d, r) for d in (-3, 0, 3) for r in (-3, 0, 3)):
        spots[k, :, row + down, column + right] = 1.0
    said = (responses(net, spots, seen)[:, 0, 0] - responses(net, spots[:1] * 0 + 0.5, seen)[0, 0, 0]).abs()
    assert said[4] > 0
    assert said[[0, 1, 2, 3, 5, 6, 7, 8]].max() < 1e-5


def test_what_hangs_on_the_whole_image_is_shown_the_whole_image():
    size = (96, 48)
    net = subject(*strided(), Squeezed(), size=size)
    assert window(net, "4").size == size
    assert window(net, "3").size != size


def test_tokens_and_channels_last_have_tuning_curves():
    torch.manual_seed(0)
    shape = {
        "image_size": 32,
        "patch_size": 4,
        "num_layers": 2,
        "num_heads": 2,
        "hidden_dim": 16,
        "mlp_dim": 32,
    }
    vit = VisionTransformer(**shape, num_classes=5)
    spec = InputSpec((3, 32, 32), (0.5,) * 3, (0.25,) * 3)
    tokens = wrap(vit, name="vit", spec=spec, heads={"class": tuple("abcde")})
    last = subject(nn.Conv2d(3, 5, 5, stride=2), ChannelsLast())
    for net, layer, count in ((tokens, "encoder.layers.encoder_layer_0", 16), (last, "1", 5)):
        curves = tuning(net, layer, stimuli=["edges"], steps=4)["edges"]
        assert curves.curves.shape == (count, 4)
        assert (curves.peak > 0).any()
    assert window(tokens, "encoder.layers.encoder_layer_0").size == (32, 32)
    assert curves.provenance.parameters["size"] != (64, 64)


def test_networks_of_small_images_have_tuning_curves():
    """Fields as large as the image: positions at its border have no neighbours beyond it."""
    deep = [part for _ in range(3) for part in (nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))]
    net = subject(*deep, nn.Conv2d(3, 6, 3, padding=1), nn.MaxPool2d(2), size=(32, 32))
    seen = window(net, "10")
    assert seen.size == (32, 32)
    assert seen.places[0] == (1, 1)
    assert len(seen.places) == 4
    assert tuning(net, "9", stimuli=["hue_centres"], steps=4)["hue_centres"].curves.shape == (6, 4)
