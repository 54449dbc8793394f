"""The autoencoder's written-out gradients are those that torch finds."""

import pytest
import torch

from core.decomposition.sparse.autoencoder import BANDWIDTH, DEAD_WEIGHT, PRESSURE, gradients, kept_codes

ROWS, CHANNELS, ATOMS, ACTIVE = 40, 6, 12, 3


def planted_state(seed=0):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    atoms = torch.nn.functional.normalize(draw(ATOMS, CHANNELS), dim=1)
    state = {
        "bias": draw(CHANNELS) / 10,
        "atoms": atoms,
        "encoder": atoms + draw(ATOMS, CHANNELS) / 10,
        "encoder_bias": draw(ATOMS) / 10,
        "log_threshold": torch.full((ATOMS,), 0.5, dtype=torch.float64).log(),
    }
    return state, draw(ROWS, CHANNELS)


@pytest.mark.parametrize("kind", ["topk", "batchtopk", "jumprelu"])
@pytest.mark.parametrize("dead", [[], [2, 7]])
@pytest.mark.parametrize("way", ["dense", "compressed"])
def test_gradients_are_torchs(kind, dead, way, monkeypatch):
    module = "core.decomposition.sparse.autoencoder.pays"
    monkeypatch.setattr(module, lambda *_: way == "compressed" and torch.backends.mkl.is_available())
    state, rows = planted_state()
    dead = torch.tensor(dead, dtype=torch.long)
    step = gradients(rows, state, kind, ACTIVE, dead)
    leaves = {name: values.clone().requires_grad_() for name, values in state.items()}
    before = (rows - leaves["bias"]) @ leaves["encoder"].T + leaves["encoder_bias"]
    mask = kept_codes(before.detach(), state, kind, ACTIVE) > 0
    codes = before * mask
    missed = codes @ leaves["atoms"] + leaves["bias"] - rows
    loss = missed.square().sum() / (ACTIVE * ROWS)
    if len(dead):
        extra = torch.relu(before[:, dead]) @ leaves["atoms"][dead] + missed.detach()
        loss = loss + DEAD_WEIGHT * extra.square().sum() / missed.detach().square().sum()
    names = ["bias", "atoms", "encoder", "encoder_bias"]
    for name, expected in zip(
        names, torch.autograd.grad(loss, [leaves[name] for name in names]), strict=True
    ):
        torch.testing.assert_close(step.gradients[name], expected)
    assert torch.equal(step.codes > 0, mask)


def test_a_batch_keeps_as_many_codes_as_it_has_rows_times_active():
    state, rows = planted_state()
    before = rows @ state["encoder"].T
    assert int((kept_codes(before, state, "batchtopk", ACTIVE) > 0).sum()) == ROWS * ACTIVE
    assert ((kept_codes(before, state, "topk", ACTIVE) > 0).sum(1) <= ACTIVE).all()


def test_thresholds_follow_the_straight_through_estimate():
    """Against the finite difference of the loss smoothed over the window, which is what it estimates."""
    state, _ = planted_state()
    rows = torch.randn(200_000, CHANNELS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    step = gradients(rows, state, "jumprelu", ACTIVE, torch.tensor([], dtype=torch.long))

    def loss(shift):
        moved = state | {"log_threshold": state["log_threshold"].clone()}
        moved["log_threshold"][4] = (state["log_threshold"][4].exp() + shift).log()
        before = (rows - state["bias"]) @ state["encoder"].T + state["encoder_bias"]
        codes = kept_codes(before, moved, "jumprelu", ACTIVE)
        missed = codes @ state["atoms"] + state["bias"] - rows
        counted = (codes > 0).sum() / len(codes)
        return missed.square().sum() / (ACTIVE * len(rows)) + PRESSURE * (counted / ACTIVE - 1) ** 2

    width = BANDWIDTH / 2
    slope = (loss(width) - loss(-width)) / (2 * width) * state["log_threshold"][4].exp()
    assert float(step.gradients["log_threshold"][4]) == pytest.approx(float(slope), rel=0.2)
