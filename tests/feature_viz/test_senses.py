"""senses(): planted units come apart with their images and pictures (about 6 s)."""

import torch

from core.activations import capture
from core.receptive import receptive_fields
from core.senses import strongest
from core.targets import Unit
from core.testing import SENSES, two_senses
from feature_viz.examples.exemplars import exemplars
from feature_viz.examples.tensor_source import TensorImages
from feature_viz.optimize import render
from feature_viz.senses import SPOTS, sense_cells, sense_objective, senses, spots_of


def test_every_sense_shows_the_images_of_its_pattern_and_a_picture_of_it():
    planted = two_senses(seed=301)
    images = TensorImages(planted.inputs)
    made = senses(planted.subject, images, Unit("units", 0))
    field = receptive_fields(planted.subject, ["units"], size=images.size)["units"]
    assert len(made.senses) == 2
    own = []
    for number in range(2):
        cells = sense_cells(made, number, field)
        causes = [int(planted.causes[cell.index]) for cell in cells[:10]]
        assert len(set(causes)) == 1
        assert [cell.score for cell in cells] == sorted((cell.score for cell in cells), reverse=True)
        own.append(causes[0])
    assert set(own) == set(SENSES[0])
    pictures = render(planted.subject, [sense_objective(made, number) for number in range(2)], steps=96)
    seen = capture(planted.subject, torch.stack([one.image for one in pictures]), ["seen"])["seen"].mean(
        (2, 3)
    )
    assert seen[0, own[0]] > seen[0, own[1]]  # each picture fires its own detector more than the other
    assert seen[1, own[1]] > seen[1, own[0]]


def test_exemplars_and_a_pass_of_its_own_give_the_same_spots():
    planted = two_senses(seed=302, count=200)
    images, unit = TensorImages(planted.inputs), Unit("units", 2)
    found = exemplars(planted.subject, images, ["units"], k=SPOTS)["units"]
    one, two = spots_of(images, found, unit), strongest(planted.subject, images.batches(32), unit)
    assert one.index.tolist() == two.index.tolist()
    assert torch.allclose(one.score, two.score, atol=1e-4)
    assert torch.equal(one.inputs, two.inputs)
    assert (one.row.tolist(), one.column.tolist()) == (two.row.tolist(), two.column.tolist())
