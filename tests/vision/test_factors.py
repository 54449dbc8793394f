"""Every factor of the procedural images can be asked for, and is what it says."""

import numpy as np
import pytest
import torch

from core.errors import UnknownName
from core.probing import probe
from vision import shapes
from vision.factors import PROBED, labelled_factor

DRAWN = shapes.generate(5, range(1000))


@pytest.mark.parametrize("name", PROBED)
def test_every_factor_varies_and_has_a_value_for_each_image_that_has_it(name):
    known, found = labelled_factor(DRAWN, name)
    assert len(found.values) == known.sum() > 40
    assert len(np.unique(found.values.reshape(len(found.values), -1), axis=0)) > 1
    if found.kind == "grid":
        assert np.allclose((found.values**2).sum((1, 2)), 1)


def test_an_angle_that_stands_in_the_activations_is_read_though_it_wraps():
    known, found = labelled_factor(DRAWN, "hue")
    turned = np.deg2rad(DRAWN.factors["hue"][known])
    waves = torch.tensor(np.stack([np.cos(turned - 1), np.sin(turned - 1)], 1), dtype=torch.float32)
    (result,) = probe(waves, found, concept="hue")
    assert result.score.low > 0.999
    with pytest.raises(UnknownName, match="'hue'"):
        labelled_factor(DRAWN, "hoe")
