"""render() finds planted patterns, depends on nothing but its targets, and leaves the network alone."""

import pytest
import torch
from torch import nn

from core.errors import BadInput, NotFinite
from core.subject import InputSpec, wrap
from core.targets import Output, Unit
from core.testing import planted_classifier
from feature_viz.objectives import Objective, channel, diversity
from feature_viz.optimize import render
from feature_viz.parametrize import fourier, pixels
from feature_viz.recipes import Recipe
from feature_viz.transforms import STILL

SUBJECT = planted_classifier(seed=0)
RELU_KINDS = {"module": nn.ReLU(), "in place": nn.ReLU(inplace=True)}


def planted(pattern, *, bias=0.0, relu=None):
    """One unit that is the correlation of its 8 x 8 input with ``pattern``."""
    conv = nn.Conv2d(3, 1, 8)
    conv.weight.data, conv.bias.data = pattern[None].clone(), torch.tensor([bias])
    net = nn.Sequential(conv, relu or nn.ReLU(), nn.Flatten(), nn.Linear(1, 1))
    return wrap(
        net, name="planted", spec=InputSpec((3, 8, 8), (0.5,) * 3, (0.25,) * 3), heads={"value": ("v",)}
    )


def correlation(a, b):
    return torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1]


@pytest.mark.parametrize("way", [pixels(), fourier()], ids=lambda way: way.name)
def test_the_picture_of_a_linear_unit_is_its_filter(way):
    pattern = torch.randn(
        3, 8, 8, generator=torch.Generator().manual_seed(1)
    ).sign()  # what the sigmoid can reach
    (made,) = render(
        planted(pattern), [Unit("0", 0)], steps=128, recipe=Recipe(parametrisation=way, wobble=STILL)
    )
    assert correlation(made.image, pattern) > 0.8


@pytest.mark.parametrize("relu", RELU_KINDS)
def test_a_unit_that_is_dead_at_the_start_is_woken(relu):
    pattern = torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(1))
    subject = planted(pattern, bias=-60.0, relu=RELU_KINDS[relu])
    (made,) = render(subject, [Unit("1", 0)], steps=64, recipe=Recipe(wobble=STILL))
    assert made.trace[0] == 0
    assert made.fired
    assert made.activation > 10


def test_a_unit_that_cannot_fire_is_said_to_be_dead():
    (made,) = render(planted(torch.zeros(3, 8, 8), bias=-1.0), [Unit("1", 0)], steps=20)
    assert not made.fired
    assert "never fired" in made._repr_html_()


def test_a_picture_does_not_depend_on_what_else_is_rendered():
    targets = [Unit("relu", 0), Unit("conv", 3), Output("class", 1), Unit("conv", 1), Unit("conv", 2)]
    together = render(SUBJECT, targets, steps=20, batch_size=5)
    backwards = render(SUBJECT, targets[::-1], steps=20, batch_size=5)[::-1]
    alone = [render(SUBJECT, [target], steps=20)[0] for target in targets]
    for one, two, three in zip(together, backwards, alone, strict=True):
        assert torch.equal(one.image, two.image)
        # Another batch size may round differently; Adam carries that on, so 1/255 and not 1e-7.
        assert torch.allclose(one.image, three.image, atol=1 / 255)


def test_seeds_differ_and_repeat():
    first, second, other = (render(SUBJECT, [Unit("conv", 0)], seed=s, steps=6)[0].image for s in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.allclose(first, other, atol=0.01)


@pytest.mark.parametrize("breaks", [False, True])
def test_the_network_is_left_as_it_was(breaks):
    subject = planted_classifier(seed=3)
    subject.module.train()
    subject.module.conv.weight.requires_grad_(True)
    before = {name: value.clone() for name, value in subject.module.state_dict().items()}

    def stop(done, total, label):
        if breaks:
            raise KeyboardInterrupt

    try:
        with torch.no_grad():
            render(subject, [Unit("conv", 0), Output("class", 0)], steps=3, progress=stop)
    except KeyboardInterrupt:
        assert breaks
    assert all(not module._forward_hooks for module in subject.module.modules())
    assert all(module.training for module in subject.module.modules())
    assert [p.requires_grad for p in subject.module.parameters()] == [True, False, False, False]
    assert all(parameter.grad is None for parameter in subject.module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in subject.module.state_dict().items())


def test_the_network_runs_no_further_than_it_must():
    subject = planted_classifier(seed=0)
    subject.module.head.forward = None
    assert render(subject, [Unit("relu", 0)], steps=2)[0].fired


def test_nan_stops_with_target_and_step():
    broken = Objective(
        "broken", lambda seen: channel("conv", 0).value(seen) * float("nan"), frozenset(["conv"])
    )
    with pytest.raises(NotFinite, match=r"broken of planted is nan at step 0"):
        render(SUBJECT, [Unit("conv", 1), broken], steps=20)


def test_bad_requests_are_one_sentence():
    with pytest.raises(BadInput, match="steps"):
        render(SUBJECT, [Unit("conv", 0)], steps=0)
    with pytest.raises(BadInput, match="cannot be run on images of 2 x 2"):
        render(planted(torch.zeros(3, 8, 8)), [Unit("1", 0)], steps=2, size=2)


def test_sizes_grey_inputs_and_half_precision():
    conv = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    spec = InputSpec((1, 28, 28), (0.5,), (0.5,), ("grey",))
    grey = wrap(conv, name="grey", spec=spec, heads={"class": ("0", "1")})
    assert render(grey, [Unit("0", 1)], steps=3)[0].image.shape == (1, 28, 28)
    (made,) = render(grey, [Unit("0", 1)], steps=12, size=31, recipe=Recipe(precision=torch.bfloat16))
    assert made.image.shape == (1, 31, 31)
    assert made.activation > made.trace[0]
    assert made._repr_png_()[:4] == b"\x89PNG"


def test_a_picture_can_begin_from_a_given_image():
    given = torch.rand((2, 3, 12, 10), generator=torch.Generator().manual_seed(0))
    near = render(
        SUBJECT, [Unit("conv", 0), Unit("conv", 1)], start=given, steps=1, recipe=Recipe(wobble=STILL)
    )
    assert all((each.image - one).abs().max() < 0.25 for each, one in zip(near, given, strict=True))
    for start, size, match in ((given[:1], None, r"\(1, 3, 12, 10\)"), (given, 12, "12 x 10")):
        with pytest.raises(BadInput, match=match):
            render(SUBJECT, [Unit("conv", 0), Unit("conv", 1)], start=start, size=size, steps=1)


def test_groups_are_not_torn_apart_and_keep_their_order():
    many = [channel("conv", unit) + 0.1 * diversity("conv", 3) for unit in range(4)]
    made = render(SUBJECT, many, steps=2, batch_size=4)
    assert [(each.target, each.copy) for each in made] == [(str(one), i) for one in many for i in range(3)]
    alone = render(SUBJECT, many[2:3], steps=2)
    assert torch.allclose(
        torch.stack([one.image for one in alone]), torch.stack([o.image for o in made[6:9]]), atol=1 / 255
    )
