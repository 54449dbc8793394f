"""Models by name: real networks reach their published accuracy, and what does not fit is named in one sentence."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from core.activations import capture
from core.artifacts import read_tensors, write_tensors
from core.errors import BadInput, UnknownName, Unreadable, WeightsMismatch
from core.subject import run
from vision import models
from vision.datasets import open_images
from vision.googlenet_bvlc import googlenet_bvlc
from vision.networks import shapes_cnn
from vision.sources.own import SHIPPED


def right_share(subject, images, limit=None):
    source = open_images(images, size=subject.spec.shape[1:], count=limit)
    with torch.no_grad():
        guesses = torch.cat([run(subject, batch)["class"].argmax(1) for batch in source.batches(50)])
    return int((guesses.numpy() == source.targets).sum()), len(source)


@pytest.mark.parametrize(("depth", "published"), [(20, 180), (32, 188)])
def test_cifar_resnets_are_right_as_often_as_recorded(real_data, depth, published):
    name = f"cifar10_resnet{depth}"
    subject = models.load(name, weights=real_data / "weights" / f"{name}.safetensors")
    assert right_share(subject, real_data / "images" / "cifar10_test_lossless.npz") == (published, 200)


@pytest.mark.parametrize(
    ("name", "least"),
    [("squeezenet1_1", 0.60), pytest.param("bvlc_googlenet", 0.72, marks=pytest.mark.slow)],
)
def test_imagenet_networks_recognise_photographs(real_data, name, least):
    subject = models.load(name, weights=real_data / "weights" / f"{name}.safetensors")
    right, total = right_share(
        subject, real_data / "images" / "photos_500.tar", limit=None if least > 0.7 else 120
    )
    assert right / total > least


def test_wrong_scaling_costs_accuracy_so_the_scaling_of_the_file_matters(real_data):
    weights = real_data / "weights" / "cifar10_resnet20.safetensors"
    subject = models.load("cifar10_resnet20", weights=weights, scaling="RGB 0..255")
    assert right_share(subject, real_data / "images" / "cifar10_test_lossless.npz")[0] < 120


def test_googlenet_has_the_originals_shapes():
    subject = models.load("bvlc_googlenet", size=64)
    assert subject.layers["inception_4a"].channels == 192 + 208 + 48 + 64
    assert sum(p.numel() for p in googlenet_bvlc().parameters()) == 6_998_552


def test_the_embedded_network_is_named_in_layers_and_classes():
    subject = models.load("shapes")
    assert [f"relu{k}" in subject.layers for k in (1, 2, 3, 4)] == [True] * 4
    cache = capture(subject, torch.rand(2, *subject.spec.shape), ["relu1", "relu4"])
    assert cache["relu1"].shape[2:] == (24, 24)
    assert len(subject.heads["class"]) == 16
    share, total = right_share(subject, "shapes", limit=300)
    assert share / total > 0.9


def test_untrained_networks_come_from_their_seed_and_say_so():
    one, same, other = (models.load("squeezenet1_1", size=64, seed=seed) for seed in (1, 1, 2))
    assert one.name == "squeezenet1_1-untrained"
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert models.load("resnet18", labels=["a", "b"], size=64).heads["class"] == ("a", "b")


def test_unknown_names_offer_the_nearest():
    with pytest.raises(
        UnknownName, match=r"unknown model 'squeezenet11'; the nearest valid one is 'squeezenet1_1'"
    ):
        models.load("squeezenet11")
    with pytest.raises(
        UnknownName, match=r"weights of resnet18 .*'IMAGENET1K_V9'; the nearest .*'IMAGENET1K_V1'"
    ):
        models.load("resnet18", weights="IMAGENET1K_V9")


@pytest.fixture
def weights(tmp_path):
    """A function that writes a changed copy of the shipped weights."""

    def write(change=lambda tensors: None, metadata=None):
        tensors = read_tensors(SHIPPED)
        change(tensors)
        write_tensors(tmp_path / "w.safetensors", tensors, metadata)
        return tmp_path / "w.safetensors"

    return write


def refused(error, path, **options):
    with pytest.raises(error) as caught:
        models.load("shapes", weights=path, **options)
    sentence = str(caught.value)
    assert Path(path).name in sentence
    assert "\n" not in sentence
    return sentence


def test_weights_that_do_not_fit_name_the_first_tensor_and_both_shapes(weights):
    def widen(tensors):
        tensors["conv3.weight"] = torch.zeros(7, 40, 3, 3)
        tensors["logits.bias"] = torch.zeros(7)

    sentence = refused(WeightsMismatch, weights(widen))
    assert re.search(
        r"'conv3.weight' has shape \(7, 40, 3, 3\) in the file and \(64, 40, 3, 3\) in shapes", sentence
    )
    assert "no tensor 'norm1.bias'" in refused(WeightsMismatch, weights(lambda t: t.pop("norm1.bias")))
    extra = weights(lambda tensors: tensors.update(more=torch.zeros(2)))
    assert "'more' (shape (2,)) has no place" in refused(WeightsMismatch, extra)


def test_without_metadata_or_option_the_scaling_is_asked_for(weights):
    path = weights()
    assert "--scaling" in refused(BadInput, path)
    spec = models.load("shapes", weights=path, scaling="RGB 0..255 minus (51, 51, 102)").spec
    assert spec.mean == (0.2, 0.2, 0.4)
    assert spec.shape == (3, 48, 48)


def test_broken_files_are_said_to_be_broken(tmp_path, weights):
    content = weights().read_bytes()
    for name, part in (("empty", b""), ("short", content[: len(content) // 2]), ("header", content[:5])):
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(part)
        refused(Unreadable, path)
    refused(Unreadable, tmp_path / "absent.safetensors")
    assert "pickle" in refused(Unreadable, tmp_path / "old.pth")


def test_nan_in_weights_is_named(weights):
    def spoil(tensors):
        tensors["conv2.weight"][0, 0, 0, 0] = float("nan")

    path = weights(spoil, {"input": "RGB 0..1"})
    assert "'conv2.weight'" in refused(BadInput, path)


def test_every_torchvision_name_has_a_recipe():
    for name in models.names()[4::9]:
        spec = models.architecture(name).spec
        assert spec.shape[1] >= 200
        assert len(spec.mean) == 3


def test_loading_keeps_the_modules_own_relu_apart():
    kinds = [type(module) for module in shapes_cnn().modules()]
    assert kinds.count(nn.ReLU) == 4
