"""Weights bear out what the search finds under an action of pictures; where they do not tell, a sentence says so."""

import pytest
import torch
import torchvision
from torch import nn

from core.errors import BadInput
from core.provenance import provenance
from core.subject import InputSpec, wrap
from core.symmetry import Families, Family, Member, find, likenesses
from core.symmetry.weights import WeightEvidence, source_of
from core.testing.families import planted_families, planted_views
from core.wires.layer_graph import layer_graph
from core.wires.wiring import INPUT, whole_kernel
from vision.family_weights import kernel_evidence
from vision.views.actions import contrast, hue, phase


def test_families_that_the_search_finds_are_borne_out_under_the_pictures_own_action():
    planted = planted_families("hue", seed=20, families=3, alone=8)
    views = planted_views(planted, count=48, seed=0)
    found = find(likenesses(planted.subject, [planted.layer], views)[planted.layer])
    said = kernel_evidence(planted.subject, found, hue(len(planted.group)))
    assert isinstance(said, WeightEvidence)
    assert [one.word for one in said.families] == ["borne out"] * 3
    with pytest.raises(BadInput, match="hue has 8 elements; given 16 matrices"):
        kernel_evidence(planted.subject, found, hue(2 * len(planted.group)))


def test_a_grey_network_is_inverted_as_a_coloured_one_is():
    torch.manual_seed(0)
    filters = torch.randn(7, 1, 5, 5)
    module = nn.Sequential(nn.Conv2d(1, 8, 5, bias=False), nn.Flatten(), nn.Linear(8 * 64, 2))
    module[0].weight.data = torch.cat([filters, -filters[:1]])
    subject = wrap(
        module,
        name="grey",
        spec=InputSpec((1, 12, 12), (0.5,), (0.2,), ("grey",)),
        heads={"class": ("0", "1")},
    )
    pair = Family((Member(0, 0), Member(7, 1)), 1.0, 1.0, (0,))
    action = contrast()
    found = Families("0", action.group, 8, (pair,), (), (), (), 0.5, 0.05, "", provenance())
    said = kernel_evidence(subject, found, action).families[0]
    assert abs(said.assigned.estimate - 1) < 1e-5
    assert abs(said.elsewhere + 1) < 1e-5
    shifted = Families("0", phase(2).group, 8, (pair,), (), (), (), 0.5, 0.05, "", provenance())
    assert "shift of phase" in kernel_evidence(subject, shifted, phase(2))


def test_fire_modules_are_read_through_and_pooling_leaves_no_gaps():
    net = torchvision.models.squeezenet1_1(weights=None, num_classes=2)
    spec = InputSpec((3, 64, 64), (0.5,) * 3, (0.25,) * 3)
    subject = wrap(net, name="squeezenet", spec=spec, heads={"class": ("0", "1")})
    graph = layer_graph(subject)
    assert (
        source_of(subject, "features.4", ["features.0", "features.3", "features.6"], graph=graph)
        == "features.3"
    )
    assert source_of(subject, "features.0", ["features.3"], graph=graph) is None
    assert whole_kernel(subject, "features.3", "features.0", graph=graph)[0].weights.shape == (128, 64, 5, 5)
    kernel, why = whole_kernel(subject, "features.12", INPUT, graph=graph)
    assert kernel is None
    assert why.endswith("lies what is not followed as weights: max_pool2d (kernels beyond 15 positions)")
