"""lucent's objectives and params do under our render() what they do under lucent's."""

import warnings

import pytest
import torch

from core.activations import capture
from core.errors import BadInput, UnknownName
from core.subject import run
from core.targets import Direction, Output, Unit
from core.testing import planted_classifier
from feature_viz.lucent_bridge import from_lucent, layer_of, lucent_param
from feature_viz.lucent_render import lucent_render
from feature_viz.objectives import Seen, channel, diversity
from feature_viz.optimize import Recipe, render
from feature_viz.transforms import STILL

SUBJECT = planted_classifier(seed=0)
VECTOR = torch.tensor([1.0, -1.0, 0.5, 0.2])


@pytest.fixture(scope="module")
def lucent():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("lucent.optvis.objectives")


def every(o):
    return {
        "channel": o.channel("conv", 1),
        "neuron": o.neuron("conv", 2),
        "weights": o.channel_weight("conv", VECTOR),
        "direction": o.direction("relu", VECTOR),
        "spot": o.direction_neuron("relu", VECTOR, x=2, y=3),
        "group": o.localgroup_weight("conv", VECTOR, x=1, y=2, wx=3, wy=2),
        "sum": 2 * o.channel("conv", 1) + o.neuron("relu", 0) - o.channel("relu", 2) / 3,
        "list": o.Objective.sum([o.channel("conv", 1), o.channel("conv", 2)]),
        "negative": -o.channel("conv", 1),
        "rows": o.channel("conv", 1, batch=0) + o.channel("relu", 2, batch=2),
        "diversity": o.channel("conv", 1) + 10 * o.diversity("relu"),
        "interpolation": o.channel_interpolate("conv", 0, "relu", 1),
        "alignment": o.channel("conv", 1) - 0.1 * o.alignment("conv"),
    }


def both(objective, images):
    """Our value, and lucent's own from the hooks that lucent sets."""
    from lucent.optvis.render import hook_model

    ours = from_lucent(SUBJECT, objective)
    kept = capture(SUBJECT, images, ["conv", "relu"])
    mine = ours.value(Seen(dict(kept), run(SUBJECT, images), SUBJECT.layers, images))
    try:
        read = hook_model(SUBJECT.module, lambda: images)
        run(SUBJECT, images)
        return float(mine), -float(objective(read))
    finally:
        for module in SUBJECT.module.modules():
            module._forward_hooks.clear()


def test_every_objective_has_lucents_value(lucent):
    images = torch.rand((3, 3, 12, 12), generator=torch.Generator().manual_seed(0))
    for name, objective in every(lucent).items():
        mine, theirs = both(objective, images)
        assert mine == pytest.approx(theirs, rel=1e-5), name


def test_every_objective_rises(lucent):
    for name, objective in every(lucent).items():
        made = render(SUBJECT, [objective], steps=12, recipe=Recipe(wobble=STILL))
        assert sum(each.activation for each in made) > sum(float(each.trace[0]) for each in made), name


def test_an_objective_gets_as_many_images_as_it_speaks_of(lucent):
    counts = {name: from_lucent(SUBJECT, each).images for name, each in every(lucent).items()}
    assert counts["channel"] == counts["sum"] == 1
    assert counts["rows"] == 3
    assert counts["interpolation"] == 2


def test_a_param_makes_the_images_that_lucent_makes(lucent):
    from lucent.optvis import param

    for make in (
        lambda: param.image(12, batch=2),
        lambda: param.image(12, fft=False, batch=2),
        lambda: param.cppn(12),
    ):
        (parameters, image), way = make(), lucent_param(make)
        generators = [torch.Generator().manual_seed(i) for i in range(2)]
        canvas = way.begin(generators, (3, 12, 12), None, torch.device("cpu"))
        with torch.no_grad():
            for ours, theirs in zip(canvas.parameters, parameters, strict=False):
                ours.copy_(theirs)
            assert torch.equal(canvas.image()[: way.images], image())


def test_params_and_objectives_under_our_render(lucent):
    from lucent.optvis import param

    made = render(
        SUBJECT,
        [
            "conv:1",
            lucent.channel("conv", 2, batch=0) + lucent.channel("conv", 3, batch=1),
            channel("relu", 0),
        ],
        recipe=lambda: param.image(14, batch=2),
        steps=12,
    )
    assert [each.target for each in made[::2]] == [
        "conv:1",
        "Sum(Channel [conv, 2, 0] +\nChannel [conv, 3, 1])",
        "relu:0",
    ]
    assert [each.copy for each in made] == [0, 1] * 3
    assert made[0].image.shape == (3, 14, 14)
    assert all(each.activation > each.trace[0] for each in made)
    again = render(SUBJECT, ["conv:1"], recipe=lambda: param.image(14, batch=2), steps=12)
    assert torch.allclose(again[1].image, made[1].image, atol=1 / 255)


def test_what_does_not_fit_is_said(lucent):
    from lucent.optvis import param

    with pytest.raises(BadInput, match="4 images"):
        render(SUBJECT, [diversity("conv", 4)], recipe=lambda: param.image(12, batch=2), steps=1)
    with pytest.raises(BadInput, match="12 x 12"):
        render(SUBJECT, ["conv:1"], recipe=lambda: param.image(14), size=12, steps=1)
    with pytest.raises(UnknownName, match="conv"):
        render(SUBJECT, [lucent.channel("cnov", 1)], steps=1)
    with pytest.raises(BadInput, match="no layer"):
        from_lucent(SUBJECT, lambda T: T("input").mean())
    with pytest.raises(BadInput, match="no finite number"):
        from_lucent(SUBJECT, lambda T: T("conv"))
    with pytest.raises(BadInput, match="tensors and a function"):
        render(SUBJECT, ["conv:1"], recipe=lambda: 3, steps=1)
    with pytest.raises(BadInput, match="direction"):
        lucent_render(SUBJECT, [Direction("conv", VECTOR, "some")], steps=1)


def test_underscores_stand_for_dots():
    from vision.models import load

    subject = load("squeezenet1_1")
    assert layer_of(subject, "features_3_squeeze") == "features.3.squeeze"
    assert str(from_lucent(subject, "features_3:7")) == "features.3:7"
    assert from_lucent(subject, lambda T: -T("labels")[:, 5].mean()).heads == {"class"}


def test_lucent_itself_leaves_nothing_behind(lucent):
    marks = []
    handle = SUBJECT.module.conv.register_forward_hook(lambda *_: marks.append(1) and None)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second = lucent_render(SUBJECT, [Unit("conv", 1), Output("class", 2)], steps=6, size=12)
    assert torch.equal(torch.get_rng_state(), before)
    assert sum(len(module._forward_hooks) for module in SUBJECT.module.modules()) == 1
    assert len(marks) >= 12
    handle.remove()
    assert first.image.shape == (3, 12, 12)
    assert len(second.trace) == 6
    assert first.activation > first.trace[0]
    again, other = (
        lucent_render(SUBJECT, [Unit("conv", 1)], steps=6, size=12, seed=s)[0].image for s in (0, 1)
    )
    assert torch.equal(again, first.image)
    assert not torch.equal(other, first.image)
    assert "lucent" in first.provenance.parameters["engine"]
