"""Networks from timm, lucent and a user's own code: scaling, labels, sizes and weights, and one sentence otherwise."""

import sys

import pytest
import torch
from torch import nn

from core.activations import capture
from core.artifacts import write_tensors
from core.errors import BadInput, UnknownName, Unreadable, WeightsMismatch
from core.subject import normalise, run
from core.targets import Unit
from feature_viz.optimize import render
from vision import models
from vision.sources import SOURCES, timm

NETS = """
import torch
from torch import nn

class Grey(nn.Sequential):
    def __init__(self, classes=10):
        super().__init__(nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, classes))

def build():
    return Grey()

def needy(count, *, wide=False):
    return Grey(count)

def greedy(classes, width):
    return Grey(classes)

def forgetful():
    return {"not": "a module"}

def twofold():
    class Two(nn.Module):
        def forward(self, x):
            return x, x
    return Two()

ready = Grey(4)
LIMIT = 3
"""


@pytest.fixture
def nets(tmp_path, monkeypatch):
    """A current directory that holds the user's package ``mynets`` with a module ``small``."""
    (tmp_path / "mynets").mkdir()
    (tmp_path / "mynets" / "__init__.py").write_text("")
    (tmp_path / "mynets" / "small.py").write_text(NETS)
    (tmp_path / "mynets" / "broken.py").write_text("import not_there_at_all\n")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    yield tmp_path
    assert sys.path == before
    for name in [name for name in sys.modules if name.split(".")[0] == "mynets"]:
        del sys.modules[name]


def test_a_users_own_network_with_its_weights(nets):
    torch.manual_seed(3)
    trained = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        nn.Linear(24, 10),
    ).eval()  # fmt: skip
    path = nets / "w.safetensors"
    write_tensors(path, trained.state_dict(), {"input": "grey 0..255 minus 51, 28x28"})
    subject = models.load("mynets.small:build", weights=path)
    assert subject.spec.shape == (1, 28, 28)
    assert subject.spec.channels == ("grey",)
    assert subject.heads["class"] == tuple("0123456789")
    images = torch.rand(3, 1, 28, 28)
    with torch.no_grad():
        torch.testing.assert_close(run(subject, images)["class"], trained(images * 255 - 51))
    by_file = models.load("mynets/small.py:build", weights=path)
    assert by_file.fingerprint == subject.fingerprint


def test_a_grey_network_can_be_rendered_and_captured(nets):
    subject = models.load("mynets.small:build", size=28)
    (image,) = render(subject, [Unit("0", 2)], steps=4)
    assert image.image.shape == (1, 28, 28)
    assert image.trace[-1] > image.trace[0]
    assert capture(subject, torch.rand(2, 1, 28, 28), ["2"])["2"].shape == (2, 6, 28, 28)


def test_the_number_of_classes_goes_where_the_factory_asks_for_it(nets):
    def classes(name, labels=None):
        return models.load(f"mynets.small:{name}", size=28, labels=labels).heads["class"]

    assert classes("needy", ["cat", "dog"]) == ("cat", "dog")
    assert classes("Grey", ["a", "b", "c"]) == ("a", "b", "c")
    assert len(classes("Grey")) == 10
    assert classes("ready") == ("0", "1", "2", "3")
    with pytest.raises(BadInput, match="needs count, the number of classes"):
        classes("needy")
    with pytest.raises(BadInput, match="needs classes, width"):
        classes("greedy", ["a"])
    with pytest.raises(BadInput, match="10 outputs but 2 labels"):
        classes("build", ["a", "b"])


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("mynets.smal:build", BadInput, "'mynets.smal' cannot be imported"),
        ("mynets.broken:build", BadInput, "not_there_at_all"),
        ("mynets.small:biuld", UnknownName, "'build'"),
        ("mynets.small:LIMIT", UnknownName, "LIMIT"),
        ("mynets/gone.py:build", BadInput, "gone.py"),
        ("mynets.small:forgetful", BadInput, "returned a dict"),
        ("mynets.small:twofold", BadInput, "returns tuple"),
        (":build", BadInput, "cannot be imported"),
    ],
)
def test_what_is_wrong_with_a_factory_is_said(nets, name, error, says):
    with pytest.raises(error, match=says) as caught:
        models.load(name, size=28)
    assert "\n" not in str(caught.value)


def test_an_input_that_nobody_has_stated_is_asked_for(nets):
    with pytest.raises(BadInput, match="--scaling"):
        models.load("mynets.small:build")
    write_tensors(nets / "w.safetensors", models.load("mynets.small:build", size=28).module.state_dict())
    with pytest.raises(BadInput, match="--scaling"):
        models.load("mynets.small:build", weights=nets / "w.safetensors")
    with pytest.raises(WeightsMismatch, match=r"5.weight.*mynets.small:ready"):
        models.load("mynets.small:ready", weights=nets / "w.safetensors", scaling="grey 0..1, 28x28")


def test_pickles_are_refused_with_the_way_to_convert_them(nets):
    torch.save({}, nets / "w.pth")
    with pytest.raises(Unreadable, match=r"torch.load\('.*w.pth', weights_only=True\), '.*w.safetensors'"):
        models.load("mynets.small:build", weights=nets / "w.pth", size=28)


def test_a_device_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(BadInput, match=r"'cuda:97' is not available; there are here: cpu"):
        models.load("shapes", device="cuda:97")
    with pytest.raises(BadInput, match=r"'gpu' is not a device; there are here: cpu"):
        models.load("shapes", device="gpu")
    assert models.load("shapes", device="cpu").device.type == "cpu"


@pytest.mark.gpu
@pytest.mark.parametrize("index", range(max(1, torch.cuda.device_count())))
def test_every_gpu_can_be_asked_for_by_its_index(index):
    subject = models.load("shapes", device=f"cuda:{index}")
    assert subject.device.index == index
    images = torch.rand(2, *subject.spec.shape)
    here, there = (run(each, images)["class"].cpu() for each in (models.load("shapes"), subject))
    torch.testing.assert_close(here, there, rtol=1e-3, atol=1e-3)


def test_lucents_inception_is_lucents_up_to_the_softmax():
    from lucent.modelzoo import inceptionv1
    from lucent.optvis.transform import preprocess_inceptionv1

    subject = models.load("lucent:inceptionv1", seed=1)
    assert subject.layers["mixed4a"].channels == 508
    assert len(subject.heads["class"]) == 1008
    reference = inceptionv1(pretrained=False).eval()
    reference.load_state_dict(subject.module.state_dict())
    images = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        expected = reference(preprocess_inceptionv1()(images))
        torch.testing.assert_close(run(subject, images)["class"].softmax(1), expected)
    values = torch.tensor([-1.0, 2.0], requires_grad=True)
    for name, below in (("inceptionv1", 0.1), ("inceptionv1_exact", 0.0)):
        relu = models.architecture(f"lucent:{name}").build(None, 224).mixed3a_1x1
        assert torch.autograd.grad(relu(values).sum(), values)[0].tolist() == pytest.approx([below, 1.0])
    (image,) = render(subject, [Unit("mixed3a", 5)], steps=2, size=64)
    assert image.image.shape == (3, 64, 64)
    with pytest.raises(UnknownName, match="'lucent:inceptionv1'"):
        models.load("lucent:inceptionV3")


@pytest.mark.network
def test_lucents_weights_come_down():
    subject = models.load("lucent:inceptionv1", weights="default")
    assert subject.name == "lucent:inceptionv1"


def test_without_timm_the_way_to_it_is_said(monkeypatch):
    monkeypatch.setattr(timm, "find_spec", lambda _: None)
    with pytest.raises(BadInput, match=r"pip install 'gridlens\[timm\]'"):
        models.load("timm:resnet18")
    assert SOURCES["timm"].names() == ()


class TestTimm:
    """What needs timm itself."""

    @pytest.fixture(autouse=True)
    def _needs_timm(self):
        pytest.importorskip("timm")

    def test_scaling_size_and_labels_are_its_own(self):
        subject = models.load("timm:test_vit", seed=2)
        assert subject.spec.mean == (0.5, 0.5, 0.5)
        assert subject.spec.shape == (3, 160, 160)
        assert subject.heads["class"][1].startswith("goldfish")
        assert subject.name == "timm:test_vit-untrained"

    def test_a_transformer_of_another_size(self):
        subject = models.load("timm:test_vit", size=64, labels=["a", "b"])
        assert subject.layers["blocks.1"].grid == (4, 4)
        (image,) = render(subject, [Unit("blocks.1", 7)], steps=3, size=64)
        assert image.trace[-1] > image.trace[0]

    def test_windows_are_no_layers(self):
        subject = models.load("timm:test_maxvit", labels=["a", "b"], size=64)
        answers = capture(subject, torch.rand(2, 3, 64, 64), list(subject.layers))
        assert {len(answer) for answer in answers.values()} == {2}

    def test_weights_from_a_file_have_timms_scaling_unless_they_say_otherwise(self, tmp_path):
        source = models.load("timm:test_resnet", seed=5, size=32)
        path = tmp_path / "r.safetensors"
        write_tensors(path, source.module.state_dict())
        subject = models.load("timm:test_resnet", weights=path, size=32)
        assert subject.fingerprint == source.fingerprint
        assert (
            models.load("timm:test_resnet", weights=path, scaling="RGB 0..255, 32x32").spec.std[0] == 1 / 255
        )

    def test_unknown_names_offer_the_nearest(self):
        with pytest.raises(UnknownName, match="'timm:resnet18'"):
            models.load("timm:resnet_18")
        with pytest.raises(UnknownName, match=r"'timm:resnet18.a1_in1k'"):
            models.load("timm:resnet18.a1_in2k")
        with pytest.raises(UnknownName, match="'A1_IN1K'"):
            models.load("timm:resnet18", weights="a1_in")

    def test_a_network_without_classes_has_its_features_numbered(self):
        features = models.load("timm:eva02_tiny_patch14_224", size=56)
        assert len(features.heads["class"]) == 192

    @pytest.mark.network
    def test_weights_come_down(self):
        subject = models.load("timm:test_resnet", weights="default")
        assert subject.name == "timm:test_resnet"


def test_normalisation_of_grey_inputs():
    from vision.scaling import parse_scaling

    spec = parse_scaling("gray 0..1, mean (0.5) std .25, 4x6")
    assert spec.shape == (1, 4, 6)
    assert normalise(spec, torch.ones(1, 1, 4, 6)).unique().tolist() == [2.0]
