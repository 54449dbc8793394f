"""Each edit does what it says on every kind of axes, composes, refuses what does not fit, and leaves no trace."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.activations import capture
from core.errors import BadInput, UnknownName
from core.interventions.attribution_patching import attribution_patching
from core.interventions.compensation import compensation
from core.interventions.continuation import continuation
from core.interventions.edits import Intervention, ablate, applied, clamp, patch, steer
from core.interventions.intervened import edited, intervened
from core.interventions.patching import patch_effects
from core.interventions.weights import projected
from core.layers import LayerInfo
from core.subject import InputSpec, Subject, run, wrap
from core.targets import Direction, Output, Unit
from core.testing import pathway_pairs, planted_backup, planted_classifier, planted_pathway

MAPS = LayerInfo("maps", "Conv2d", (3, 4, 5))
LAST = LayerInfo("last", "Block", (4, 5, 3), axes="hwc")
TOKENS = LayerInfo("tokens", "Block", (10, 3), axes="tc", extra=1)
VECTOR = LayerInfo("vector", "Linear", (3,), axes="c")


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("layer", [MAPS, LAST, TOKENS, VECTOR], ids=lambda layer: layer.name)
def test_a_unit_is_edited_and_nothing_else(layer: LayerInfo) -> None:
    before = drawn(2, *layer.shape)
    kept = before.clone()
    after = applied(clamp(Unit(layer.name, 1), 7.0), before, layer)
    axis = 1 if layer.axes in ("chw", "c") else -1
    assert (after.select(axis, 1) == 7).all()
    assert torch.equal(after.select(axis, 0), before.select(axis, 0))
    assert torch.equal(after.select(axis, 2), before.select(axis, 2))
    assert torch.equal(before, kept)


@pytest.mark.parametrize(
    ("layer", "place"), [(MAPS, (0, 1, 2, 3)), (LAST, (0, 2, 3, 1)), (TOKENS, (0, 1 + 2 * 3 + 1, 1))]
)
def test_a_place_is_edited_and_nothing_else(layer: LayerInfo, place: tuple[int, ...]) -> None:
    y, x = (2, 3) if layer is not TOKENS else (2, 1)
    before = drawn(1, *layer.shape)
    after = applied(clamp(Unit(layer.name, 1, y, x), 7.0), before, layer)
    assert after[place] == 7
    assert (after != before).sum() == 1
    source = drawn(1, *layer.shape, seed=1)
    column = applied(patch(layer.name, source, positions=[(y, x)]), before, layer)
    assert (column != before).sum() == 3  # every unit there


def test_ablation_to_zero_to_the_mean_and_to_other_inputs() -> None:
    before, reference = drawn(4, 3, 4, 5), drawn(6, 3, 4, 5, seed=1)
    assert not applied(ablate("maps"), before, MAPS).any()
    mean = applied(ablate(Unit("maps", 2), to="mean", reference=reference), before, MAPS)
    assert torch.equal(mean[:, 2], reference.mean(0)[2].expand(4, 4, 5))
    assert torch.equal(mean[:, :2], before[:, :2])
    other = ablate("maps", to="resample", reference=reference, seed=3)
    assert torch.equal(applied(other, before, MAPS), applied(other, before, MAPS))
    assert all((row == reference).flatten(1).all(1).any() for row in applied(other, before, MAPS))


@pytest.mark.parametrize("layer", [MAPS, LAST, TOKENS, VECTOR], ids=lambda layer: layer.name)
@pytest.mark.parametrize("whole", [False, True])
def test_directions(layer: LayerInfo, whole: bool) -> None:
    vector = drawn(*(layer.shape if whole else (3,)), seed=2)
    direction = Direction(layer.name, vector, "d")
    laid = vector[:, None, None] if layer is MAPS and not whole else vector
    axes = tuple(range(1, 1 + len(layer.shape))) if whole else (1 if layer.axes in ("chw", "c") else -1)
    before = drawn(2, *layer.shape)
    assert torch.allclose(applied(steer(direction, 2.5), before, layer), before + 2.5 * laid)
    gone = applied(ablate(direction), before, layer)
    assert (gone * laid).sum(axes).abs().max() < 1e-4
    reference = drawn(5, *layer.shape, seed=3)
    mean = applied(ablate(direction, to="mean", reference=reference), before, layer)
    wanted = (
        (reference.mean(0, keepdim=True) * laid)
        .sum(axes)
        .expand(len(mean), *[-1] * ((mean * laid).sum(axes).ndim - 1))
    )
    assert torch.allclose((mean * laid).sum(axes), wanted, atol=1e-4)


def test_edits_compose_in_their_order_and_with_what_lies_around() -> None:
    subject, inputs = planted_classifier(seed=0), torch.rand(2, 3, 12, 12)
    unit = Unit("conv", 1)
    with intervened(subject, clamp(unit, 3.0), steer(Direction("conv", torch.ones(4), "up"), 1.0)) as both:
        assert (capture(both, inputs, ["conv"])["conv"][:, 1] == 4).all()
        with intervened(both, ablate(unit)) as three:
            assert not capture(three, inputs, ["conv"])["conv"][:, 1].any()
        assert (capture(both, inputs, ["conv"])["conv"][:, 1] == 4).all()
    assert both.fingerprint != subject.fingerprint
    assert both.name == "planted with conv:1 held at 3, conv~up added 1 times"


def test_patching_everything_gives_the_other_answer() -> None:
    subject, (one, other) = planted_classifier(seed=0), torch.rand(2, 2, 3, 12, 12)
    source = capture(subject, other, ["relu"])["relu"]
    with intervened(subject, patch("relu", source)) as patched:
        assert torch.equal(run(patched, one)["class"], run(subject, other)["class"])


class _Shared(nn.Module):
    """One ReLU, called three times."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.head = nn.Linear(12, 5), nn.Linear(5, 5), nn.Linear(5, 2)
        self.relu = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        answer: Tensor = self.head(self.relu(self.b(self.relu(self.a(self.relu(inputs.flatten(1)))))))
        return answer


def test_of_a_layer_called_several_times_the_last_call_is_edited() -> None:
    spec = InputSpec((3, 2, 2), mean=(0.0,) * 3, std=(1.0,) * 3)
    subject = wrap(_Shared(), name="shared", spec=spec, heads={"class": ("0", "1")})
    inputs = torch.rand(3, 3, 2, 2)
    with intervened(subject, ablate("relu")) as silent:
        for _ in range(2):  # a pass that is broken off early does not put the next one out of step
            capture(silent, inputs, ["a"])
            assert torch.allclose(run(silent, inputs)["class"], subject.module.head.bias.expand(3, 2))
            assert capture(silent, inputs, ["b"])["b"].equal(capture(edited(subject), inputs, ["b"])["b"])


def test_an_edited_copy_stays_so_and_the_original_as_it_was() -> None:
    subject, inputs = planted_classifier(seed=0), torch.rand(2, 3, 12, 12)
    before = run(subject, inputs)["class"]
    copy = edited(subject, ablate(Unit("relu", 0)), clamp(Unit("relu", 1, 2, 2), 9.0))
    with intervened(subject, ablate(Unit("relu", 0)), clamp(Unit("relu", 1, 2, 2), 9.0)) as inside:
        assert torch.equal(run(copy, inputs)["class"], run(inside, inputs)["class"])
        assert copy.fingerprint == inside.fingerprint
    assert torch.equal(run(subject, inputs)["class"], before)


def test_a_projected_layer_carries_nothing_along_the_direction() -> None:
    subject, inputs = planted_classifier(seed=0), torch.rand(4, 3, 12, 12)
    vector = drawn(4)
    direction = Direction("conv", vector, "d")
    gone = projected(subject, direction)
    written = capture(gone, inputs, ["conv"])["conv"]
    assert torch.einsum("nchw,c->nhw", written, vector).abs().max() < 1e-4
    with intervened(subject, ablate(direction)) as ablated:  # the same thing, done to the activations
        assert torch.allclose(run(gone, inputs)["class"], run(ablated, inputs)["class"], atol=1e-4)
    head = projected(subject, Direction("head", torch.tensor([0.0, 1.0, 0.0]), "second"))
    assert not run(head, inputs)["class"][:, 1].any()


def state_of(subject: Subject) -> tuple[object, ...]:
    modules = list(subject.module.modules())
    return (
        {name: value.clone() for name, value in subject.module.state_dict().items()},
        [(p.requires_grad, p.grad) for p in subject.module.parameters()],
        [(m.training, len(m._forward_hooks), len(m._forward_pre_hooks), sorted(vars(m))) for m in modules],
    )


def same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    tensors = all(torch.equal(value, other[0][name]) for name, value in one[0].items())  # type: ignore[index,attr-defined]
    return tensors and one[1:] == other[1:]


def _broken(error: type[BaseException]) -> Intervention:
    def change(activations: Tensor, layer: LayerInfo) -> Tensor:
        raise error

    return Intervention("relu", "broken", change)


DEEDS = {
    "intervened": lambda subject, inputs: run(subject, inputs),
    "patch_effects": lambda subject, inputs: patch_effects(
        subject, inputs, 1 - inputs, Output("class", 1), "conv"
    ),
    "attribution": lambda subject, inputs: attribution_patching(
        subject, inputs, 1 - inputs, Output("class", 1), "conv"
    ),
    "continuation": lambda subject, inputs: continuation(subject, "conv", Output("class")).record(inputs),
    "compensation": lambda subject, inputs: compensation(
        subject, inputs, Output("class"), "relu", Unit("conv", 0), shams=2
    ),
    "projected": lambda subject, inputs: projected(subject, Direction("conv", torch.ones(4), "d")),
    "edited": lambda subject, inputs: run(edited(subject, ablate("relu")), inputs),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("error", [None, ZeroDivisionError, KeyboardInterrupt])
def test_no_trace_is_left(deed: str, error: type[BaseException] | None) -> None:
    subject, inputs = planted_classifier(seed=0), torch.rand(2, 3, 12, 12)
    before = state_of(subject)
    # Python's own is left out: the hook that checks types in tests draws from it.
    kept = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    if error is None:
        DEEDS[deed](subject, inputs)
    else:
        try:
            with intervened(subject, _broken(error)):
                DEEDS[deed](subject, inputs)
                raise error
        except error:
            pass
    assert same(before, state_of(subject))
    now = torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
    assert torch.equal(kept[0], now[0])
    assert (kept[1] == now[1]).all()


def test_mistakes_are_one_sentence() -> None:
    subject, inputs = planted_classifier(seed=0), torch.rand(2, 3, 12, 12)
    for edits, error, words in [
        ([ablate("relo")], UnknownName, "nearest valid one is 'relu'"),
        ([clamp(Unit("conv", 4), 1.0)], BadInput, "channels 0 to 3; 4 is not"),
        ([clamp(Unit("conv", 0, 12, 0), 1.0)], BadInput, "outside the 12 x 12 map"),
        ([patch("conv", torch.zeros(1, 4, 12, 12), units=[7])], BadInput, "channels 0 to 3; 7 is not"),
        ([steer(Direction("conv", torch.ones(5), "d"))], BadInput, "5"),
        ([patch("conv", torch.zeros(2, 4, 6, 6))], BadInput, r"\(2, 4, 6, 6\) do not fit layer 'conv'"),
        ([patch("conv", torch.zeros(3, 4, 12, 12))], BadInput, "one row of that shape for every input"),
    ]:
        with pytest.raises(error, match=words):
            with intervened(subject, *edits):  # type: ignore[arg-type]
                run(subject, inputs)
    with pytest.raises(BadInput, match="takes reference activations"):
        ablate(Unit("conv", 0), to="resample")
    with pytest.raises(BadInput, match="there are: zero, mean, resample"):
        ablate("conv", to="nothing")
    for layer, vector, words in [
        ("relu", torch.ones(4), "has no weights of its own; the nearest that has is"),
        ("conv", torch.zeros(4), "length 0 cannot be projected out"),
        ("conv", torch.ones(4, 12, 12), "one number for each of the 4 channels"),
    ]:
        with pytest.raises(BadInput, match=words):
            projected(subject, Direction(layer, vector, "d"))


def test_planted_subjects_are_what_they_say() -> None:
    """The truths that the methods are asked for, by hand."""
    planted = planted_pathway(seed=3)
    clean, corrupted = pathway_pairs(planted, 4, seed=3)
    y, x = planted.unit.y, planted.unit.x
    logits = run(planted.subject, clean)["class"][:, 1] - run(planted.subject, corrupted)["class"][:, 1]
    assert torch.allclose(logits, 4 * (clean - corrupted)[:, 0, y, x], atol=1e-5)
    spare, red = planted_backup(seed=3), torch.rand(4, 3, 6, 6)
    intact = capture(spare.subject, red, ["late"])["late"][:, spare.backup.channel]
    with intervened(spare.subject, ablate(spare.first)) as without:
        taken = capture(without, red, ["late"])["late"][:, spare.backup.channel]
    assert not intact.any()
    assert torch.allclose(taken, 0.8 * red[:, 0])
