"""Atoms as units: old layers as they were, one more layer with the codes, read and changed like any other."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from core.activations import capture
from core.attribution import attribute
from core.decomposition import METHODS, as_rows, atoms_as_units, encode, fit
from core.errors import BadInput, UnknownName
from core.interventions import ablate, intervened
from core.subject import InputSpec, hooked, run, wrap
from core.targets import Unit, parse, score
from core.testing import planted_classifier
from feature_viz.examples.exemplars import exemplars
from feature_viz.examples.tensor_source import TensorImages
from feature_viz.optimize import render

QUICK = {"steps": 60, "batch_size": 64, "active": 1}


@pytest.fixture(scope="module")
def subject():
    return planted_classifier(seed=0)


@pytest.fixture(scope="module")
def images():
    return torch.rand(20, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def taken_apart(subject, images, layer="relu", method="nmf", k=3):
    rows = as_rows(capture(subject, images, [layer])[layer], subject.layers[layer])
    quick = QUICK if method.endswith("-sae") else {}
    found = fit(rows, layer=layer, method=method, k=k, **quick)
    return found, atoms_as_units(subject, found)


@pytest.mark.parametrize("method", METHODS)
def test_the_network_says_what_it_said_and_its_gradients_are_the_same(method, subject, images):
    found, units = taken_apart(subject, images, method=method)
    assert torch.equal(run(units, images)["class"], run(subject, images)["class"])
    gradients = []
    for each in (subject, units):
        inputs = images.clone().requires_grad_()
        gradients.append(torch.autograd.grad(run(each, inputs)["class"][:, 0].sum(), inputs)[0])
    torch.testing.assert_close(*gradients)
    both = capture(units, images, ["relu", "relu.atoms"])
    assert torch.equal(both["relu"], capture(subject, images, ["relu"])["relu"])
    expected = encode(found, both["relu"].movedim(1, -1)).movedim(-1, 1)
    torch.testing.assert_close(both["relu.atoms"], expected)


def test_old_layers_keep_their_names_and_the_subject_is_as_before(subject, images):
    before = subject.fingerprint, list(subject.layers), [name for name, _ in subject.module.named_modules()]
    found, units = taken_apart(subject, images)
    assert before == (
        subject.fingerprint,
        list(subject.layers),
        [name for name, _ in subject.module.named_modules()],
    )
    assert list(units.layers) == ["conv", "relu", "relu.atoms", "pool", "head"]
    assert {name: info for name, info in units.layers.items() if name != "relu.atoms"} == subject.layers
    assert units.fingerprint != subject.fingerprint
    other = replace(found, atoms=found.atoms.flip(0))
    assert atoms_as_units(subject, other).fingerprint != units.fingerprint
    assert not any(parameter.requires_grad for parameter in units.module.parameters())
    assert not any(module.training for module in units.module.modules())


class Blocks(nn.Module):
    """A block of several layers, tokens behind it, a head: the kinds of place that atoms may sit at."""

    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU())
        self.mix = nn.Linear(6, 5)
        self.last = nn.Linear(5, 4)

    def forward(self, inputs):
        maps = self.block(inputs)
        tokens = self.mix(maps.flatten(2).transpose(1, 2))
        grid = tokens.view(len(tokens), *inputs.shape[2:], 5)
        return self.last(torch.relu(grid).mean((1, 2)))


@pytest.mark.parametrize(
    ("layer", "shape"), [("block", (2, 8, 8)), ("block.0", (2, 8, 8)), ("mix", (64, 2)), ("last", (2,))]
)
def test_maps_for_maps_tokens_for_tokens_vectors_for_vectors(layer, shape, images):
    torch.manual_seed(0)
    spec = InputSpec((3, 8, 8), (0.0,) * 3, (1.0,) * 3)
    blocks = wrap(Blocks(), name="blocks", spec=spec, heads={"class": tuple("abcd")})
    _, units = taken_apart(blocks, images[:, :, :8, :8], layer=layer, method="pca", k=2)
    assert units.layers[f"{layer}.atoms"].shape == shape
    again = capture(units, images[:, :, :8, :8], [*blocks.layers, f"{layer}.atoms"])
    assert tuple(again[f"{layer}.atoms"].shape[1:]) == shape
    for name in blocks.layers:
        assert torch.equal(again[name], capture(blocks, images[:, :, :8, :8], [name])[name])


def test_a_changed_code_changes_the_layer_along_its_atom(subject, images):
    found, units = taken_apart(subject, images)

    def without_the_first(_, __, output):
        return output * torch.tensor([0.0, 1, 1]).view(1, 3, 1, 1)

    maps = capture(subject, images, ["relu"])["relu"]
    codes = encode(found, maps.movedim(1, -1))
    expected = maps - torch.einsum("nhw,c->nchw", codes[..., 0], found.atoms[0])
    module = subject.module
    with torch.no_grad():
        answer = module.head(module.pool(expected).flatten(1))
        with hooked(units.module, ["relu.atoms"], lambda name: without_the_first):
            torch.testing.assert_close(run(units, images)["class"], answer)
        with intervened(units, ablate(Unit("relu.atoms", 0))):
            torch.testing.assert_close(run(units, images)["class"], answer)
        assert torch.equal(run(units, images)["class"], run(subject, images)["class"])


def test_what_is_changed_in_the_layer_is_seen_by_its_atoms(subject, images):
    _, units = taken_apart(subject, images)
    with intervened(units, ablate("relu")):
        assert not capture(units, images, ["relu.atoms"])["relu.atoms"].any()


def test_attribution_to_atoms_is_complete(subject, images):
    _, units = taken_apart(subject, images, method="pca", k=4)
    found = attribute(
        units, images[:2], parse("class:1", units), method="integrated-gradients", at="relu.atoms"
    )
    assert found.values.shape == (2, 4, 12, 12)
    assert found.completeness_gap.abs().max() < 1e-4


@pytest.mark.parametrize("method", ["nmf", "k-means", "topk-sae", "batchtopk-sae", "jumprelu-sae"])
def test_atoms_are_rendered_and_have_exemplars(method, subject, images):
    _, units = taken_apart(subject, images, method=method)
    target = parse("relu.atoms:1", units)
    best = exemplars(units, TensorImages(images), ["relu.atoms"], k=3)["relu.atoms"]
    peaks = capture(units, images, ["relu.atoms"])["relu.atoms"].amax((2, 3))
    assert best.top.index[0].tolist() == peaks.argmax(0).tolist() or torch.equal(
        best.top.score[0], peaks.amax(0)
    )
    (made,) = render(units, [target], steps=24, size=12)
    start, end = score(units, torch.full((1, 3, 12, 12), 0.5), target), score(units, made.image[None], target)
    assert end > start


def test_a_dead_atom_is_woken_by_rendering():
    """A unit that answers nothing at first passes its gradient as dead ReLUs do."""
    subject = planted_classifier(seed=0)
    images = torch.rand(20, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    found, _ = taken_apart(subject, images, method="jumprelu-sae")
    parts = dict(found.parts) | {"threshold": found.parts["threshold"] + 1.5}
    units = atoms_as_units(subject, replace(found, parts=parts))
    (made,) = render(units, [parse("relu.atoms:0", units)], steps=48, size=12)
    assert score(units, torch.full((1, 3, 12, 12), 0.5), parse("relu.atoms:0", units)) == 0
    assert score(units, made.image[None], parse("relu.atoms:0", units)) > 0


def test_mistakes_are_one_sentence(subject, images):
    found, units = taken_apart(subject, images)
    with pytest.raises(BadInput, match="has 3 channels and the dictionary is for 4"):
        atoms_as_units(subject, replace(found, layer="head"))
    with pytest.raises(UnknownName, match="nearest valid one is 'relu'"):
        atoms_as_units(subject, replace(found, layer="relu1"))
    with pytest.raises(BadInput, match="has a part called 'atoms' already"):
        atoms_as_units(units, found)
    second, twice = taken_apart(units, images, layer="conv", method="pca")
    assert {"conv.atoms", "relu.atoms"} <= set(twice.layers)
    assert len(second) == 3
