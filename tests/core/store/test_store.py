"""The activation store: the same numbers as capture's, the same bytes after a kill, and no more memory than it says."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.activations import capture
from core.artifacts import write_image
from core.errors import BadInput, DiskFull, NotFinite, RunConflict, UnknownName, Unreadable
from core.layers import as_maps
from core.store import collect, held, needed_bytes, open_store
from core.store.positions import chosen_positions
from core.subject import InputSpec, wrap
from core.testing import planted_classifier
from vision.datasets import open_images

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def subject():
    return planted_classifier(seed=0)


@pytest.fixture
def images():
    return torch.rand(37, 3, 12, 12, generator=torch.Generator().manual_seed(1))


def small_shards(monkeypatch, size=30_000):
    monkeypatch.setattr("core.store.collecting.SHARD_BYTES", size)


def test_rows_are_what_capture_gives_in_order_of_image_and_place(subject, images, tmp_path, monkeypatch):
    small_shards(monkeypatch)
    stores = collect(subject, images, ["conv", "relu", "head"], tmp_path / "s", batch_size=4)
    truth = capture(subject, images, ["conv", "relu", "head"])
    for name, store in stores.items():
        maps = as_maps(truth[name], subject.layers[name])
        wanted = maps.permute(0, 2, 3, 1).flatten(0, 2)
        assert torch.allclose(torch.cat(list(store.batches(100))), wanted, atol=1e-6)
        assert len(store.shards) > 1
        some = np.array([len(store) - 1, 0, len(store) // 2, 0])
        assert torch.equal(store.rows(some), torch.cat(list(store.batches(100)))[some])
        where = store.origin(some)
        assert torch.allclose(store.rows(some), maps[where.image, :, where.y, where.x], atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_some_positions_by_seed_map_back_to_image_and_place(subject, images, tmp_path, dtype):
    store = collect(subject, images, ["conv"], tmp_path / "s", positions=5, seed=3, dtype=dtype)["conv"]
    assert len(store) == 37 * 5
    assert store.dtype == dtype
    everything = np.arange(len(store))
    where = store.origin(everything)
    maps = capture(subject, images, ["conv"])["conv"]
    assert torch.allclose(
        store.rows(everything),
        maps[where.image, :, where.y, where.x],
        atol=1e-6 if dtype == "float32" else 5e-3,
    )
    assert len(set(zip(*(column.tolist() for column in where), strict=True))) == len(store)
    other = collect(subject, images, ["conv"], tmp_path / "t", positions=5, seed=4)["conv"]
    assert not np.array_equal(other.origin(everything).x, where.x)


def test_positions_are_spread_evenly_and_do_not_depend_on_the_batch():
    found = chosen_positions(np.arange(4000), 49, 7, seed=0)
    assert np.array_equal(found[100:110], chosen_positions(np.arange(100, 110), 49, 7, seed=0))
    counts = np.bincount(found.ravel(), minlength=49)
    assert ((counts - 4000 / 7) ** 2 / (4000 / 7)).sum() < 80  # chi-squared of 48 degrees: 99.7 % lie below


def test_a_shard_is_a_safetensors_file_and_its_checksum_sha256sum(subject, images, tmp_path):
    store = collect(subject, images, ["conv"], tmp_path / "s")["conv"]
    path = store.folder / store.shards[0].file
    assert torch.equal(load_file(path)["rows"], torch.cat(list(store.batches(10_000))))
    assert subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[
        0
    ] == (store.shards[0].sha256)


def test_shuffled_batches_give_every_row_once_and_mix_the_images(subject, images, tmp_path, monkeypatch):
    small_shards(monkeypatch)
    monkeypatch.setattr("core.store.activation_store.BLOCK_BYTES", 256)
    monkeypatch.setattr("core.store.activation_store.POOL_BYTES", 4096)
    store = collect(subject, images, ["conv"], tmp_path / "s", batch_size=4)["conv"]
    one, again, other = (torch.cat(list(store.batches(50, seed))) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    ordered = torch.cat(list(store.batches(50)))
    assert torch.equal(one[:, 0].sort().values, ordered[:, 0].sort().values)
    assert [len(batch) for batch in store.batches(5000, 0)] == [5000, len(store) - 5000]
    first = next(iter(store.batches(256, 0)))  # one pool of 16 blocks: from many images
    sources = {int((ordered == row).all(1).nonzero()[0, 0]) // 144 for row in first}
    assert len(sources) >= 8


KILLED = """
    import sys, torch, core.store.collecting
    from core.store import collect, held
    from core.testing import planted_classifier
    core.store.collecting.SHARD_BYTES = 30_000
    source = held(torch.rand(200, 3, 12, 12, generator=torch.Generator().manual_seed(1)))
    class Slow:
        fingerprint, size = source.fingerprint, source.size
        def __len__(self): return 200
        def batches(self, batch_size, *, start=0):
            import time
            for batch in source.batches(batch_size, start=start):
                time.sleep(0.02)
                yield batch
    collect(planted_classifier(seed=0), Slow(), ["conv", "head"], sys.argv[1], positions=20, batch_size=4)
"""


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def test_killed_and_run_again_gives_the_same_bytes(subject, tmp_path, monkeypatch):
    small_shards(monkeypatch)
    source = held(torch.rand(200, 3, 12, 12, generator=torch.Generator().manual_seed(1)))

    def run(folder):
        collect(subject, source, ["conv", "head"], folder, positions=20, batch_size=4)

    folder, seen = tmp_path / "killed", None
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(KILLED), str(folder)], cwd=ROOT)
    deadline = time.time() + 120
    while not seen and process.poll() is None and time.time() < deadline:
        seen = list(folder.rglob("000001.safetensors"))
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert seen
    run(tmp_path / "whole")
    assert len(contents(folder)) < len(contents(tmp_path / "whole"))
    with pytest.raises(Unreadable, match="not finished; collect into it again"):
        open_store(folder, "conv")
    run(folder)
    assert contents(folder) == contents(tmp_path / "whole")
    assert open_store(folder, "conv", check=True).images == 200


LARGER = """
    import resource, sys, torch
    import core.store.activation_store, core.store.collecting
    from core.store import collect
    from core.subject import InputSpec, wrap
    core.store.collecting.SHARD_BYTES = core.store.activation_store.POOL_BYTES = 2**23
    class Endless:
        fingerprint, size = "grey", (16, 16)
        def __len__(self): return 1200
        def batches(self, batch_size, *, start=0):
            for first in range(start, 1200, batch_size):
                yield torch.full((min(batch_size, 1200 - first), 3, 16, 16), first / 1200)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 128, 1), torch.nn.Flatten(), torch.nn.Linear(128 * 256, 2))
    spec = InputSpec((3, 16, 16), (0.0,) * 3, (1.0,) * 3)
    subject = wrap(net, name="wide", spec=spec, heads={"class": ("a", "b")})
    used = int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmData"))) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (used + 2**26, used + 2**26))
    store = collect(subject, Endless(), ["0"], sys.argv[1], batch_size=64, dtype="float16")["0"]
    assert sum(shard.bytes for shard in store.shards) > 2**26, "larger than what it may use"
    rows = total = 0
    for batch in store.batches(4096, seed=0):
        rows, total = rows + len(batch), total + float(batch.sum())
    assert rows == len(store) == 1200 * 256
    try:
        bytearray(2**26)
    except MemoryError:
        print("limited")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on a process's data is Linux's")
def test_a_set_larger_than_memory_is_written_and_read(tmp_path):
    code = textwrap.dedent(LARGER)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.stdout.strip() == "limited", done.stderr
    shutil.rmtree(tmp_path / "s")


def test_it_refuses_before_it_starts_when_the_disk_lacks_room(subject, images, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10**6, 10**6 - 5000, 5000))
    with pytest.raises(DiskFull, match=r"activations of 37 images need 85\.[0-9] kB .* has 5\.0 kB left"):
        collect(subject, images, ["conv"], tmp_path / "new" / "s")
    assert not (tmp_path / "new").exists()
    assert needed_bytes(subject, images, ["conv"]) == 37 * 144 * 4 * 4


def test_changed_and_cut_files_are_noticed(subject, images, tmp_path):
    store = collect(subject, images, ["conv"], tmp_path / "s")["conv"]
    path = store.folder / store.shards[0].file
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    open_store(tmp_path / "s", "conv")  # the size is right
    with pytest.raises(Unreadable, match="is not as it was written"):
        open_store(tmp_path / "s", "conv", check=True)
    path.write_bytes(content[:-4])
    with pytest.raises(Unreadable, match=r"has 85,[0-9]+ bytes; expected 85,[0-9]+ bytes"):
        open_store(tmp_path / "s", "conv")
    path.unlink()
    with pytest.raises(Unreadable, match="is missing"):
        open_store(tmp_path / "s", "conv")


def test_bad_input_is_one_sentence_and_writes_nothing(subject, images, tmp_path):
    for wrong, error, message in (
        ({"layers": ["cnv"]}, UnknownName, "the nearest valid one is 'conv'"),
        ({"layers": []}, BadInput, "name at least one"),
        ({"images": images[:0]}, BadInput, "no images"),
        ({"positions": 0}, BadInput, "at least one position"),
        ({"dtype": "int8"}, BadInput, "float32 or float16; got 'int8'"),
        ({"batch_size": 0}, BadInput, "at least one image"),
    ):
        options = {"images": images, "layers": ["conv"]} | wrong
        with pytest.raises(error, match=message):
            collect(subject, options.pop("images"), options.pop("layers"), tmp_path / "s", **options)
        assert not (tmp_path / "s").exists()
    collect(subject, images, ["conv"], tmp_path / "s")
    with pytest.raises(RunConflict, match="positions is None, this one's is 3"):
        collect(subject, images, ["conv"], tmp_path / "s", positions=3)
    with pytest.raises(UnknownName, match="nearest valid one is 'conv'"):
        open_store(tmp_path / "s", "cnv")
    with pytest.raises(BadInput, match="rows 0 to 5327; got 5328"):
        open_store(tmp_path / "s", "conv").rows(np.array([5328]))


def test_numbers_that_are_not_finite_or_too_large_are_named(tmp_path):
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.Flatten(), torch.nn.Linear(32, 2))
    with torch.no_grad():
        net[0].weight.fill_(1e5)
        net[0].bias.fill_(0.0)
    subject = wrap(
        net, name="big", spec=InputSpec((3, 4, 4), (0.0,) * 3, (1.0,) * 3), heads={"class": ("a", "b")}
    )
    images = torch.zeros(5, 3, 4, 4)
    images[3] = 0.9
    with pytest.raises(NotFinite, match=r"2.7e\+05 on image 3, more than float16 holds"):
        collect(subject, images, ["0"], tmp_path / "s", dtype="float16")
    assert not (tmp_path / "s").exists()
    images[4] = float("nan")
    with pytest.raises(NotFinite, match="gives nan on image 4"):
        collect(subject, images, ["0"], tmp_path / "s")


def test_a_source_that_leaves_images_out_is_told_so_when_it_goes_on(subject, tmp_path, monkeypatch):
    small_shards(monkeypatch, 10_000)
    folder = tmp_path / "pictures"
    for number in range(24):
        write_image(folder / f"{number:02}.png", np.full((12, 12, 3), 10 * number, np.uint8))
    (folder / "02.png").write_bytes(b"no picture")
    (folder / "15.png").write_bytes(b"no picture")

    def run(out, stop=10**9):
        def progress(done, total, label):
            if done >= stop:
                raise KeyboardInterrupt

        source = open_images(folder, size=(12, 12))
        return collect(subject, source, ["conv"], tmp_path / out, batch_size=2, progress=progress)["conv"]

    with pytest.raises(KeyboardInterrupt):
        run("stopped", stop=10)
    assert contents(tmp_path / "stopped")
    store, whole = run("stopped"), run("whole")
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")
    assert store.images == whole.images == 22
    third = capture(subject, torch.full((1, 3, 12, 12), 30 / 255), ["conv"])["conv"]
    assert torch.allclose(
        store.rows(np.array([2 * 144])), third[:, :, 0, 0], atol=1e-5
    )  # image 2 is the file 03


def test_tokens_and_channels_last_are_rows_of_channels(tmp_path):
    class Tokens(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = torch.nn.Conv2d(3, 6, 4, stride=4)
            self.block = torch.nn.Identity()
            self.head = torch.nn.Linear(6, 2)

        def forward(self, x):
            x = self.patches(x).flatten(2).transpose(1, 2)
            x = self.block(torch.cat([x.mean(1, keepdim=True), x], 1))
            return self.head(x[:, 0])

    torch.manual_seed(0)
    spec = InputSpec((3, 16, 16), (0.0,) * 3, (1.0,) * 3)
    subject = wrap(Tokens(), name="tokens", spec=spec, heads={"class": ("a", "b")})
    images = torch.rand(3, 3, 16, 16)
    store = collect(subject, images, ["block"], tmp_path / "s")["block"]
    assert (store.channels, store.grid, len(store)) == (6, (4, 4), 48)
    assert torch.allclose(
        store.rows(np.arange(48)), capture(subject, images, ["block"])["block"][:, 1:].flatten(0, 1)
    )


def test_other_image_sizes_have_other_grids(subject, tmp_path):
    store = collect(subject, torch.rand(2, 3, 20, 16), ["conv"], tmp_path / "s")["conv"]
    assert store.grid == (20, 16)


def test_nothing_is_left_on_the_subject_after_an_exception(subject, images, tmp_path):
    class Broken:
        fingerprint, size = "broken", (12, 12)

        def __len__(self):
            return 10

        def batches(self, batch_size, *, start=0):
            yield images[:4]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(subject, Broken(), ["conv"], tmp_path / "s", batch_size=4)
    assert not any(module._forward_hooks for module in subject.module.modules())
