"""Every recipe raises every kind of unit, on inputs of any size and number of channels; each is what it says."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from core.errors import BadInput, UnknownName
from core.subject import InputSpec, wrap
from core.targets import Output, Unit
from core.testing import planted_classifier
from feature_viz.cppn import coordinates, cppn, cppn_image
from feature_viz.maco import maco
from feature_viz.optimize import render
from feature_viz.parametrize import fourier, pixels
from feature_viz.recipes import RECIPES, Recipe, as_recipe
from feature_viz.spectrum import natural_spectrum
from feature_viz.transforms import STILL, Wobble

CPU = torch.device("cpu")
WAYS = [pixels(), fourier(), maco(), cppn(width=8, depth=4)]


def seeds(count):
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def small(channels, size):
    """A policy-like network: two conv layers and a head, for observations of any shape."""
    torch.manual_seed(channels * size)
    net = nn.Sequential(
        nn.Conv2d(channels, 6, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(6, 4, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16, 3),
    )
    names = tuple(f"channel {i}" for i in range(channels))
    spec = InputSpec((channels, size, size), (0.5,) * channels, (0.25,) * channels, names)
    return wrap(net, name="small", spec=spec, heads={"policy": ("a", "b", "c")})


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize(("channels", "size"), [(1, 28), (4, 13), (3, 32), (2, 28)])
def test_a_few_steps_raise_units_of_any_input(name, channels, size):
    made = render(small(channels, size), [Unit("2", 1), Output("policy", 1)], recipe=name, steps=10)
    for each in made:
        assert each.image.shape == (channels, size, size)
        assert 0 <= each.image.min() < each.image.max() <= 1
        assert each.trace[-3:].mean() > each.trace[:3].mean()
        assert each._repr_png_()[:4] == b"\x89PNG"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("shape", [(3, 28, 28), (1, 28, 28), (4, 13, 13), (3, 33, 48), (2, 7, 5)])
def test_every_parametrisation_makes_images_of_every_shape(way, shape):
    canvas = way.begin(seeds(2), shape, None, CPU)
    image = canvas.image()
    assert image.shape == (2, *shape)
    assert 0 <= image.min() < image.max() <= 1
    assert not torch.allclose(image[0], image[1], atol=0.01)
    alone = way.begin(seeds(2)[1:], shape, None, CPU).image()
    assert torch.allclose(alone[0], image[1], atol=1e-5)
    gradients = torch.autograd.grad(image.square().sum(), canvas.parameters)
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def test_maco_changes_phases_only():
    subject, spectrum = planted_classifier(seed=0), natural_spectrum((3, 12, 12))
    (made,) = render(subject, [Unit("conv", 1)], recipe=Recipe(maco(spectrum), STILL), steps=8)
    (begun,) = render(subject, [Unit("conv", 1)], recipe=Recipe(maco(spectrum, rate=0.0), STILL), steps=1)

    def magnitude(image):
        from feature_viz.parametrize import decorrelate_colours

        return torch.fft.rfft2(decorrelate_colours(image[None].logit())[0], norm="ortho").abs()

    # The real FFT keeps no phase where a frequency is its own mirror image: the first column, the last row.
    inner = (slice(None), slice(1, 6), slice(1, 6))
    assert torch.allclose(magnitude(made.image)[inner], spectrum.magnitude[inner], rtol=1e-2)
    assert not torch.allclose(made.image, begun.image, atol=0.05)
    assert made.activation > begun.activation


def test_cppn_is_lucents():
    theirs = pytest.importorskip("lucent.optvis.param.cppn")
    parameters, image = theirs.cppn(9)
    parameters = list(parameters)
    with torch.no_grad():
        for tensor in parameters:
            tensor.copy_(torch.randn(tensor.shape) * 0.2)
        weights = [weight[None, :, :, 0, 0].cpu() for weight in parameters[::2]]
        biases = [bias[None, :, None].cpu() for bias in parameters[1::2]]
        assert torch.allclose(cppn_image(weights, biases, coordinates(9, 9)), image().cpu(), atol=1e-5)


def test_the_gradient_of_a_cppn_is_right():
    weights = [torch.randn(2, o, i, dtype=torch.double) for o, i in ((3, 2), (3, 6), (1, 6))]
    biases = [torch.randn(2, o, 1, dtype=torch.double) for o in (3, 3, 1)]
    places = coordinates(3, 4).double()

    def image(*tensors):
        return cppn_image(tensors[:3], tensors[3:], places)

    tensors = [tensor.requires_grad_() for tensor in (*weights, *biases)]
    assert torch.autograd.gradcheck(image, tensors)


def test_what_cannot_start_from_an_image_says_so():
    given = torch.full((1, 3, 12, 12), 0.5)
    for way in (maco(), cppn()):
        with pytest.raises(BadInput, match="cannot start from a given image"):
            render(planted_classifier(seed=0), [Unit("conv", 0)], start=given, recipe=way, steps=1)


def test_recipes_have_names():
    assert next(iter(RECIPES)) == "default"
    assert as_recipe("default") == Recipe(as_recipe("default").parametrisation)
    with pytest.raises(UnknownName, match="maco"):
        as_recipe("mako")
    (made,) = render(planted_classifier(seed=0), [Unit("conv", 0)], recipe="fast")
    assert len(made.trace) == RECIPES["fast"].steps


def test_a_picture_may_be_larger_than_the_network_sees():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 26 * 26, 2))
    spec = InputSpec((1, 28, 28), (0.5,), (0.5,), ("grey",))
    fixed = wrap(net, name="fixed", spec=spec, heads={"class": ("0", "1")})
    crops = Recipe(fourier(), Wobble(crop=(0.3, 0.6), noise=0.02, views=3))
    made, alone = (
        render(fixed, [Output("class", 1), Unit("0", 1)][:count], recipe=crops, size=64, steps=12)[0]
        for count in (2, 1)
    )
    assert made.image.shape == (1, 64, 64)
    assert made.trace[-1] > made.trace[0]
    assert torch.allclose(made.image, alone.image, atol=1 / 255)
    with pytest.raises(BadInput, match="cannot be run on images of 64 x 64"):
        render(fixed, [Output("class", 1)], recipe=replace(crops, wobble=STILL), size=64, steps=1)


def test_a_dead_unit_is_woken_whatever_the_views():
    conv = nn.Conv2d(3, 1, 8)
    generator = torch.Generator().manual_seed(1)
    conv.weight.data, conv.bias.data = torch.randn(1, 3, 8, 8, generator=generator), torch.tensor([-60.0])
    net = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(1, 1))
    spec = InputSpec((3, 8, 8), (0.5,) * 3, (0.25,) * 3)
    subject = wrap(net, name="planted", spec=spec, heads={"value": ("v",)})
    (made,) = render(subject, [Unit("1", 0)], recipe=Recipe(wobble=Wobble(views=3)), steps=64)
    assert made.trace[0] == 0
    assert made.fired
