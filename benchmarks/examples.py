"""Top examples beside the bare forward pass: what it costs to find every unit's images while the network runs."""

import os
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.feature_visualisation import network
from benchmarks.rows import Row, alternate
from core.errors import BadInput
from core.subject import Subject
from feature_viz.examples.exemplars import exemplars, maps_of
from feature_viz.examples.tensor_source import TensorImages
from vision.datasets import open_images

COUNT, SIZE, BATCH, REPEATS = 64, 224, 32, 5


def top_examples_vs_forward() -> Row:
    """Images a second of ``exemplars`` beside the same truncated forward pass with nothing counted.

    Both get decoded images and run channels-last, in inference mode, with the quick response norm.
    """
    subject, layer = network()
    source = TensorImages(pictures(COUNT, SIZE))

    def ours() -> float:
        start = time.perf_counter()
        exemplars(subject, source, [layer], batch_size=BATCH)
        return COUNT / (time.perf_counter() - start)

    def peer() -> float:
        start = time.perf_counter()
        for batch in source.batches(BATCH):
            maps_of(subject, batch, [layer])
        return COUNT / (time.perf_counter() - start)

    for warm_up in (ours, peer):
        warm_up()
    mine, theirs = alternate(ours, peer, repeats=REPEATS)
    few, many = (kept_bytes(subject, layer, count) for count in (BATCH, 8 * BATCH))
    conditions = (
        f"{subject.name} {layer}, all {subject.layers[layer].channels} units, {SIZE} px, batch {BATCH}, "
        f"{torch.get_num_threads()} threads; kept after {BATCH} images {few:,} bytes, after {8 * BATCH} {many:,}"
    )
    return Row(
        name="top-examples-vs-forward",
        unit="images/s",
        ours=mine,
        peer=theirs,
        ratio=mine / theirs,
        repeats=REPEATS,
        peer_name="the bare forward pass to the layer",
        conditions=conditions,
    )


def kept_bytes(subject: Subject, layer: str, count: int) -> int:
    """Size of all that a pass keeps after so many (small) images."""
    small = torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with tempfile.TemporaryDirectory() as folder:
        exemplars(subject, TensorImages(small), [layer], batch_size=BATCH, checkpoint=folder)
        return sum(path.stat().st_size for path in Path(folder).iterdir())


def pictures(count: int, size: int) -> Tensor:
    """Photographs where they are at hand, else the procedural images."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    archive = Path(os.environ.get("GRIDLENS_TEST_DATA", beside)) / "images" / "photos_500.tar"
    source = open_images(archive if archive.exists() else "shapes", size=(size, size), count=count)
    if len(source) < count:
        raise BadInput(f"{archive} holds {len(source)} pictures; the row needs {count}")
    return torch.cat(list(source.batches(count)))
