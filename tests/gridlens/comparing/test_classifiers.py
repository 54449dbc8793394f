"""Classifiers compared: itself with itself finds nothing, a planted change is found, chance claims nothing."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import BadInput, UnknownName
from core.provenance import fingerprint
from core.subject import wrap
from core.testing import planted_classifier
from gridlens.comparing import behaviour, classifiers, lineup, representation
from gridlens.comparing.answers import Answers
from gridlens.comparing.asked import Settings, members
from gridlens.comparing.classifiers import compare_classifiers
from gridlens.comparing.lineup import Lineup, by_folder, matched_classes
from gridlens.comparing.parting import same_build
from gridlens.comparing.representation import depth_layers
from gridlens.comparing.use import effect_of
from reports.comparing.correction import corrected
from vision.datasets import shapes_source
from vision.models import load

QUICK = Settings(count=160, factors=("none",), method="input-x-gradient")


@pytest.fixture(scope="module")
def shapes():
    return load("shapes")


def altered(subject, change, name="altered"):
    """A copy of a subject whose module ``change`` works on."""
    module = copy.deepcopy(subject.module)
    with torch.no_grad():
        change(module)
    made = wrap(module, name=name, spec=subject.spec, heads=subject.heads)
    return replace(made, fingerprint=fingerprint(made.fingerprint, name))


def last_linear(module):
    return [inner for inner in module.modules() if isinstance(inner, torch.nn.Linear)][-1]


def run_pair(one, other, out, monkeypatch, settings=QUICK):
    """Compare two subjects that have no name to be opened by."""
    monkeypatch.setattr(lineup, "opened", lambda member, _: {"a": one, "b": other}[member.name])
    found = []

    def kept(*given, **options):
        found.append(real(*given, **options))
        return found[-1]

    real = classifiers.everything
    monkeypatch.setattr(classifiers, "everything", kept)
    monkeypatch.setattr(representation, "IMAGES", 64)
    monkeypatch.setattr(representation, "usual_layers", lambda subject: depth_layers(subject)[-5:-1:2])
    page = compare_classifiers(members(["a=shapes", "b=shapes"]), settings, out=out)
    return page, found[0]


def test_itself_is_no_different(shapes, tmp_path, monkeypatch):
    page, found = run_pair(shapes, shapes, tmp_path / "run", monkeypatch)
    assert page.finding.startswith("There is no difference that these data can show")
    assert page.finding.endswith("their weights are the same to the last bit.")
    assert not any(test.claimed for test in found.tests)
    assert all(test.difference.p == 1 for test in found.tests)
    alike = found.alike[0]
    diagonal = np.diagonal(alike.cka.estimate)
    assert diagonal == pytest.approx(np.ones(len(diagonal)), abs=1e-6)
    same = [one for one in alike.every if one.a == one.b]
    for one in same:
        told = {pair.a for pair in one.real.pairs if pair.a == pair.b}
        alive = (one.real.correlations.diagonal() > 0.5).nonzero().flatten().tolist()
        assert set(alive) <= told | {
            unit for unit in alive if one.real.correlations[unit].gt(0.999).sum() > 1
        }
    assert not found.partings
    assert (tmp_path / "run" / "index.html").stat().st_size < 5e6
    assert list((tmp_path / "run" / "data").glob("*.csv"))


def test_a_broken_answer_is_found_and_nothing_else(shapes, tmp_path, monkeypatch):
    star = shapes.heads["class"].index("star")

    def change(module):
        last_linear(module).bias[star] -= 50

    settings = replace(QUICK, count=240)
    page, found = run_pair(shapes, altered(shapes, change), tmp_path / "run", monkeypatch, settings)
    claimed = {test.what for test in found.tests if test.claimed}
    assert "accuracy on star" in claimed
    assert claimed <= {"accuracy", "accuracy on star", "calibration error"}
    assert "star" in page.finding
    build = found.alike[0].build
    assert len(build.weights) == 1
    assert build.first.differing == (star,)
    assert all(parting.answers[0] == "star" for _, shown in found.partings for parting in shown)


def test_an_ablated_unit_is_named(shapes):
    layer = next(
        name for name in shapes.layers if isinstance(shapes.module.get_submodule(name), torch.nn.Conv2d)
    )

    def change(module):
        module.get_submodule(layer).weight[5] = 0
        bias = module.get_submodule(layer).bias
        if bias is not None:
            bias[5] = 0

    images = shapes_source(40, size=shapes.spec.shape[1:])
    found = same_build(shapes, altered(shapes, change), images, list(shapes.layers))
    assert found.first.layer == layer
    assert found.first.differing == (5,)


def test_noise_in_all_weights_is_seen(shapes):
    def change(module):
        generator = torch.Generator().manual_seed(0)
        for parameter in module.parameters():
            parameter += 0.01 * parameter.std() * torch.randn(parameter.shape, generator=generator)

    images = shapes_source(40, size=shapes.spec.shape[1:])
    plain = [name for name in shapes.layers if isinstance(shapes.module.get_submodule(name), torch.nn.Conv2d)]
    found = same_build(shapes, altered(shapes, change), images, plain)
    assert all(one.count > one.units / 2 for one in found.layers)


def test_what_is_used_moves_the_answer_and_what_is_not_does_not():
    class Reddish(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.eye = torch.nn.Conv2d(3, 3, 1, bias=False)
            self.eye.weight.copy_(torch.eye(3)[:, :, None, None])
            self.head = torch.nn.Linear(3, 2)
            self.head.weight.copy_(torch.tensor([[9.0, 0, 0], [-9.0, 0, 0]]))

        def forward(self, images):
            return self.head(self.eye(images).mean((2, 3)))

    with torch.no_grad():
        net = wrap(
            Reddish(),
            name="reddish",
            spec=planted_classifier(seed=0, size=8).spec,
            heads={"class": ("a", "b")},
        )
    images = torch.rand(200, 3, 1, 1, generator=torch.Generator().manual_seed(0)).expand(-1, -1, 8, 8)
    red, blue = (images[:, place, 0, 0].double().numpy() for place in (0, 2))
    used, by_chance = effect_of(net, "eye", images, red)
    unused, _ = effect_of(net, "eye", images, blue)
    assert used.low > by_chance.high
    assert unused.estimate < 0.1 * used.estimate


def planted_answers(rng, n, classes):
    """Probabilities whose answer is right in nine of ten, at random."""
    truth = rng.integers(0, classes, n)
    wrong = rng.random((2, n)) < 0.1
    answers = [np.where(each, (truth + 1) % classes, truth) for each in wrong]
    sure = rng.uniform(0.6, 0.99, (2, n))
    made = []
    for answer, confidence in zip(answers, sure, strict=True):
        table = np.repeat(((1 - confidence) / (classes - 1))[:, None], classes, 1)
        table[np.arange(n), answer] = confidence
        made.append(Answers(table))
    return truth, {"a": made[0], "b": made[1]}


def test_two_of_one_skill_are_claimed_different_in_five_per_cent_of_pages_at_most():
    net, rng = planted_classifier(seed=0, classes=8), np.random.default_rng(0)
    source = shapes_source(1, size=(12, 12))
    labels = tuple(map(str, range(8)))
    columns = {name: np.arange(8) for name in "ab"}
    pages, claimed = 60, 0
    for seed in range(pages):
        truth, given = planted_answers(rng, 300, 8)
        found = Lineup({"a": net, "b": net}, {"a": source, "b": source}, labels, columns, truth)
        claimed += any(test.claimed for test in corrected(behaviour.differences(found, given, seed=seed)))
    assert claimed / pages <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / pages)


def test_classes_are_matched_by_name():
    one = planted_classifier(seed=0, classes=3)
    other = replace(one, heads={"class": ("2", "x", "0")})
    shared, columns = matched_classes({"a": one, "b": other})
    assert shared == ("0", "2")
    assert columns["b"].tolist() == [2, 0]
    assert matched_classes({"a": one, "b": replace(one, heads={"class": ("p", "q", "r")})})[0] == ()


def test_folders_are_classes():
    source = replace(
        shapes_source(4, size=(8, 8)),
        classes=None,
        names=("x/cat/1.png", "x/dog/1.png", "x/cat/2.png", "x/dog/2.png"),
    )
    assert by_folder(source).classes == ((0, "cat"), (1, "dog"), (0, "cat"), (1, "dog"))
    assert by_folder(replace(source, names=("1.png", "2.png", "3.png", "4.png"))).classes is None


def test_other_classes_and_sizes_are_still_compared_inside(shapes, tmp_path, monkeypatch):
    stranger = replace(planted_classifier(seed=0, size=16), heads={"class": ("p", "q", "r")})
    page, found = run_pair(shapes, stranger, tmp_path / "run", monkeypatch, replace(QUICK, count=48))
    assert not found.tests
    assert "no class in common" in page.finding
    assert any("no class of the same name" in caveat for caveat in page.caveats)
    assert found.alike[0].cka.estimate.size


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        (replace(QUICK, method="gradcam"), UnknownName, "grad-cam"),
        (replace(QUICK, factors=("sise",)), UnknownName, "size"),
        (replace(QUICK, count=10), BadInput, "at least 40 images"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(settings, error, says, tmp_path):
    with pytest.raises(error, match=says):
        compare_classifiers(members(["shapes", "again=shapes"]), settings, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
