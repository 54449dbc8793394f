"""Attributions find the planted place and colour, sum to the activation, and do not know their batch."""

import numpy as np
import pytest
import torch
from torch import nn

from core.activations import capture
from core.errors import UnknownName
from core.receptive import receptive_fields
from core.subject import InputSpec, wrap
from core.testing import planted_classifier, spotlight
from feature_viz.examples import unit_attribution
from feature_viz.examples.crops import Cell, Window, top_cells
from feature_viz.examples.exemplars import exemplars
from feature_viz.examples.tensor_source import TensorImages
from feature_viz.examples.unit_attribution import attribution_strips, attributions, overlay


def test_a_planted_place_is_found():
    images = torch.rand(6, 3, 10, 10, generator=torch.Generator().manual_seed(0))
    units = torch.tensor([0, 1, 0, 1, 1, 0])
    subject = wrap(
        nn.Sequential(nn.Flatten(), spot_linear()),
        name="spots",
        spec=InputSpec((3, 10, 10), (0.0,) * 3, (1.0,) * 3),
        heads={"class": ("red", "green")},
    )
    zero = torch.zeros(6, dtype=torch.long)
    values = attributions(subject, "1", images, units, zero, zero)
    expected = torch.zeros(6, 10, 10)
    for i, unit in enumerate(units.tolist()):
        row = (1, 6)[unit]
        patch = (slice(row, row + 2), slice(row, row + 2))
        expected[(i, *patch)] = images[(i, unit, *patch)] - 0.5
    torch.testing.assert_close(values, expected, atol=1e-5, rtol=1e-4)


def spot_linear():
    """Unit 0 sums a red patch at (1, 1), unit 1 a green one at (6, 6)."""
    linear = nn.Linear(300, 2, bias=False)
    weights = torch.zeros(2, 3, 10, 10)
    weights[0, 0, 1:3, 1:3] = weights[1, 1, 6:8, 6:8] = 1
    linear.weight.data = weights.flatten(1)
    return linear


def test_they_sum_to_what_the_image_adds_over_grey():
    subject = planted_classifier(seed=3)
    images = torch.rand(5, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    units = torch.tensor([0, 1, 2, 0, 1])
    zero = torch.zeros(5, dtype=torch.long)
    values = attributions(subject, "head", images, units, zero, zero, steps=64)
    grey = torch.full_like(images, 0.5)
    gained = (capture(subject, images, ["head"])["head"] - capture(subject, grey, ["head"])["head"])[
        torch.arange(5), units
    ]
    torch.testing.assert_close(values.sum((1, 2)), gained, atol=0.05, rtol=0.05)


def test_a_unit_has_the_same_attribution_alone_and_among_others():
    subject = planted_classifier(seed=0)
    images = torch.rand(40, 3, 12, 12, generator=torch.Generator().manual_seed(2))
    units, rows, columns = torch.arange(40) % 4, torch.arange(40) % 12, torch.arange(40) % 7
    together = attributions(subject, "relu", images, units, rows, columns)
    for i in (0, 17, 39):
        one = slice(i, i + 1)
        alone = attributions(subject, "relu", images[one], units[one], rows[one], columns[one])
        torch.testing.assert_close(alone[0], together[i], atol=1e-6, rtol=1e-5)


def test_an_overlay_keeps_what_drives_the_unit_and_dims_the_rest():
    values = torch.zeros(48, 48)
    values[20:28, 20:28] = 1
    values[0:8, 40:48] = -5  # what holds the unit back is not lit
    shown = overlay(
        torch.ones(3, 48, 48), values, Cell(0, 1.0, 0, 0, Window(0, 0, 48, (0.0, 0.0, 1.0, 1.0))), 48
    )
    assert shown[22:26, 22:26].min() > 240
    assert shown[0:8, 40:48].max() < 100
    assert shown[40:, :8].max() < 100


def test_strips_of_a_batch_of_units_light_the_planted_colour():
    subject = spotlight(size=48, rows=(4, 30))
    images = torch.rand(20, 3, 48, 48, generator=torch.Generator().manual_seed(0)) * 0.4
    for i in range(6):
        images[i, 0, 8 * i : 8 * i + 4, 8:12] = 1.0  # a red patch, which unit 0 of "eye" fires for
    source = TensorImages(images)
    found = exemplars(subject, source, ["eye"], k=4)["eye"]
    field = receptive_fields(subject, ["eye"], size=(48, 48))["eye"]
    cells = {unit: top_cells(field, found, unit) for unit in (0, 1)}
    made = attribution_strips(subject, source, field, cells, best=2)
    assert {unit: strip.shape for unit, strip in made.items()} == {0: (48, 96, 3), 1: (48, 96, 3)}
    for place, cell in enumerate(cells[0][:2]):
        strip = made[0][:, 48 * place : 48 * (place + 1)].astype(int)
        brightest = np.unravel_index(strip[..., 0].argmax(), (48, 48))
        assert abs(brightest[0] - (cell.row - cell.window.top)) <= 2
        assert abs(brightest[1] - (cell.column - cell.window.left)) <= 2


def test_a_crop_says_what_the_whole_image_says(monkeypatch):
    subject = planted_classifier(seed=0, size=96)
    source = TensorImages(torch.rand(12, 3, 96, 96, generator=torch.Generator().manual_seed(4)))
    found = exemplars(subject, source, ["relu"], k=3)["relu"]
    field = receptive_fields(subject, ["relu"], size=(96, 96))["relu"]
    cells = {unit: top_cells(field, found, unit) for unit in range(4)}
    sizes = []
    real = unit_attribution.attributions

    def watched(subject, layer, images, *rest, **options):
        sizes.extend(image.shape[1] for image in images)
        return real(subject, layer, images, *rest, **options)

    monkeypatch.setattr(unit_attribution, "attributions", watched)
    quick = attribution_strips(subject, source, field, cells)
    assert set(sizes) == {48}
    monkeypatch.setattr(unit_attribution, "TOLERANCE", -1.0)
    sizes.clear()
    whole = attribution_strips(subject, source, field, cells)
    assert set(sizes) == {96}
    for unit, strip in whole.items():
        np.testing.assert_allclose(quick[unit].astype(int), strip.astype(int), atol=1)


def test_an_unknown_layer_is_named():
    at = torch.zeros(1, dtype=torch.long)
    with pytest.raises(UnknownName, match="conv"):
        attributions(planted_classifier(seed=0), "cnov", torch.rand(1, 3, 12, 12), at, at, at)
