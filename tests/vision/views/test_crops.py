"""Crops: each image decoded once, the same pieces whatever the batches, and sheets that show units what they see."""

import pytest
import torch

from core.errors import BadInput
from core.store.images import held
from core.symmetry import find, likenesses
from core.symmetry.scores import pair_scores
from core.testing import planted_families, planted_views
from vision.views.actions import rotation
from vision.views.by_layer import photographed
from vision.views.crops import crops


def test_pieces_do_not_depend_on_batches():
    """Nor on where one begins."""
    images = torch.rand(5, 3, 24, 30, generator=torch.Generator().manual_seed(0))
    whole = torch.cat(list(crops(held(images), 9, each=7, seed=3).batches(100)))
    assert whole.shape == (35, 3, 9, 9)
    assert torch.equal(whole, torch.cat(list(crops(held(images), 9, each=7, seed=3).batches(4))))
    assert torch.equal(
        whole[11:], torch.cat(list(crops(held(images), 9, each=7, seed=3).batches(4, start=11)))
    )
    found = images[1].unfold(1, 9, 1).unfold(2, 9, 1).permute(1, 2, 0, 3, 4).flatten(0, 1)
    assert all((found == piece).flatten(1).all(1).any() for piece in whole[7:14])


def test_pieces_larger_than_images_are_refused():
    with pytest.raises(BadInput, match="pieces of 31 pixels"):
        crops(held(torch.rand(2, 3, 30, 40)), 31, each=1, seed=0)


def test_planted_families_are_found_in_pieces_of_pictures():
    """Pixels turned and resampled, not formulas: planted members are still told from strangers."""
    planted = planted_families("rotation", seed=8_100, noise=0.05)
    texture = torch.cat([view(0) for view in planted_views(planted, count=120, seed=5, size=54).batches(120)])
    subject = planted.subject
    views = photographed(subject, [planted.layer], held(texture), rotation(8), seed=0)[planted.layer]
    found = find(likenesses(subject, [planted.layer], views)[planted.layer])
    assert pair_scores(planted.family, found.labels).f1 > 0.9
