"""Patching every unit of a layer one by one, beside the bare passes from that layer on that it cannot do without."""

import time

import torch
from torch import nn

from benchmarks.rows import Row, alternate
from core.interventions.patching import patch_effects
from core.subject import InputSpec, wrap
from core.targets import Output
from vision.googlenet_bvlc import googlenet_bvlc

LAYER, SIZE, BATCH, REPEATS = "inception_4a", 224, 64, 5
PEER = "the later modules called by hand on precomputed activations"


def patch_all_vs_bare(*, layer: str = LAYER, repeats: int = REPEATS) -> Row:
    """Patches a second, all units of a layer for one pair, beside as many bare passes of the modules behind it.

    Ours counts everything: both runs of the pair, finding what lies behind the layer, every patched batch, the scores.
    The bare passes have activations in the batch size and the memory layout (channels last) that suit them best, and
    neither hooks nor patches. Random weights: the time does not depend on them.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = googlenet_bvlc()
    spec = InputSpec((3, SIZE, SIZE), mean=(0.5,) * 3, std=(0.25,) * 3)
    subject = wrap(module, name="googlenet", spec=spec, heads={"class": tuple(map(str, range(1000)))})
    clean, corrupted = torch.rand(2, 1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    corrupted *= 0.1  # far apart: random weights answer nearly the same to everything
    units = subject.layers[layer].channels
    children = dict(subject.module.named_children())
    behind = nn.Sequential(*list(children.values())[list(children).index(layer) + 1 :])
    activations = torch.rand(BATCH, *subject.layers[layer].shape, generator=torch.Generator().manual_seed(1))
    activations = activations.contiguous(memory_format=torch.channels_last)

    def ours() -> float:
        start = time.perf_counter()
        patch_effects(subject, clean, corrupted, Output("class", 7), layer, batch_size=BATCH)
        return units / (time.perf_counter() - start)

    def bare() -> float:
        start = time.perf_counter()
        with torch.no_grad():
            for first in range(0, units, BATCH):
                behind(activations[: min(BATCH, units - first)])
        return units / (time.perf_counter() - start)

    for warm_up in (ours, bare):
        warm_up()
    mine, theirs = alternate(ours, bare, repeats=repeats)
    return Row(
        name="patch-all-vs-bare",
        unit="patches/s",
        ours=mine,
        peer=theirs,
        ratio=mine / theirs,
        repeats=repeats,
        peer_name=PEER,
        conditions=f"GoogLeNet {layer}, {SIZE} px, {units} units of one pair in {units / mine:.1f} s, batch {BATCH}, "
        f"float32; {theirs / mine:.2f} times the bare passes; {torch.get_num_threads()} threads",
    )
