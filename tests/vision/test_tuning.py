"""Tuning curves: kernels of known angle, hue and radius are read to within a step, and turn as they are turned."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import BadInput, UnknownName
from core.subject import InputSpec, wrap
from vision.best_stimulus import best_stimulus
from vision.models import load
from vision.stimuli import STIMULI
from vision.tuning import alike, suited, tuning

SIDE = 11
STEP = 15.0
Y, X = np.mgrid[5:-6:-1, -5:6].astype(float)  # y up
BELL = np.exp(-(X**2 + Y**2) / (2 * 2.5**2))


def along(degrees):
    return X * math.cos(math.radians(degrees)) + Y * math.sin(math.radians(degrees))


def gabor(degrees, phase=0.0, wavelength=5.0):
    """Stripes in that direction: the wave runs across it."""
    return grey(BELL * np.cos(2 * math.pi * along(degrees + 90) / wavelength + phase))


def edge(degrees):
    return grey(BELL * np.tanh(along(degrees)))


def ramp(degrees):
    return grey(along(degrees) * (np.hypot(X, Y) < 5))


def grey(pattern):
    return np.stack([pattern - pattern.mean()] * 3)


def colours(hue, pattern):
    """Red, green and blue of a hue as far from grey as it goes, times a pattern."""
    shares = [math.cos(math.radians(hue - 120 * k)) for k in range(3)]
    return np.stack([share * pattern for share in shares])


def disc(radius):
    return grey(np.tanh(radius - np.hypot(X, Y)) * (np.hypot(X, Y) < 5))


def of_kernels(kernels, *, size=15, name="planted"):
    """One convolution of those kernels, each of length 1, with a ReLU behind it."""
    weight = torch.tensor(np.stack(kernels), dtype=torch.float32)
    conv = nn.Conv2d(weight.shape[1], len(weight), SIDE)
    conv.weight.data = weight / weight.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    conv.bias.data = torch.full_like(conv.bias, 0.1)
    parts = {"conv": conv, "relu": nn.ReLU(), "pool": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten()}
    net = nn.Sequential()
    for part, module in parts.items():
        net.add_module(part, module)
    channels = weight.shape[1]
    spec = InputSpec((channels, size, size), (0.5,) * channels, (0.25,) * channels, tuple("rgb"[:channels]))
    return wrap(net, name=name, spec=spec, heads={"class": tuple(map(str, range(len(weight))))})


def turn(values, period):
    """Distance on the circle."""
    return np.abs((np.asarray(values) + period / 2) % period - period / 2)


KERNELS = {
    ("gabors", 30.0): gabor(30),
    ("gabors", 110.0): gabor(110, math.pi / 2),
    ("edges", 75.0): edge(75),
    ("ramps", 250.0): ramp(250),
    ("colour_contrast", 195.0): colours(40, BELL * np.tanh(along(195))),
    ("hue_contrast", 220.0): colours(40, BELL * np.tanh(along(195))),  # as the side away from 15 degrees
    ("hue_centres", 100.0): colours(100, BELL - 0.8 * BELL**0.3),
}


@pytest.fixture(scope="module")
def planted():
    generator = np.random.default_rng(0)
    noise = [grey(generator.normal(size=(SIDE, SIDE))) for _ in range(10)]
    return of_kernels([*KERNELS.values(), disc(3.0), *noise])


@pytest.fixture(scope="module")
def found(planted):
    return {layer: tuning(planted, layer) for layer in ("conv", "relu")}


@pytest.mark.parametrize("layer", ["conv", "relu"])
def test_known_angles_are_read(found, layer):
    for unit, (name, degrees) in enumerate(KERNELS):
        curves = found[layer][name]
        if name == "hue_contrast":
            sides = turn(curves.options["orientation"][unit] - 195.0, 360.0)
            degrees = 40.0 if sides < 90 else 220.0
        assert turn(curves.preferred[unit] - degrees, curves.period) <= STEP / 2, name
        assert turn(curves.mean[unit] - degrees, curves.period) <= STEP, name
        assert curves.resultant[unit] > 0.5, name


@pytest.mark.parametrize("layer", ["conv", "relu"])
def test_the_best_stimulus_is_the_one_that_was_planted(found, layer):
    best = best_stimulus(found[layer])
    names = [one.stimulus for one in best[: len(KERNELS) + 1]]
    assert names == [
        "gabors", "gabors", "edges", "ramps", "colour_contrast", "colour_contrast", "hue_centres", "circles"
    ]  # fmt: skip
    assert best[0].label.startswith("Gabor, 30°, wavelength")


def test_colour_units_answer_no_grey_stimulus_and_grey_ones_no_colour(found):
    for name, curves in found["conv"].items():
        silent = [4, 5, 6] if not STIMULI[name].colour else [0, 1, 2, 3, 7]
        if curves.period is not None:
            assert (curves.resultant[silent] == 0).all(), name
        assert np.isnan(curves.preferred[silent]).all(), name


def test_what_has_no_orientation_has_no_resultant(found):
    circle = len(KERNELS)
    for name in ("lines", "gabors", "corners", "curves"):
        assert found["conv"][name].resultant[circle] < 0.35, name
    assert found["conv"]["circles"].preferred[circle] == pytest.approx(3.0, abs=1.0)


def test_noise_is_less_selective_than_what_was_planted(found):
    for unit, (name, _) in enumerate(KERNELS):
        curves = found["conv"][name]
        noise = curves.resultant[8:] * curves.selectivity[8:]
        assert curves.resultant[unit] * curves.selectivity[unit] > np.median(noise), name
    assert (
        np.median(found["conv"]["gabors"].resultant[8:]) < 0.6 < found["conv"]["gabors"].resultant[:2].min()
    )


def test_a_turned_kernel_prefers_a_turned_stimulus():
    """Any kernels; a quarter turn of a square lattice is exact."""
    generator = np.random.default_rng(1)
    kernels = [grey(BELL * generator.normal(size=BELL.shape)) for _ in range(6)]
    quarter = [np.rot90(kernel, 1, (-2, -1)).copy() for kernel in kernels]
    names = ["gabors", "edges", "ramps", "curves", "corners", "high_low", "lines"]
    for name, curves in tuning(of_kernels([*kernels, *quarter]), "conv", stimuli=names).items():
        shift = turn(curves.preferred[6:] - curves.preferred[:6] - 90.0, curves.period)
        assert shift.max() < 0.5, name
        assert np.allclose(curves.resultant[6:], curves.resultant[:6], atol=0.05), name


def test_echo_and_period(found):
    conv = found["conv"]
    assert conv["edges"].echo[2] < 0  # an odd filter answers the opposite edge with the opposite sign
    assert conv["edges"].echo[0] > 0.5  # an even one does not care
    assert (conv["gabors"].echo == 1).all()
    assert np.isnan(conv["circles"].echo).all()
    assert conv["gabors"].axis.tolist() == list(np.arange(0, 180, 15.0))


def test_phase_tells_simple_cells_from_complex_ones():
    """A complex cell: the sum of four rectified phases, by a 1x1 convolution behind the ReLU."""
    quadrature = [gabor(60, phase) for phase in np.arange(4) * math.pi / 2]
    simple = of_kernels(quadrature)
    net = nn.Sequential(*list(simple.module)[:2], nn.Conv2d(4, 2, 1, bias=False), nn.Flatten())
    net[2].weight.data = torch.tensor([[1.0, 1, 1, 1], [1, 0, 0, 0]])[:, :, None, None]
    heads = {"class": tuple(map(str, range(2 * 5 * 5)))}
    both = wrap(net, name="complex", spec=simple.spec, heads=heads)
    curves = tuning(both, "2", stimuli=["gabors"])["gabors"]
    assert turn(curves.preferred - 60, 180).max() < STEP / 2
    assert curves.invariance["phase"][0] > 0.9
    assert curves.invariance["phase"][1] < 0.5


def test_members_of_a_family_are_compared_by_one_picture():
    """A wide filled curve is nearly its opposite in dark: noise makes the choice, unless it is made for all."""
    generator = np.random.default_rng(2)
    angles = np.arange(0, 360, 45.0)
    kernels = [edge(angle) / 7 + grey(0.03 * generator.normal(size=BELL.shape)) for angle in angles]
    alone = tuning(of_kernels(kernels), "conv", stimuli=["curves"])["curves"]
    together = alike(alone, range(1, 8))
    assert len(set(alone.options["polarity"])) == 2
    assert all(len(set(values)) == 1 for values in together.options.values())
    off = turn(together.preferred - angles[1:] - (together.preferred[0] - angles[1]), 360.0)
    assert off.max() <= STEP
    assert (together.peak > 0.8 * alone.peak[1:]).all()
    assert together.units.tolist() == list(range(1, 8))
    with pytest.raises(BadInput, match="unit 8; expected units that the tuning is of"):
        alike(alone, [0, 8])


def test_z_scores_are_over_the_reference(planted):
    count = planted.layers["conv"].channels
    mean, spread = np.linspace(-1, 1, count), np.linspace(1, 2, count)
    curves = tuning(planted, "conv", [3, 1], stimuli=["edges"], steps=8, reference=(mean, spread))["edges"]
    answer = curves.curves + curves.blank[:, None]
    assert np.allclose(curves.z[1], (answer[1] - mean[1]) / spread[1])
    assert curves.units.tolist() == [3, 1]
    assert np.allclose(curves.blank, 0.1, atol=1e-5)


def test_some_units_are_read_as_among_all(planted, found):
    some = tuning(planted, "conv", [2, 0], stimuli=["edges"])["edges"]
    assert np.allclose(some.curves, found["conv"]["edges"].curves[[2, 0]], atol=1e-5)


def test_the_subject_is_left_alone_and_the_seed_decides(planted):
    state = torch.random.get_rng_state()
    hooks = sum(len(module._forward_hooks) for module in planted.module.modules())
    first, again, other = (
        tuning(planted, "relu", [0, 2], stimuli=["ramps"], steps=8, seed=seed)["ramps"] for seed in (0, 0, 1)
    )
    assert np.array_equal(first.selectivity, again.selectivity)
    assert not np.array_equal(first.selectivity, other.selectivity)
    assert torch.equal(state, torch.random.get_rng_state())
    assert sum(len(module._forward_hooks) for module in planted.module.modules()) == hooks


def test_grey_networks_are_shown_grey_stimuli():
    subject = of_kernels([gabor(45)[:1], edge(120)[:1]])
    labels = set()
    curves = tuning(subject, "conv", steps=8, progress=lambda done, total, label: labels.add(label))
    assert set(curves) == {name for name, kind in STIMULI.items() if not kind.colour}
    assert suited(subject)[1] == ("colour_contrast", "hue_contrast", "hue_centres")
    assert all("without colour_contrast, hue_contrast, hue_centres" in label for label in labels)
    assert curves["edges"].provenance.parameters["left_out"] == suited(subject)[1]
    assert turn(curves["edges"].preferred[1] - 120, 360) < 22.5
    with pytest.raises(BadInput, match="one that fits is 'curves'"):
        tuning(subject, "conv", stimuli=["hue_centres"])


@pytest.mark.slow
def test_a_real_first_layer_prefers_what_its_kernels_look_like(real_data):
    """The stripes of a kernel, by its strongest plane wave, and those of the Gabor it answers most."""
    net = load("bvlc_googlenet", weights=real_data / "weights" / "bvlc_googlenet.safetensors")
    kernels = net.module.get_submodule("conv1_7x7_s2").weight.sum(1)
    power = torch.fft.fftshift(torch.fft.fft2(kernels, s=(64, 64)).abs(), dim=(1, 2))
    power[:, 31:34, 31:34] = 0  # brightness
    place = power.flatten(1).argmax(1).numpy()
    stripes = np.degrees(np.arctan2(32 - place // 64, place % 64 - 32)) + 90
    found = tuning(net, "conv1_7x7_s2", stimuli=["gabors", "lines", "edges", "circles", "colour_contrast"])
    striped = [one.unit for one in best_stimulus(found) if one.stimulus in ("gabors", "lines")]
    apart = turn(found["gabors"].preferred - stripes, 180.0)[striped]
    assert len(striped) > 20
    assert np.median(apart) < STEP / 2
    assert (apart <= STEP).mean() > 0.85


def test_bad_input_is_named(planted):
    with pytest.raises(BadInput, match=r"layer 'pool' of planted has no positions.*such as 'relu'"):
        tuning(planted, "pool")
    with pytest.raises(BadInput, match="unit 99 of layer 'conv' of planted; expected units from 0 to 17"):
        tuning(planted, "conv", [0, 99])
    with pytest.raises(UnknownName, match="nearest valid one is 'conv'"):
        tuning(planted, "conf")
    with pytest.raises(UnknownName, match="nearest valid one is 'edges'"):
        tuning(planted, "conv", stimuli=["edge"])
    with pytest.raises(BadInput, match="no tunings"):
        best_stimulus({})
