"""Feature visualisation beside torch-lucent, to the activation that its 512 steps reach, and beside the bare loop."""

import functools
import os
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from benchmarks.rows import Row, alternate
from core.activations import recording, run_until_enough
from core.subject import Subject, feed
from core.targets import Unit
from feature_viz.lucent_render import LUCENT_STEPS, Scaled
from feature_viz.optimize import render
from feature_viz.recipes import RECIPES
from feature_viz.response_norm import quick_response_norm
from feature_viz.truth.survival import survival
from vision.models import load

SIZE, CHANNELS, REPEATS = 128, 16, 5
TIMED = 16
"""lucent's steps cost the same each: so many are timed in every turn, and stand for all 512."""


def render_vs_lucent_single() -> Row:
    """Seconds for 16 channels, lucent called channel by channel."""
    return _race("render-vs-lucent-single", together=False)


def render_vs_lucent_batched() -> Row:
    """Seconds for 16 channels, lucent given all of them as one batch."""
    return _race("render-vs-lucent-batched", together=True)


def render_vs_bare_loop() -> Row:
    """Image-steps a second of ``render`` beside the network's forward and backward pass and nothing else."""
    subject, layer = network()
    targets, steps = _targets(subject, layer), 16

    def ours() -> float:
        return CHANNELS * steps / seconds(lambda: render(subject, targets, size=SIZE, steps=steps))

    def peer() -> float:
        return CHANNELS * steps / seconds(lambda: bare_loop(subject, layer, steps))

    def quick() -> float:
        with quick_response_norm():
            return peer()

    mine, theirs = _in_turns(ours, peer)
    again, quicker = _in_turns(ours, quick)
    conditions = (
        f"{subject.name} {layer}, batch {CHANNELS}, {SIZE} px, float32, {_threads()}; "
        f"beside the same loop with our response norm in it: {again / quicker:.2f}"
    )
    return Row(
        name="render-vs-bare-loop",
        unit="image-steps/s",
        ours=mine,
        peer=theirs,
        ratio=mine / theirs,
        repeats=REPEATS,
        peer_name="forward and backward pass alone",
        conditions=conditions,
    )


def bare_loop(subject: Subject, layer: str, steps: int) -> None:
    """Forward to the layer and back to a batch of images, channels last, without transforms or optimiser."""
    images = torch.rand((CHANNELS, subject.spec.shape[0], SIZE, SIZE))
    images = images.contiguous(memory_format=torch.channels_last).requires_grad_()
    for _ in range(steps):
        with torch.enable_grad(), recording(subject, [layer]) as kept:
            run_until_enough(subject.module, feed(subject, images))
            torch.autograd.grad(kept[layer].mean(), images)


@dataclass(frozen=True)
class Outcome:
    """The mean over pictures of their own channels' activation: clean, and under held-out transforms."""

    clean: float
    held_out: float

    def __str__(self) -> str:
        return f"{self.clean:.4g} ({self.held_out:.4g} under held-out transforms)"


def outcome(subject: Subject, targets: Sequence[Unit], pictures: Float[Tensor, "n c h w"]) -> Outcome:
    left = survival(subject, targets, pictures)
    return Outcome(float(left.clean.mean()), float((left.share.nan_to_num(0) * left.clean).mean()))


@functools.cache
def lucents() -> Outcome:
    """What all of lucent's 512 steps reach for the 16 channels."""
    subject, layer = network()
    targets = _targets(subject, layer)
    return outcome(subject, targets, lucent_batch(subject, targets, steps=LUCENT_STEPS))


def _race(name: str, *, together: bool) -> Row:
    """Ours and lucent to the same mean activation; ours is the first recipe, cheapest first, that gets there."""
    subject, layer = network()
    targets = _targets(subject, layer)
    goal = lucents()
    recipe, reached = _first_there(subject, targets, goal)

    def ours() -> float:
        return seconds(lambda: render(subject, targets, size=SIZE, recipe=recipe))

    def peer() -> float:
        batch = targets if together else targets[:1]
        taken = seconds(lambda: lucent_batch(subject, batch, steps=TIMED))
        return taken * LUCENT_STEPS / TIMED * len(targets) / len(batch)

    mine, theirs = _in_turns(ours, peer)
    conditions = (
        f"{subject.name} {layer}, {len(targets)} channels, {SIZE} px, to the mean of lucent's {LUCENT_STEPS} "
        f"steps: {goal}; recipe {recipe!r}, {RECIPES[recipe].steps} steps: {reached}; lucent "
        f"{'as one batch' if together else 'one by one'}, {TIMED} of its steps timed a turn; {_threads()}"
    )
    return Row(
        name=name,
        unit="s",
        ours=mine,
        peer=theirs,
        ratio=theirs / mine,
        repeats=REPEATS,
        peer_name="torch-lucent 0.1.8",
        conditions=conditions,
    )


@functools.cache
def _first_there(subject: Subject, targets: tuple[Unit, ...], goal: Outcome) -> tuple[str, Outcome]:
    for recipe in ("fast", "default"):
        made = render(subject, targets, size=SIZE, recipe=recipe)
        reached = outcome(subject, targets, torch.stack([each.image for each in made]))
        if reached.clean >= goal.clean and reached.held_out >= goal.held_out:
            break
    return recipe, reached


def _targets(subject: Subject, layer: str) -> tuple[Unit, ...]:
    """Channels spread evenly over the layer."""
    spacing = subject.layers[layer].channels // CHANNELS
    return tuple(Unit(layer, spacing * i) for i in range(CHANNELS))


def lucent_batch(subject: Subject, targets: Sequence[Unit], *, steps: int) -> Float[Tensor, "n c h w"]:
    """lucent's pictures of some channels, made as one batch as its users write it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lucent.optvis import objectives, param
        from lucent.optvis import render as lucent

        places = [f"network_{each.layer.replace('.', '_')}" for each in targets]
        wanted = [
            objectives.channel(place, each.channel, batch=row)
            for row, (place, each) in enumerate(zip(places, targets, strict=True))
        ]
        torch.manual_seed(0)
        model = Scaled(subject)
        try:
            pictures = lucent.render_vis(
                model,
                sum(wanted[1:], wanted[0]),
                lambda: param.image(SIZE, batch=len(targets)),
                thresholds=(steps,),
                preprocess=False,
                progress=False,
                show_image=False,
                fixed_image_size=SIZE,
            )
        finally:  # the hooks that lucent leaves behind
            for module in model.modules():
                module._forward_hooks.clear()
    return torch.from_numpy(pictures[-1]).permute(0, 3, 1, 2).contiguous()


@functools.cache
def network() -> tuple[Subject, str]:
    """BVLC GoogLeNet's inception_4a where its weights are at hand, else an untrained SqueezeNet."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    weights = Path(os.environ.get("GRIDLENS_TEST_DATA", beside)) / "weights" / "bvlc_googlenet.safetensors"
    if weights.exists():
        return load("bvlc_googlenet", weights=weights), "inception_4a"
    return load("squeezenet1_1"), "features.9"


def _in_turns(ours: Callable[[], float], peer: Callable[[], float]) -> tuple[float, float]:
    for warm_up in (ours, peer):
        warm_up()
    mine, theirs = alternate(ours, peer, repeats=REPEATS)
    return mine, theirs


def _threads() -> str:
    return f"{torch.get_num_threads()} threads"


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
