"""forced_choice(): can a picture tell images that fire its unit most from those that fire it least?"""

import torch
from jaxtyping import Float
from torch import Tensor

from feature_viz.truth.agreement import share_above


def forced_choice(
    pictures: Float[Tensor, "n d"], top: Float[Tensor, "n k d"], bottom: Float[Tensor, "n j d"]
) -> Float[Tensor, "n"]:
    """The share of all pairs (a top crop, a bottom crop) where the top one is more like the picture; 0.5 is chance.

    The question people were asked in [borowski2021], answered by a judge's features as in [zimmermann2024]: all
    three as ``judge.described`` has them.

    >>> picture, other = torch.eye(2)
    >>> forced_choice(picture[None], picture[None, None], other[None, None]).tolist()
    [1.0]
    """
    return share_above(_alike(top, pictures), _alike(bottom, pictures))


def natural_choice(top: Float[Tensor, "n k d"], bottom: Float[Tensor, "n j d"]) -> Float[Tensor, "n"]:
    """The same with one of the top crops in the picture's place, the mean over which; NaN for fewer than two.

    >>> natural_choice(torch.eye(2)[None, [0, 0]], torch.eye(2)[None, [1]]).tolist()
    [1.0]
    """
    count = top.shape[1]
    if count < 2:
        return torch.full((len(top),), torch.nan)
    others = [[i for i in range(count) if i != held] for held in range(count)]
    shares = [forced_choice(top[:, held], top[:, rest], bottom) for held, rest in enumerate(others)]
    return torch.stack(shares).mean(0)


def others_choice(
    pictures: Float[Tensor, "n d"], top: Float[Tensor, "n k d"], bottom: Float[Tensor, "n j d"]
) -> Float[Tensor, "n"]:
    """The same with every other unit's picture in turn in the picture's place, the mean over which.

    What a picture must beat to say anything of its own unit: top crops are often busy and bottom ones flat, and then
    any picture tells them apart. NaN where there is no other unit.

    >>> others_choice(torch.eye(2), torch.eye(2)[:, None], torch.eye(2).flip(0)[:, None]).tolist()
    [0.0, 0.0]
    """
    shifts = range(1, len(pictures))
    if not shifts:
        return torch.full((len(pictures),), torch.nan)
    return torch.stack([forced_choice(pictures.roll(shift, 0), top, bottom) for shift in shifts]).mean(0)


def identification(pictures: Float[Tensor, "n d"], top: Float[Tensor, "n k d"]) -> Float[Tensor, "n"]:
    """The share of all pairs (an own top crop, another unit's top crop) where the own one is more like the picture.

    A harder question than ``forced_choice``: both crops are such as fire some unit, and 0.5 is chance whatever they
    have in common. NaN where there is no other unit.

    >>> identification(torch.eye(2), torch.eye(2)[:, None]).tolist()
    [1.0, 1.0]
    """
    n, k = top.shape[:2]
    alike = torch.einsum("nd,mkd->nmk", pictures, top)
    own = torch.eye(n, dtype=torch.bool)
    return share_above(alike[own], alike[~own].view(n, (n - 1) * k))


def _alike(images: Float[Tensor, "n k d"], pictures: Float[Tensor, "n d"]) -> Float[Tensor, "n k"]:
    return torch.einsum("nkd,nd->nk", images, pictures)
