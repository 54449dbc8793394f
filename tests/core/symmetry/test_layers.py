"""The search on other layers than maps of a convolution: tokens, channels last, pooled answers, atoms."""

import copy

import pytest
import torch
from torch import nn

from core.activations import capture
from core.decomposition import as_rows, atoms_as_units, fit
from core.subject import normalise, wrap
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


class Mixed(nn.Module):
    """Planted filters that answer seldom, and a layer of sums of them by chance, none below 0."""

    def __init__(self, embed, mixing):
        super().__init__()
        self.embed, self.mixed = embed, nn.Conv2d(embed.out_channels, len(mixing), 1, bias=False)
        self.mixed.weight.data = mixing[:, :, None, None]
        self.head = nn.Linear(len(mixing), 2)

    def forward(self, x):
        return self.head(self.mixed(self.embed(x).relu()).mean((2, 3)))


def test_a_family_that_no_unit_shows_is_found_among_the_atoms():
    planted = planted_families(
        "rotation", seed=2, families=2, alone=2, invariant=0, duplicates=0, dead=0, noise=0.05
    )
    views, spec = planted_views(planted, count=32, seed=0), planted.subject.spec
    embed = copy.deepcopy(planted.subject.module.get_submodule("conv1"))
    inputs = torch.cat([next(views.batches(32))(element) for element in range(len(planted.group))])
    with torch.no_grad():
        answers = embed(normalise(spec, inputs)).transpose(0, 1).flatten(1)
        embed.bias.data -= answers[:, ::7].quantile(0.9, dim=1)  # on in one place of ten
    width, generator = len(planted.family), torch.Generator().manual_seed(2)
    chosen = torch.rand(2, width, width, generator=generator)
    mixing = chosen[0] * (chosen[1] < 0.3) + 0.5 * torch.eye(width)
    subject = wrap(Mixed(embed, mixing), name="mixed", spec=spec, heads={"class": ("0", "1")})

    units = find(likenesses(subject, ["mixed"], views)["mixed"])
    assert pair_scores(planted.family, units.labels).f1 < 0.6

    rows = as_rows(capture(subject, inputs[::3], ["mixed"])["mixed"], subject.layers["mixed"])
    rows = rows[torch.randperm(len(rows), generator=generator)[:4000]]
    taken_apart = atoms_as_units(subject, fit(rows, layer="mixed", method="ica", k=width, seed=0))
    atoms = find(likenesses(taken_apart, ["mixed.atoms"], views)["mixed.atoms"])
    codes = as_rows(
        capture(taken_apart, inputs[::5], ["mixed.atoms"])["mixed.atoms"], taken_apart.layers["mixed.atoms"]
    )
    alike = torch.corrcoef(torch.cat([codes.T, sources(subject, inputs[::5]).T]))
    source = alike[:width, width:].argmax(1)
    assert pair_scores(planted.family[source], atoms.labels).f1 > 0.8


def sources(subject, inputs):
    """What the planted units themselves say at every position."""
    answers = capture(subject, inputs, ["embed"])["embed"].relu()
    return as_rows(answers, subject.layers["embed"])
