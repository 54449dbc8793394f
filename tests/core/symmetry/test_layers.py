"""The search on other layers than maps of a convolution: tokens, channels last, pooled answers, atoms."""

import pytest
import torch
from torch import nn

from core.subject import wrap
from core.symmetry import find, likenesses
from core.symmetry.scores import pair_scores
from core.testing.families import planted_families, planted_views


class Tokens(nn.Module):
    """The planted filters as a ViT's patch embedding, and a block of attention whose answer is mostly its input."""

    def __init__(self, embed):
        super().__init__()
        width = embed.out_channels
        self.embed, self.first = embed, nn.Parameter(torch.zeros(1, 1, width))
        self.block = nn.TransformerEncoderLayer(width, 1, 8, dropout=0.0, batch_first=True, norm_first=True)
        for layer in (self.block.self_attn.out_proj, self.block.linear2):
            layer.weight.data *= 0.1
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        tokens = self.embed(x).relu().flatten(2).transpose(1, 2)
        tokens = self.block(torch.cat([self.first.expand(len(x), -1, -1), tokens], 1))
        return self.head(tokens[:, 0])


class ChannelsLast(nn.Module):
    """The same in a Swin's layout: maps with their channels last, normalised, through a small perceptron and added."""

    def __init__(self, embed):
        super().__init__()
        width = embed.out_channels
        self.embed, self.norm, self.mlp = embed, nn.LayerNorm(width), nn.Linear(width, width)
        self.mlp.weight.data *= 0.1
        self.block, self.head = nn.Identity(), nn.Linear(width, 2)

    def forward(self, x):
        maps = self.embed(x).relu().permute(0, 2, 3, 1)
        maps = self.block(maps + self.mlp(self.norm(maps)))
        return self.head(maps.mean((1, 2)))


@pytest.fixture(scope="module")
def planted():
    return planted_families("rotation", seed=3, families=3, alone=6, invariant=1, duplicates=1)


@pytest.mark.parametrize(("network", "axes"), [(Tokens, "tc"), (ChannelsLast, "hwc")])
def test_planted_families_are_found_in_blocks_of_transformers(planted, network, axes):
    torch.manual_seed(0)
    embed = planted.subject.module.get_submodule("conv1")
    subject = wrap(network(embed), name="net", spec=planted.subject.spec, heads={"class": ("0", "1")})
    assert subject.layers["block"].axes == axes
    likeness = likenesses(subject, ["block"], planted_views(planted, count=48, seed=0))["block"]
    found = find(likeness)
    assert pair_scores(planted.family, found.labels).f1 > 0.95
    assert len(found.families) == 3


def test_pooled_answers_and_vectors_tell_members_from_strangers(planted):
    views = planted_views(planted, count=64, seed=0)
    pooled = likenesses(planted.subject, [planted.layer], views, pooled=True)[planted.layer].values
    vectors = likenesses(planted.subject, ["flat"], views)["flat"].values
    one, other = ((planted.family[:, None] == planted.family) & (planted.family >= 0)).nonzero()
    offsets = planted.group.offsets[planted.place[one], planted.place[other]]
    strangers = (planted.family[:, None] != planted.family) & (planted.family[:, None] >= 0)
    for values in (pooled, vectors):
        assert values[offsets, one, other].mean() > 0.9
        assert abs(values[:, strangers]).mean() < 0.3
    assert vectors.shape == (8, len(planted.family), len(planted.family))
