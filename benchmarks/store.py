"""The activation store beside the bare forward pass: what it costs to keep a layer on disk while the network runs."""

import tempfile
import time
from pathlib import Path

import torch

from benchmarks.examples import pictures
from benchmarks.feature_visualisation import network
from benchmarks.rows import Row, alternate
from core.activations import recording, run_until_enough
from core.store import collect, held
from core.store.images import Images
from core.subject import Subject, feed
from feature_viz.response_norm import quick_response_norm
from vision.models import load

COUNT, SIZE, BATCH, REPEATS = 128, 224, 32, 5


def store_vs_forward(
    *, layer: str = "inception_3b", positions: int | None = None, dtype: str = "float32"
) -> Row:
    """Images a second of ``collect`` (every position, float32, synced to disk) beside the same truncated forward pass.

    Both get decoded images and run channels-last, in inference mode, with the quick response norm. The layer is the
    hard case: shallow, so the pass is short, with 1.5 MB an image to write.
    """
    subject = googlenet()
    source = held(pictures(COUNT, SIZE))
    sizes = []

    def ours() -> float:
        with tempfile.TemporaryDirectory() as folder, quick_response_norm():
            start = time.perf_counter()
            store = collect(
                subject,
                source,
                [layer],
                Path(folder) / "store",
                positions=positions,
                dtype=dtype,
                batch_size=BATCH,
            )[layer]
            taken = time.perf_counter() - start
            sizes.append(sum(shard.bytes for shard in store.shards))
        return COUNT / taken

    def peer() -> float:
        return COUNT / forward(subject, source, layer)

    for warm_up in (ours, peer):
        warm_up()
    mine, theirs = alternate(ours, peer, repeats=REPEATS)
    conditions = (
        f"{subject.name} {layer}, {SIZE} px, batch {BATCH}, {positions or 'all'} positions, {dtype}: {COUNT} images "
        f"to {sizes[-1] / 1e6:,.0f} MB, checksummed and synced; {torch.get_num_threads()} threads"
    )
    return Row(
        name="store-vs-forward",
        unit="images/s",
        ours=mine,
        peer=theirs,
        ratio=mine / theirs,
        repeats=REPEATS,
        peer_name="the bare forward pass to the layer",
        conditions=conditions,
    )


def forward(subject: Subject, source: Images, layer: str) -> float:
    """Seconds of the forward pass to the layer over all images, nothing kept."""
    start = time.perf_counter()
    with quick_response_norm(), torch.inference_mode():
        for batch in source.batches(BATCH):
            inputs = batch.contiguous(memory_format=torch.channels_last)
            with recording(subject, [layer]):
                run_until_enough(subject.module, feed(subject, inputs))
    return time.perf_counter() - start


def googlenet() -> Subject:
    """BVLC GoogLeNet with its weights where they are at hand, else untrained: the time is the same."""
    subject, _ = network()
    return subject if subject.name == "bvlc_googlenet" else load("bvlc_googlenet")
