"""A continued pass is the whole pass: on branches, skips, tokens, windows and agents; or else it is run whole."""

import pytest
import torch
import torchvision
from torch import Tensor, nn

from core.interventions.continuation import Continuation, continuation
from core.interventions.edits import ablate
from core.interventions.intervened import intervened
from core.subject import InputSpec, Subject, run, wrap
from core.targets import Difference, Direction, Output, Unit, score
from envs.registry import world
from rl.agents import as_subject
from rl.networks import build
from vision.googlenet_bvlc import Inception

TEN = tuple("0123456789")


def classifier(module: nn.Module, size: int = 64) -> Subject:
    spec = InputSpec((3, size, size), mean=(0.4,) * 3, std=(0.3,) * 3)
    return wrap(module, name="net", spec=spec, heads={"class": TEN})


def seeded(make: object, **options: object) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module: nn.Module = make(**options)  # type: ignore[operator]
        for inner in module.modules():
            if isinstance(inner, nn.Linear) and not inner.weight.any():
                nn.init.normal_(inner.weight, std=0.1)  # torchvision's ViT starts with a head of zeros
    return module


def branches() -> Subject:
    widths = (8, 4, 8, 4, 8, 8)
    body = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2), nn.ReLU(), Inception(16, widths), Inception(32, widths)
    )
    return classifier(seeded(lambda: nn.Sequential(*body, nn.Flatten(), nn.Linear(32 * 81, 10))), 20)


def vit() -> Subject:
    shape = {
        "image_size": 32,
        "patch_size": 8,
        "num_layers": 3,
        "num_heads": 2,
        "hidden_dim": 32,
        "mlp_dim": 48,
    }
    return classifier(seeded(torchvision.models.VisionTransformer, num_classes=10, **shape), 32)


def swin() -> Subject:
    shape = {
        "patch_size": [4, 4],
        "embed_dim": 16,
        "depths": [2, 2],
        "num_heads": [2, 4],
        "window_size": [4, 4],
    }
    return classifier(seeded(torchvision.models.SwinTransformer, num_classes=10, **shape), 32)


def agent(name: str, heads: str = "actor-critic") -> Subject:
    maze = world("cheese", size=7)
    return as_subject(
        build(name, shape=(2, 9, 9), actions=4, seed=0, heads=heads), maze, view="window", name=name
    )


SUBJECTS = {
    "branches": (branches, ["2", "2.branch_3x3.3x3", "2.branch_1x1.1x1", "3.branch_pool", "3"]),
    "resnet18": (
        lambda: classifier(seeded(torchvision.models.resnet18, num_classes=10), 32),
        ["layer1.0.bn2", "layer2.0.downsample.0", "layer2.0.conv1", "layer3"],
    ),
    "squeezenet": (
        lambda: classifier(seeded(torchvision.models.squeezenet1_1, num_classes=10)),
        ["features.4.expand1x1", "features.6"],
    ),
    "vit": (vit, [f"encoder.layers.encoder_layer_1{part}" for part in ("", ".ln_1", ".mlp.0", ".dropout")]),
    "swin": (
        swin,
        ["features.1.0.attn", "features.3.1.mlp.0", "features.2", "features.3.1"],
    ),
    "small-conv": (lambda: agent("small-conv"), ["conv", "relu1", "hidden2"]),
    "impala": (lambda: agent("impala"), ["stacks.0.res1.conv1", "stacks.1", "hidden"]),
    "paper-conv": (lambda: agent("paper-conv", "q"), ["relu1", "conv2", "relu3"]),
    "mlp-lstm": (lambda: agent("mlp-lstm"), ["body.relu1", "recalled"]),
}


def whole_pass(subject: Subject, layer: str, inputs: Tensor, activations: Tensor, target: object) -> Tensor:
    """The answer by hand: a hook that puts the activations in the place of the layer's last call."""
    left = subject.layers[layer].calls

    def hook(*_: object) -> Tensor | None:
        nonlocal left
        left -= 1
        return activations.clone() if left == 0 else None

    handle = subject.module.get_submodule(layer).register_forward_hook(hook)
    try:
        return score(subject, inputs, target)  # type: ignore[arg-type]
    finally:
        handle.remove()


def compared(tail: Continuation, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Scores by continuation and by whole passes, for changed activations of three inputs, in another order."""
    subject, generator = tail.subject, torch.Generator().manual_seed(seed)
    inputs = torch.rand(3, *subject.spec.shape, generator=generator)
    recorded = tail.record(inputs)
    noise = torch.randn(recorded.activations.shape, generator=generator)
    changed = (recorded.activations + noise * recorded.activations.std())[[2, 0, 0, 1]]
    rows = [2, 0, 0, 1]
    kept = changed.clone()
    with torch.no_grad():
        given = recorded.scores(changed, rows)
        assert torch.equal(changed, kept)
        return given, whole_pass(subject, tail.layer, inputs[rows], changed, tail.target)


@pytest.mark.parametrize("name", SUBJECTS)
def test_continued_passes_are_whole_passes(name: str) -> None:
    make, layers = SUBJECTS[name]
    subject = make()
    head = next(iter(subject.heads))
    for layer in layers:
        tail = continuation(subject, layer, Output(head, 1))
        given, wanted = compared(tail)
        assert not tail.whole
        assert torch.allclose(given, wanted, rtol=1e-5, atol=1e-5)


def test_bit_exact_where_the_batch_is_as_large() -> None:
    subject = branches()
    inputs = torch.rand(4, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    for layer in ("2.branch_3x3.3x3", "3"):
        recorded = continuation(subject, layer, Output("class", 3)).record(inputs)
        with torch.no_grad():
            assert torch.equal(
                recorded.scores(recorded.activations, range(4)), run(subject, inputs)["class"][:, 3]
            )
        assert torch.equal(recorded.clean, run(subject, inputs)["class"][:, 3])


def test_branches_beside_the_layer_do_not_run_again() -> None:
    subject = branches()
    tail = continuation(subject, "2.branch_3x3.3x3", Output("class", 0))
    assert {"0", "1", "2.branch_1x1", "2.branch_5x5", "2.branch_pool", "2.branch_3x3.3x3_reduce"} <= set(
        tail.skipped
    )
    recorded = tail.record(torch.rand(1, 3, 20, 20))
    # what nobody reads again is not held: the first convolution's answer has a shape alone
    assert recorded.kept["0"][0].untyped_storage().nbytes() == 4
    assert recorded.kept["2.branch_1x1"][0].untyped_storage().nbytes() > 4


@pytest.mark.parametrize(
    "target",
    [Difference(Output("class", 0), Output("class", 5)), Unit("3", 4), Unit("2.branch_pool", 2, 3, 3)],
)
def test_targets_of_every_kind(target: object) -> None:
    given, wanted = compared(continuation(branches(), "2.branch_pool.pool_proj", target))  # type: ignore[arg-type]
    assert torch.allclose(given, wanted, rtol=1e-5, atol=1e-5)


def test_a_target_beside_the_layer_does_not_move() -> None:
    subject = branches()
    recorded = continuation(subject, "2.branch_1x1", Unit("2.branch_3x3", 2)).record(torch.rand(2, 3, 20, 20))
    assert torch.equal(recorded.scores(torch.zeros_like(recorded.activations), range(2)), recorded.clean)


def test_directions_and_gradients_reach_the_layer() -> None:
    subject = vit()
    direction = Direction("encoder.ln", torch.randn(32, generator=torch.Generator().manual_seed(0)), "some")
    recorded = continuation(subject, "encoder.layers.encoder_layer_0", direction).record(
        torch.rand(2, 3, 32, 32)
    )
    point = recorded.activations.clone().requires_grad_()
    (grad,) = torch.autograd.grad(recorded.scores(point, [0, 1]).sum(), point)
    assert grad.abs().sum() > 0


class _Stateful(nn.Module):
    """Counts its passes and says so."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.head = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Linear(4 * 36, 10)
        self.register_buffer("passes", torch.zeros(()))

    def forward(self, inputs: Tensor) -> Tensor:
        self.passes += 1
        answer: Tensor = self.head(self.relu(self.conv(inputs)).flatten(1)) + self.passes
        return answer


class _Twice(nn.Module):
    """Calls one convolution twice, the second time with what the first says."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.head = nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.Linear(192, 10)

    def forward(self, inputs: Tensor) -> Tensor:
        once = self.conv(inputs)
        answer: Tensor = self.head((once + self.conv(self.relu(once))).flatten(1))
        return answer


class _Cut(_Twice):
    """Hides from gradients that its convolution reads the layer before."""

    def forward(self, inputs: Tensor) -> Tensor:
        answer: Tensor = self.head(self.conv(self.relu(inputs).detach()).flatten(1))
        return answer


def test_what_cannot_be_continued_is_run_whole() -> None:
    stateful = continuation(classifier(_Stateful(), 8), "relu", Output("class", 0))
    assert stateful.whole
    twice = classifier(_Twice(), 8)
    for layer, whole in (("conv", True), ("relu", False)):
        tail = continuation(twice, layer, Output("class", 0))
        given, wanted = compared(tail)
        assert tail.whole is whole
        assert "conv" not in tail.skipped  # it runs before the layer and behind it
        assert torch.allclose(given, wanted, rtol=1e-5, atol=1e-5)
    cut = continuation(classifier(_Cut(), 8), "relu", Output("class", 0))
    given, wanted = compared(cut)
    assert cut.whole
    assert torch.allclose(given, wanted, rtol=1e-5, atol=1e-5)


def test_edits_around_it_are_part_of_the_network() -> None:
    subject = branches()
    with intervened(subject, ablate(Unit("3", 5)), ablate("2.branch_1x1")) as lesioned:
        tail = continuation(lesioned, "2.branch_3x3", Output("class", 1))
        given, wanted = compared(tail)
    assert not tail.whole
    assert torch.allclose(given, wanted, rtol=1e-5, atol=1e-5)
    intact, _ = compared(continuation(subject, "2.branch_3x3", Output("class", 1)))
    assert not torch.allclose(given, intact)
