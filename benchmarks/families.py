"""The search for neuron families beside the network's own forward passes: what all the rest of it costs."""

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from benchmarks.examples import pictures
from benchmarks.rows import Row, alternate
from benchmarks.store import googlenet
from core.activations import recording, run_until_enough
from core.subject import Subject, feed
from core.symmetry.families import find
from core.symmetry.likeness import LEAST, likenesses
from feature_viz.response_norm import quick_response_norm
from vision.views.actions import rotation
from vision.views.photographs import photographs

LAYER, STEPS, IMAGES, SIZE, BATCH, REPEATS = "inception_4a", 24, 500, 224, 4, 5
"""512 units under 24 rotations of 500 photographs, of which a turn of the row takes no more than a search must have."""


@dataclass(frozen=True)
class Cost:
    """Seconds of a search: what it costs once, and what every batch adds."""

    once: float
    batch: float

    @property
    def whole(self) -> float:
        return self.once + self.batch * IMAGES / BATCH


def family_search_forward_share() -> Row:
    """How large a share of a search's time the network's own forward passes are.

    A turn measures a search over four batches of photographs - what a batch adds, and what is needed once, ``find``
    with it - and beside it the bare passes of one batch under as many elements; both stand for all photographs.
    """
    subject, images = googlenet(), pictures(LEAST, SIZE)
    costs: list[Cost] = []

    def ours() -> float:
        costs.append(searched(subject, LAYER, images))
        return costs[-1].whole

    def peer() -> float:
        return forward(subject, LAYER, images[:BATCH]) * IMAGES / BATCH

    peer()
    whole, alone = alternate(ours, peer, repeats=REPEATS)
    once = statistics.median(cost.once for cost in costs)
    early = searched(subject, "inception_3b", images).whole
    few, many = (peak(count) for count in (LEAST, 4 * LEAST))
    conditions = (
        f"{subject.name} {LAYER}: {subject.layers[LAYER].channels} units x {STEPS} rotations x {IMAGES} photographs "
        f"of {SIZE} px in batches of {BATCH}, {LEAST} of them searched a turn: {whole:,.0f} s in all, {once:.1f} s of "
        f"them once (places, correlations, families); inception_3b: {early:,.0f} s in all; peak memory with "
        f"{LEAST} photographs {few:,.0f} MB, with {4 * LEAST} {many:,.0f} MB; {torch.get_num_threads()} threads"
    )
    passes = STEPS * IMAGES
    return Row(
        name="family-search-forward-share",
        unit="pictures/s",
        ours=passes / whole,
        peer=passes / alone,
        ratio=alone / whole,
        repeats=REPEATS,
        peer_name="the bare forward passes to the layer",
        conditions=conditions,
    )


def searched(subject: Subject, layer: str, images: Float[Tensor, "n c h w"]) -> Cost:
    """What it takes from photographs to the families among all units of a layer."""
    views = photographs(images, rotation(STEPS))
    ends: list[float] = []
    start = time.perf_counter()
    with quick_response_norm():
        found = likenesses(
            subject, [layer], views, batch_size=BATCH, progress=lambda *_: ends.append(time.perf_counter())
        )
    find(found[layer])
    batch = (ends[-1] - ends[0]) / (len(ends) - 1)
    return Cost(time.perf_counter() - start - len(ends) * batch, batch)


def forward(subject: Subject, layer: str, images: Float[Tensor, "n c h w"]) -> float:
    """Seconds of the passes to the layer that a batch needs, of pictures as they are; nothing is kept."""
    start = time.perf_counter()
    with quick_response_norm(), torch.inference_mode():
        inputs = images.contiguous(memory_format=torch.channels_last)
        for _ in range(STEPS):
            with recording(subject, [layer]):
                run_until_enough(subject.module, feed(subject, inputs))
    return time.perf_counter() - start


def peak(count: int) -> float:
    """Most megabytes that a process of its own ever held while it matched so many images."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.families", str(count)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    return float(ran.stdout.split()[-1])


def _measured(count: int) -> None:
    """Match so many made-up pictures and say what it took: the subprocess of ``peak``."""
    images = torch.rand(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    with quick_response_norm():
        likenesses(googlenet(), [LAYER], photographs(images, rotation(STEPS)), batch_size=BATCH)
    status = Path("/proc/self/status").read_text()
    print(int(status.split("VmHWM:")[1].split()[0]) / 1000)


if __name__ == "__main__":
    _measured(int(sys.argv[1]))
