"""Best buddies find planted pairs under permutation, noise and another grid, and nothing where nothing is."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.errors import BadInput, NotFinite, UnknownName
from core.similarity import Shown, best_buddies, match_layers, match_units, read_matches, write_matches
from core.store import held
from core.subject import InputSpec, wrap
from core.testing import planted_classifier


def smooth(n, c, side, seed):
    """Random maps that vary smoothly over positions, as real ones do."""
    generator = torch.Generator().manual_seed(seed)
    return F.interpolate(torch.randn(n, c, 4, 4, generator=generator), size=(side, side), mode="bilinear")


def planted(seed, *, side=8, noise=0.3):
    """A layer of 12 units; another of 20, eight of which are units of the first, elsewhere, scaled and noisy."""
    a = smooth(64, 12, side, seed)
    b = 5 * smooth(64, 20, side, seed + 1)
    rng = np.random.default_rng(seed)
    pairs = list(zip(rng.permutation(12)[:8].tolist(), rng.permutation(20)[:8].tolist(), strict=True))
    for i, j in pairs:
        b[:, j] = 3 * (a[:, i] + noise * smooth(64, 1, side, seed + 2 + i)[:, 0]) - 7
    return a, b, sorted(pairs)


@pytest.mark.parametrize("seed", range(3))
def test_planted_pairs_are_those_beyond_chance(seed):
    a, b, pairs = planted(seed)
    found = best_buddies(a, b, batch_size=16)
    assert sorted((match.a, match.b) for match in found.beyond_chance) == pairs
    estimates = [match.correlation.estimate for match in found.pairs]
    assert estimates == sorted(estimates, reverse=True)


def test_another_grid_is_averaged_to_the_coarser():
    a, b, pairs = planted(0)
    fine = F.interpolate(b, scale_factor=2, mode="nearest")
    found = best_buddies(a, fine)
    assert sorted((match.a, match.b) for match in found.beyond_chance) == pairs
    assert torch.allclose(found.correlations, best_buddies(a, b).correlations, atol=1e-4)
    pooled = best_buddies(a, b.mean((2, 3)))  # maps with vectors
    assert sorted((match.a, match.b) for match in pooled.beyond_chance) == pairs


def test_correlations_and_intervals_are_numpys():
    a, b, _ = planted(1)
    a = a + 1000  # far from zero
    found = best_buddies(a, b, batch_size=10)
    x, y = (maps.transpose(0, 1).flatten(1).double().numpy() for maps in (a, b))
    wanted = np.corrcoef(x, y)[:12, 12:]
    assert np.allclose(found.correlations, wanted, atol=1e-4)
    best = found.pairs[0]
    rng = np.random.default_rng(9)
    redrawn = []
    for _ in range(200):
        rows = rng.integers(0, 64, 64)
        redrawn.append(np.corrcoef(a[rows, best.a].flatten(), b[rows, best.b].flatten())[0, 1])
    assert best.correlation.estimate == pytest.approx(wanted[best.a, best.b], abs=1e-4)
    assert best.correlation.low == pytest.approx(np.quantile(redrawn, 0.025), abs=0.02)
    assert best.correlation.high == pytest.approx(np.quantile(redrawn, 0.975), abs=0.02)


def test_nothing_is_beyond_chance_between_unrelated_layers():
    found = [
        best_buddies(smooth(64, 30, 8, seed), smooth(64, 30, 8, seed + 100), seed=seed).beyond_chance
        for seed in range(5)
    ]
    assert sum(map(len, found)) <= 1


def test_top_lets_more_pairs_in_and_dead_units_have_none():
    a, b, _ = planted(2)
    a[:, 0], b[:, 3] = 0.0, 5.0
    one, three = best_buddies(a, b), best_buddies(a, b, top=3)
    assert {(match.a, match.b) for match in one.pairs} < {(match.a, match.b) for match in three.pairs}
    assert all(match.a != 0 and match.b != 3 for match in three.pairs)
    assert not three.correlations[0].any()


def test_a_source_streamed_gives_what_tensors_give():
    one, other = planted_classifier(seed=0), planted_classifier(seed=3)
    images = torch.rand(40, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    from core.activations import capture

    streamed = match_units(one, "conv", other, "relu", images, batch_size=8)
    whole = best_buddies(capture(one, images, ["conv"])["conv"], capture(other, images, ["relu"])["relu"])
    assert torch.allclose(streamed.correlations, whole.correlations, atol=1e-5)
    assert [(match.a, match.b) for match in streamed.pairs] == [(match.a, match.b) for match in whole.pairs]


def test_bad_input_is_one_sentence():
    x = torch.rand(20, 3)
    with pytest.raises(BadInput, match="activations of 20 and 9"):
        best_buddies(x, x[:9])
    with pytest.raises(BadInput, match="at least 8 inputs; given 5"):
        best_buddies(x[:5], x[:5])
    with pytest.raises(BadInput, match="top=0"):
        best_buddies(x, x, top=0)
    with pytest.raises(NotFinite, match="NaN or infinity"):
        best_buddies(x, x / 0)


IMAGES = held(torch.rand(40, 3, 12, 12, generator=torch.Generator().manual_seed(0)))
PAIRS = [("conv", "conv"), ("relu", "pool"), ("conv", "relu")]


def shown(*seeds):
    return [Shown(planted_classifier(seed=seed), IMAGES) for seed in seeds]


def test_many_layer_pairs_in_one_pass_are_each_what_they_are_alone():
    one, two, three = shown(0, 3, 4)
    found = match_layers(one, {"two": two, "three": three}, PAIRS, batch_size=8)
    assert len(found) == 6
    for name, other in (("two", two), ("three", three)):
        for a, b in PAIRS:
            alone = match_units(one.subject, a, other.subject, b, IMAGES, batch_size=8)
            together = found[name, a, b]
            assert torch.equal(alone.correlations, together.correlations)
            assert torch.equal(alone.control, together.control)
            assert alone.pairs == together.pairs


def test_networks_that_take_images_of_other_sizes_are_matched():
    (one,) = shown(0)
    larger = held(torch.nn.functional.interpolate(torch.cat(list(IMAGES.batches(40))), scale_factor=2))
    module = torch.nn.Sequential(
        OrderedDict(halve=torch.nn.AvgPool2d(2), same=one.subject.module.conv, flat=torch.nn.Flatten())
    )
    spec = InputSpec((3, 24, 24), one.subject.spec.mean, one.subject.spec.std)
    other = wrap(module, name="larger", spec=spec, heads={"class": tuple(map(str, range(4 * 144)))})
    found = match_layers(one, {"larger": Shown(other, larger)}, [("conv", "same")])
    (matches,) = found.values()
    assert [(pair.a, pair.b) for pair in sorted(matches.pairs, key=lambda pair: pair.a)] == [
        (i, i) for i in range(4)
    ]
    assert all(pair.correlation.estimate > 0.9999 for pair in matches.pairs)


@pytest.mark.parametrize("stop", [2, 8])  # batches: in the pass for the pairs, in that for their intervals
def test_a_pass_that_is_killed_goes_on_to_the_same_numbers(tmp_path, monkeypatch, stop):
    monkeypatch.setattr("core.similarity.passes.EVERY", 8)
    one, two = shown(0, 3)
    whole = match_layers(one, {"two": two}, PAIRS, batch_size=8)
    left = stop

    def breaking(done, total, label):
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        match_layers(one, {"two": two}, PAIRS, batch_size=8, checkpoint=tmp_path, progress=breaking)
    told = []
    again = match_layers(
        one,
        {"two": two},
        PAIRS,
        batch_size=8,
        checkpoint=tmp_path,
        progress=lambda *what: told.append(what),
    )
    assert len(told) < 10  # not all ten batches again
    for key, matches in whole.items():
        assert torch.equal(matches.correlations, again[key].correlations)
        assert matches.pairs == again[key].pairs


def test_many_inputs_are_redrawn_in_groups_with_the_same_intervals(monkeypatch):
    a, b, _ = planted(3)
    each = best_buddies(a, b)
    monkeypatch.setattr("core.similarity.correlating.GROUPS", 32)  # of two inputs each
    grouped = best_buddies(a, b, batch_size=10)
    for one, other in zip(each.pairs, grouped.pairs, strict=True):
        assert one.correlation.estimate == pytest.approx(other.correlation.estimate, abs=1e-9)
        wide = one.correlation.high - one.correlation.low
        assert other.correlation.high - other.correlation.low == pytest.approx(wide, rel=0.5)
        assert other.correlation.n == 32


def test_matches_are_read_as_they_were_written(tmp_path):
    a, b, _ = planted(0)
    found = best_buddies(a, b)
    write_matches(tmp_path / "m.safetensors", found)
    read = read_matches(tmp_path / "m.safetensors")
    assert read.pairs == found.pairs
    assert read.beyond_chance == found.beyond_chance
    assert (read.by_chance, read.counterparts, read.provenance) == (
        found.by_chance,
        found.counterparts,
        found.provenance,
    )
    assert torch.allclose(read.correlations, found.correlations, atol=1e-3)


def test_layers_that_are_not_there_and_other_images_are_refused():
    one, two = shown(0, 3)
    with pytest.raises(UnknownName, match="relu"):
        match_layers(one, {"two": two}, [("conv", "relu1")])
    with pytest.raises(BadInput, match="given 40 and 9"):
        match_layers(one, {"two": Shown(two.subject, held(torch.rand(9, 3, 12, 12)))}, PAIRS)
    with pytest.raises(BadInput, match="no layers to match"):
        match_layers(one, {"two": two}, [])
