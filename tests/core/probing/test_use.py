"""Use is found where a planted policy acts on what it knows, and nowhere else, on seeds that nothing was tuned on."""

import numpy as np
import pytest
import torch

from core.errors import BadInput, UnknownName
from core.probing import How, Labelled, known_unused, probed_layers, use_of
from core.probing.erasure import covaried, erasure
from core.testing import knower
from core.testing.knower import CONCEPTS, LAYERS


@pytest.mark.parametrize("seed", range(100, 106))
@pytest.mark.parametrize("way", ["swap", "erase"])
def test_verdicts_on_planted_policies(seed, way):
    used = [*CONCEPTS, None][seed % 4]
    planted = knower(seed=seed, layer=LAYERS[seed % 3], used=used)
    inputs, concepts = planted.drawn(1000, seed=seed + 1)
    results = probed_layers(
        planted.subject, inputs, concepts, layers=[planted.layer], untrained=False, seed=seed
    )
    uses = use_of(planted.subject, inputs, results, concepts, head="policy", how=How(way=way, seed=seed))
    for row in known_unused(results, uses):
        assert row.verdict == ("known and used" if row.concept == planted.used else "known, not used"), row


def test_knowing_begins_at_the_planted_layer():
    planted = knower(seed=200, layer="late", used="third")
    inputs, concepts = planted.drawn(1000, seed=3)
    results = probed_layers(planted.subject, inputs, {name: concepts[name] for name in CONCEPTS})
    for result in results:
        if result.layer in (*planted.before, "input"):
            assert result.score.low < 0.6, result
        elif result.layer == planted.layer:
            assert result.known
            assert result.beyond > 0.3


def test_chance_is_crossed_by_few_directions_that_mean_nothing():
    """A concept drawn at random is found used about as often as the quantiles say, not more."""
    planted, rng = knower(seed=7), np.random.default_rng(0)
    inputs, _ = planted.drawn(600, seed=7)

    noise = {f"noise {i}": Labelled("binary", rng.integers(0, 2, 600).astype(bool)) for i in range(20)}
    results = probed_layers(planted.subject, inputs, noise, layers=["middle"], untrained=False)
    uses = use_of(planted.subject, inputs, results, noise, head="policy")
    assert sum(use.used for use in uses) <= 4


def test_an_effect_below_the_least_that_matters_is_no_use():
    planted = knower(seed=3)
    inputs, concepts = planted.drawn(600, seed=4)
    results = probed_layers(planted.subject, inputs, concepts, layers=["middle"], untrained=False)
    wanted = [one for one in results if one.concept == planted.used]
    (use,) = use_of(planted.subject, inputs, wanted, concepts, head="policy", how=How(least=0.9))
    assert use.effect.low > use.chance.high
    assert not use.used


def test_a_score_of_the_answers_is_followed():
    planted = knower(seed=3)
    inputs, concepts = planted.drawn(600, seed=4)
    results = probed_layers(planted.subject, inputs, concepts, layers=["middle"], untrained=False)
    uses = use_of(
        planted.subject,
        inputs,
        results,
        concepts,
        head=lambda answers: answers["policy"].softmax(1),
        choice=lambda answers: -answers["policy"].softmax(1).amax(1),
        how=How(way="erase"),
    )
    chosen = {use.concept: use.choice.estimate for use in uses}
    assert chosen[planted.used] > 0.5
    assert all(abs(value) < 0.1 for name, value in chosen.items() if name != planted.used)


def test_no_line_reads_what_was_erased_and_nothing_smaller_would_do():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 6)) @ rng.normal(size=(6, 6))
    z = np.stack([x[:, 0] + x[:, 1], x[:, 2] > 0], 1).astype(float)
    change = erasure(covaried(x), z, shrink=0.0).erased(x)
    left = x + change
    assert np.abs((left - left.mean(0)).T @ (z - z.mean(0))).max() < 1e-6 * 800
    # Projecting the same directions out at right angles also erases, and moves further.
    crossed = np.linalg.qr((x - x.mean(0)).T @ (z - z.mean(0)))[0]
    straight = -(x - x.mean(0)) @ crossed @ crossed.T
    assert np.square(change).sum() < np.square(straight).sum()


def test_a_swap_makes_each_read_as_another():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 4))
    gone = erasure(covaried(x), x[:, :1], shrink=0.0)
    others = rng.permutation(300)
    swapped = x + gone.swapped(x, others)
    read = gone.reading
    assert np.allclose(swapped @ read, (x @ read)[others])


def test_the_network_is_left_as_it_was():
    planted = knower(seed=0)
    inputs, concepts = planted.drawn(400, seed=0)
    results = probed_layers(planted.subject, inputs, concepts, layers=["middle"], untrained=False)
    before = planted.subject.module(inputs)["policy"]
    use_of(planted.subject, inputs, results, concepts, head="policy", how=How(random=16))
    assert torch.equal(planted.subject.module(inputs)["policy"], before)


def test_what_cannot_be_asked_is_said():
    planted = knower(seed=0)
    inputs, concepts = planted.drawn(400, seed=0)
    results = probed_layers(planted.subject, inputs, concepts, layers=["middle"], untrained=False)
    with pytest.raises(UnknownName, match="polcy"):
        use_of(planted.subject, inputs, results, concepts, head="polcy")
    with pytest.raises(UnknownName, match="way"):
        use_of(planted.subject, inputs, results, concepts, head="policy", how=How(way="melt"))
    with pytest.raises(BadInput, match="no probe"):
        known_unused((), use_of(planted.subject, inputs, results[:1], concepts, head="policy"))
