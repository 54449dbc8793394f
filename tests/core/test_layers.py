"""Any layer's answer as maps: vectors, token grids with and without other tokens, channels-last maps."""

import pytest
import torch
from torch import nn

from core.layers import as_maps, layer_info
from core.subject import InputSpec, wrap

SQUARE, WIDE = (224, 224), (128, 256)


@pytest.mark.parametrize(
    ("shape", "image", "axes", "grid", "channels"),
    [
        ((7,), SQUARE, "c", (1, 1), 7),
        ((64, 28, 28), SQUARE, "chw", (28, 28), 64),
        ((28, 28, 64), SQUARE, "hwc", (28, 28), 64),
        ((28, 28, 28), SQUARE, "chw", (28, 28), 28),
        ((64, 1, 1), SQUARE, "chw", (1, 1), 64),
        ((1, 1, 768), SQUARE, "hwc", (1, 1), 768),
        ((8, 8, 16), WIDE, "chw", (8, 16), 8),
        ((8, 16, 48), WIDE, "hwc", (8, 16), 48),
        ((32, 9, 17), WIDE, "chw", (9, 17), 32),
        ((196, 192), SQUARE, "tc", (14, 14), 192),
        ((197, 192), SQUARE, "tc", (14, 14), 192),
        ((201, 192), SQUARE, "tc", (14, 14), 192),
        ((129, 192), WIDE, "tc", (8, 16), 192),
        ((50, 768), SQUARE, "tc", (7, 7), 768),
    ],
)
def test_shapes_say_where_channels_and_positions_are(shape, image, axes, grid, channels):
    info = layer_info("layer", "Kind", shape, image)
    assert (info.axes, info.grid, info.channels) == (axes, grid, channels)
    assert as_maps(torch.zeros(2, *shape), info).shape == (2, channels, *grid)


def test_positions_keep_their_places():
    grid = torch.arange(12.0).view(1, 1, 3, 4)
    tokens = torch.cat([torch.full((1, 1, 1), -1.0), grid.flatten(2).transpose(1, 2)], 1)
    assert torch.equal(as_maps(tokens, layer_info("t", "T", (13, 1), (3, 4))), grid)
    assert torch.equal(as_maps(grid.movedim(1, -1), layer_info("t", "T", (3, 4, 1), (3, 4))), grid)


def test_maps_of_another_size_than_the_one_a_layer_was_found_with():
    tokens = layer_info("t", "T", (197, 6), SQUARE)
    assert as_maps(torch.zeros(2, 50, 6), tokens).shape == (2, 6, 7, 7)


def test_outputs_whose_first_axis_is_not_the_inputs_are_no_layers():
    class Windows(nn.Module):
        def forward(self, x):
            return x.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 4, 5, 1).reshape(-1, 16, 3)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.windows, self.fc = Windows(), nn.Linear(3, 2)

        def forward(self, x):
            return self.fc(self.windows(x).mean((0, 1))[None].expand(len(x), -1))

    spec = InputSpec((3, 8, 8), (0.0,) * 3, (1.0,) * 3)
    assert set(wrap(Net(), name="net", spec=spec, heads={"class": ("a", "b")}).layers) == {"fc"}
