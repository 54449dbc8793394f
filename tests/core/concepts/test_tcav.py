"""TCAV: planted concepts used and ignored, captum's scores, calibrated p-values, traces and bad input."""

import warnings

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from core.activations import capture
from core.concept_vectors import concept_vector
from core.errors import BadInput, UnknownName
from core.subject import run
from core.targets import Direction, Output, Unit
from core.tcav import TcavSettings, slopes_along, tcav
from core.testing import concept_reader, planted_classifier, spotlight

QUICK = TcavSettings(runs=3, nulls=40, kind="linear")


@pytest.fixture(scope="module")
def planted():
    return concept_reader(seed=5)


@pytest.fixture(scope="module")
def rows(planted):
    return ask(planted)


def ask(planted, settings=QUICK, **options):
    return {
        row.concept: row
        for row in tcav(
            planted.subject,
            planted.inputs,
            planted.target,
            "mixed",
            **{"concepts": planted.concepts, "random": planted.random} | options,
            settings=settings,
        )
    }


def test_the_concept_that_is_used_is_found_and_the_one_that_is_known_is_not(planted, rows):
    assert rows["used"].significant
    assert not rows["ignored"].significant
    assert rows["used"].score.estimate == 1
    assert rows["used"].sensitivity.low > 3 * rows["used"].chance_sensitivity[1]
    for name, row in rows.items():  # both are known
        assert row.accuracy.estimate > 0.9
        assert 0.4 < row.chance_accuracy < 0.6
        cosine = torch.nn.functional.cosine_similarity(
            row.direction.vector, planted.directions[name].vector, 0
        )
        assert cosine > 0.85


def test_it_is_not_found_in_a_network_that_uses_neither():
    assert not any(row.significant for row in ask(concept_reader(seed=5, reads=False)).values())


def test_the_whole_layer_gives_a_direction_of_its_shape(planted):
    found = ask(planted, TcavSettings(runs=2, nulls=40, kind="means", over="whole"))["used"]
    assert found.direction.vector.shape == planted.subject.layers["mixed"].shape
    assert found.significant


def test_the_slope_along_a_direction_is_that_of_a_step(planted):
    direction = planted.directions["used"]
    slopes = slopes_along(planted.subject, planted.inputs, planted.target, direction)
    subject, step = planted.subject, 1e-3

    def moved(amount):
        handle = subject.module.mixed.register_forward_hook(
            lambda _, __, output: output + amount * direction.vector[:, None, None]
        )
        try:
            return run(subject, planted.inputs)["class"][:, 0]
        finally:
            handle.remove()

    assert torch.allclose(slopes, (moved(step) - moved(-step)) / (2 * step), rtol=0.02, atol=0.02)


def test_captum_gives_the_same_score_and_slope_for_the_same_vector(planted, tmp_path):
    from captum.concept import TCAV, Classifier, Concept

    class Ours(Classifier):
        def __init__(self):
            pass

        def train_and_eval(self, dataloader, **_):
            parts = [(values, labels) for values, labels in dataloader]
            self.values = torch.cat([values for values, _ in parts])
            self.labels = torch.cat([labels for _, labels in parts])

        def weights(self):
            first = concept_vector(
                self.values, (self.labels == 0).numpy(), layer="mixed", concept="used"
            ).vector
            return torch.stack([first, -first])

        def classes(self):
            return [0, 1]

    subject, (concept, random) = planted.subject, (planted.concepts["used"], planted.random[:40])
    spec = subject.spec

    def normalised(images):
        return (images - torch.tensor(spec.mean).view(-1, 1, 1)) / torch.tensor(spec.std).view(-1, 1, 1)

    sets = [
        Concept(id=number, name=name, data_iter=DataLoader(normalised(images), batch_size=20))
        for number, (name, images) in enumerate((("used", concept), ("random", random)))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        method = TCAV(subject.module, ["mixed"], classifier=Ours(), save_path=str(tmp_path))
        told = method.interpret(normalised(planted.inputs), [sets], target=0)["0-1"]["mixed"]
    values = capture(subject, torch.cat([concept, random]), ["mixed"])["mixed"]
    direction = concept_vector(values, np.arange(80) < 40, layer="mixed", concept="used")
    slopes = slopes_along(subject, planted.inputs, planted.target, direction)
    assert float(told["sign_count"][0]) == pytest.approx(float((slopes > 0).float().mean()))
    assert float(told["magnitude"][0]) == pytest.approx(float(slopes.mean()), rel=1e-4)


def test_a_concept_of_random_images_is_rarely_significant(planted):
    names = {f"random {number}": None for number in range(8)}
    generator = torch.Generator().manual_seed(0)
    from core.testing.concepts import SOME, _pictures

    concepts = {name: _pictures(generator, 20, SOME, SOME) for name in names}
    settings = TcavSettings(runs=2, nulls=160, kind="means")
    p_values = [row.p_value for row in ask(planted, settings, concepts=concepts).values()]
    assert np.mean(p_values) > 0.2
    assert sum(p <= 0.05 for p in p_values) <= 2


def test_agents_and_vectors_have_concepts_too():
    agent = spotlight()
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(60, 3, 10, 10, generator=generator)
    bright = torch.rand(12, 3, 10, 10, generator=generator)
    bright[:, 0, 1:3, 1:3] = 1.0
    (found,) = tcav(
        agent,
        images[:8],
        Output("policy", 0),
        "eye",
        concepts={"bright": bright},
        random=images,
        settings=QUICK,
    )
    assert found.direction.vector.shape == (2,)
    net = planted_classifier(seed=0)
    vector = Direction("head", torch.tensor([0.0, 1.0, 0.0]), "second")
    slopes = slopes_along(net, torch.rand(3, 3, 12, 12), Output("class", 1), vector)
    assert torch.allclose(slopes, torch.ones(3))


def test_nothing_is_left_behind(planted):
    module = planted.subject.module
    before, state = [p.clone() for p in module.parameters()], torch.get_rng_state()
    ask(planted, TcavSettings(runs=2, nulls=40, kind="means"))
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))
    assert all(p.grad is None and not p.requires_grad for p in module.parameters())
    assert not any(inner._forward_hooks for inner in module.modules())
    assert torch.equal(state, torch.get_rng_state())
    assert not module.training


def test_bad_input_is_one_sentence(planted):
    some = planted.concepts["used"]
    for options, settings, error, message in (
        ({"concepts": {"lines": some[:4]}}, QUICK, BadInput, "concept 'lines' has 4 examples; at least 10"),
        ({"concepts": {}}, QUICK, BadInput, "no concepts to test"),
        (
            {"random": planted.random[:50]},
            QUICK,
            BadInput,
            "has 40 images, so at least 80 random images are needed .*50",
        ),
        (
            {},
            TcavSettings(nulls=20),
            BadInput,
            "for 2 concepts at alpha 0.05 at least 39 random concepts .* nulls=20",
        ),
        ({}, TcavSettings(runs=1), BadInput, "at least two runs.* runs=1"),
        ({}, TcavSettings(nulls=40, kind="svm"), UnknownName, "unknown kind of concept vector 'svm'"),
    ):
        with pytest.raises(error, match=message):
            ask(planted, settings, **options)
    with pytest.raises(UnknownName, match="nearest valid one is 'mixed'"):
        tcav(
            planted.subject,
            planted.inputs,
            planted.target,
            "mix",
            concepts=planted.concepts,
            random=planted.random,
        )
    with pytest.raises(BadInput, match=r"layer 'head' .* comes after relu:0"):
        tcav(
            planted.subject,
            planted.inputs,
            Unit("relu", 0),
            "head",
            concepts=planted.concepts,
            random=planted.random,
        )
