"""A user's own action: taken where it is one, refused with one sentence where it is not."""

import numpy as np
import pytest
import torch

from core.errors import BadInput
from core.symmetry.groups import cyclic, square, two
from vision.views.actions import dihedral
from vision.views.own import of_images

PICTURES = torch.rand(6, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def turned(batch, element):
    mirrored, turns = divmod(element, 4)
    return torch.rot90(batch.flip(3) if mirrored else batch, turns, (2, 3))


def test_the_symmetries_of_the_square_as_a_users_own():
    views = of_images(PICTURES, square(), turned, places=dihedral(4).places((12, 12)))
    seen = [torch.cat([show(g) for show in views.batches(4)]) for g in (0, 5)]
    assert torch.equal(seen[0], PICTURES)
    assert torch.equal(seen[1], turned(PICTURES, 5))
    assert len(views) == 6


def test_the_fingerprint_knows_functions_apart_by_what_they_do():
    group = two("channels", labels=("as is", "swapped"))
    one = of_images(PICTURES, group, lambda batch, g: batch.flip(1) if g else batch)
    other = of_images(PICTURES, group, lambda batch, g: batch[:, [1, 0, 2]] if g else batch)
    again = of_images(PICTURES, group, lambda batch, g: batch.flip(1) if g else batch)
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == again.fingerprint


@pytest.mark.parametrize(
    ("on_images", "said"),
    [
        (lambda batch, g: batch.roll(g + 1, 3), "the identity of 'roll', does not leave"),
        (lambda batch, g: batch.roll(g, 3), "and then .* does not do to pictures what"),
        (lambda batch, g: batch[..., :5], "expected the same shape"),
        (lambda batch, g: batch.numpy(), "makes ndarray"),
        (lambda batch, g: batch / 0, "NaN or infinity"),
    ],
)
def test_what_is_no_action_of_the_group_is_refused(on_images, said):
    with pytest.raises(BadInput, match=said):
        of_images(PICTURES, cyclic("roll", 4), on_images)


def test_places_that_do_not_fit_are_refused():
    with pytest.raises(BadInput, match="one 2 x 2 matrix for each of the 8"):
        of_images(PICTURES, square(), turned, places=np.zeros((4, 2, 2)))


def test_a_function_that_works_in_place_spoils_nothing():
    def inverted(batch, element):
        return batch.mul_(-1).add_(1) if element else batch

    views = of_images(PICTURES.clone(), two("inversion", labels=("as is", "inverted")), inverted)
    show = next(views.batches(6))
    show(1)
    assert torch.equal(show(0), PICTURES)
