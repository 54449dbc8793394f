"""Feature visualisation beside torch-lucent: the same network, layer, size and steps, in turns."""

import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.rows import Row, alternate
from core.subject import Subject, normalise
from core.targets import Unit
from feature_viz.optimize import render
from vision.models import load

STEPS, SIZE, CHANNEL, REPEATS = 24, 128, 7, 5


def render_vs_lucent_single() -> Row:
    """Seconds for one channel's picture, each with its own defaults for everything else."""
    subject, layer = network()

    def ours() -> float:
        return seconds(lambda: render(subject, [Unit(layer, CHANNEL)], size=SIZE, steps=STEPS))

    def peer() -> float:
        return seconds(lambda: lucent_picture(subject, layer, CHANNEL, steps=STEPS, size=SIZE))

    for warm_up in (ours, peer):
        warm_up()
    mine, theirs = alternate(ours, peer, repeats=REPEATS)
    conditions = (
        f"{subject.name} {layer}, one channel, {SIZE} px, {STEPS} steps, {torch.get_num_threads()} threads"
    )
    return Row(
        "render-vs-lucent-single", "s", mine, theirs, theirs / mine, REPEATS, "torch-lucent 0.1.8", conditions
    )


def network() -> tuple[Subject, str]:
    """BVLC GoogLeNet's inception_4a where its weights are at hand, else an untrained SqueezeNet."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    weights = Path(os.environ.get("GRIDLENS_TEST_DATA", beside)) / "weights" / "bvlc_googlenet.safetensors"
    if weights.exists():
        return load("bvlc_googlenet", weights=weights), "inception_4a"
    return load("squeezenet1_1"), "features.9"


class Scaled(nn.Module):
    """A whole network with its input scaling, as lucent's users hand theirs over."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.network, self.spec = subject.module, subject.spec

    def forward(self, inputs: Tensor) -> Tensor:
        return self.network(normalise(self.spec, inputs))


def lucent_picture(subject: Subject, layer: str, channel: int, *, steps: int, size: int) -> Tensor:
    """lucent's picture (3, size, size) of a channel; the hooks that it leaves behind are taken off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lucent.optvis import objectives, param
        from lucent.optvis import render as lucent

        model = Scaled(subject)
        place = f"network_{layer.replace('.', '_')}"
        try:
            pictures = lucent.render_vis(
                model,
                objectives.channel(place, channel),
                lambda: param.image(size),
                thresholds=(steps,),
                preprocess=False,
                progress=False,
                show_image=False,
                fixed_image_size=size,
            )
        finally:
            for module in model.modules():
                module._forward_hooks.clear()
    return torch.from_numpy(pictures[-1][0]).permute(2, 0, 1)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
