"""Image sources: the same pictures from folder, tar and zip; what cannot be decoded is left out and listed."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import BadInput, Unreadable
from vision import datasets, decoding, shapes
from vision.datasets import open_images, shapes_source


def picture(number, width=20, height=14, kind="png"):
    pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


@pytest.fixture
def files():
    table = "file\tclass_index\tname\n" + "".join(f"{k}.png\t{10 * k}\tclass {k}\n" for k in range(5))
    return {f"set/{k}.png": picture(k) for k in range(5)} | {
        "set/index.tsv": table.encode(),
        "set/read.me": b"?",
    }


def as_folder(path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def as_tar(path, files, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def as_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def everything(source, batch=2):
    return torch.cat(list(source.batches(batch)))


def test_folder_and_archives_give_the_same_pictures_labels_and_fingerprint(tmp_path, files):
    sources = [
        open_images(path, size=(8, 8))
        for path in (
            as_folder(tmp_path / "folder", files),
            as_tar(tmp_path / "a.tar", files),
            as_tar(tmp_path / "a.tgz", files, "w:gz"),
            as_zip(tmp_path / "a.zip", files),
        )
    ]
    pixels = [everything(source) for source in sources]
    assert all(torch.equal(pixels[0], other) for other in pixels[1:])
    assert pixels[0].shape == (5, 3, 8, 8)
    assert pixels[0].dtype == torch.float32
    assert 0 <= pixels[0].min() < pixels[0].max() <= 1
    assert {source.fingerprint for source in sources} == {sources[0].fingerprint}
    assert sources[0].labels == ("class 0", "class 1", "class 2", "class 3", "class 4")
    assert sources[0].targets.tolist() == [0, 10, 20, 30, 40]


def test_the_fingerprint_follows_the_bytes(tmp_path, files):
    before = open_images(as_tar(tmp_path / "a.tar", files), size=(8, 8)).fingerprint
    files["set/3.png"] = picture(99)
    assert open_images(as_tar(tmp_path / "a.tar", files), size=(8, 8)).fingerprint != before


def test_what_cannot_be_decoded_is_left_out_and_listed_and_labels_stay_true(tmp_path, files):
    files["set/1.png"] = files["set/1.png"][:60]
    files["set/3.png"] = b"not a picture"
    source = open_images(as_tar(tmp_path / "a.tar", files), size=(14, 14))
    assert source.labels == ("class 0", "class 2", "class 4")  # known even before the first pass
    batches = list(source.batches(2))
    assert [len(batch) for batch in batches] == [2, 1]
    assert len(source) == 3
    assert sorted(source.skipped) == ["set/1.png", "set/3.png"]
    assert all(source.skipped.values())
    expected = np.array(Image.open(io.BytesIO(files["set/4.png"])))[:, 3:17] / 255
    np.testing.assert_allclose(batches[1][0].permute(1, 2, 0).numpy(), expected, atol=1e-6)


def test_nothing_to_see_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no pictures in"):
        open_images(tmp_path / "empty", size=(8, 8))
    all_bad = as_folder(tmp_path / "bad", {"a.png": b"", "b.jpg": b"xx"})
    with pytest.raises(Unreadable, match=r"none of the 2 pictures .* 'a.png'"):
        everything(open_images(all_bad, size=(8, 8)))


@pytest.mark.parametrize("kind", ["tar", "zip", "tgz", "npz"])
def test_archives_that_are_missing_empty_or_cut_short(tmp_path, files, kind):
    path = tmp_path / f"a.{kind}"
    with pytest.raises(Unreadable):
        open_images(path, size=(8, 8))
    path.write_bytes(b"")
    with pytest.raises(Unreadable):
        open_images(path, size=(8, 8))
    if kind == "npz":
        np.savez(path, images=np.zeros((9, 8, 8, 3), np.uint8))
    else:
        {"tar": as_tar, "zip": as_zip, "tgz": lambda p, f: as_tar(p, f, "w:gz")}[kind](path, files)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(Unreadable):
        everything(open_images(path, size=(8, 8)))


def test_bombs_are_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "LARGEST_PICTURE", 1000)
    content = {"a.png": picture(0, 100, 100), "b.png": picture(1)}
    source = open_images(as_folder(tmp_path, content), size=(8, 8))
    assert len(everything(source)) == 1
    assert "100 x 100 pixels" in source.skipped["a.png"]


def test_a_tar_member_outside_is_read_in_memory_only(tmp_path):
    path = as_tar(tmp_path / "a.tar", {"../../escape.png": picture(0)})
    assert len(everything(open_images(path, size=(8, 8)))) == 1
    assert not list(tmp_path.rglob("escape.png"))


def test_grey_transparent_and_turned_pictures_become_rgb(tmp_path):
    for name, mode in (("a.png", "L"), ("b.png", "RGBA"), ("c.png", "P"), ("d.png", "I;16")):
        Image.new(mode, (9, 9)).save(tmp_path / name)
    assert everything(open_images(tmp_path, size=(4, 4))).shape == (4, 3, 4, 4)


def test_npz_arrays_with_labels(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(6) % 2, classes=np.array(["even", "odd"]))
    source = open_images(tmp_path / "a.npz", size=(8, 8), count=4)
    np.testing.assert_allclose(everything(source)[:, 0].numpy() * 255, images[:4], atol=1e-4)
    assert source.labels == ("even", "odd", "even", "odd")
    np.savez(tmp_path / "b.npz", pictures=images)
    with pytest.raises(BadInput, match="no array 'images'"):
        open_images(tmp_path / "b.npz", size=(8, 8))
    np.savez(tmp_path / "c.npz", images=images.astype(float))
    with pytest.raises(BadInput, match="expected uint8"):
        open_images(tmp_path / "c.npz", size=(8, 8))
    np.savez(tmp_path / "d.npz", images=np.array([{}], dtype=object))
    with pytest.raises(Unreadable):
        open_images(tmp_path / "d.npz", size=(8, 8))
    datasets_limit = datasets.LARGEST_ARRAYS
    assert datasets_limit > images.nbytes


def test_the_procedural_set_through_the_same_door():
    source = shapes_source(600, seed=4)
    drawn = shapes.generate(4, range(shapes.TEST_START, shapes.TEST_START + 600))
    assert torch.equal(everything(source, 7), drawn.images)
    assert source.targets.tolist() == drawn.labels.tolist()
    assert source.fingerprint != shapes_source(600, seed=5).fingerprint
    assert not source.skipped


def test_a_pass_may_begin_anywhere_and_decodes_nothing_twice(tmp_path, files, monkeypatch):
    files["set/1.png"] = b"not a picture"
    path = as_tar(tmp_path / "a.tar", files)
    whole = everything(open_images(path, size=(8, 8)))
    decoded = []
    real = datasets.decode
    monkeypatch.setattr(datasets, "decode", lambda content, size: decoded.append(1) or real(content, size))
    for start in range(6):
        source = open_images(path, size=(8, 8))
        rest = list(source.batches(2, start=start))
        assert torch.equal(torch.cat([*rest, whole[:0]]), whole[start:])
        assert source.met == 5
        assert list(source.skipped) == ["set/1.png"]
    again = open_images(path, size=(8, 8))
    again.recall(source.skipped, 4)
    decoded.clear()
    assert torch.equal(torch.cat(list(again.batches(2, start=3))), whole[3:])
    assert len(decoded) == 1
    assert again.labels == source.labels
    assert again.targets_of(1, 2).tolist() == [20, 30]


@pytest.mark.parametrize("kind", ["tar", "shapes", "npz"])
def test_single_images_are_had_without_the_others(tmp_path, files, kind):
    if kind == "npz":
        np.savez(tmp_path / "a.npz", images=np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8))
    what = {"tar": as_tar(tmp_path / "a.tar", files), "shapes": "shapes", "npz": tmp_path / "a.npz"}[kind]
    whole = everything(open_images(what, size=(8, 8), count=5))
    few = open_images(what, size=(8, 8), count=5)
    assert torch.equal(torch.stack(list(few.at([3, 0]))), whole[[3, 0]])
    assert few.met == 4
