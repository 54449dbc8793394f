"""Files appear whole or not at all; broken ones are named."""

import errno

import numpy as np
import pytest

from core import artifacts
from core.errors import DiskFull, Unreadable


def test_a_broken_off_write_leaves_the_old_file_and_no_rest(tmp_path):
    artifacts.write_text(tmp_path / "a", "old")
    with pytest.raises(KeyboardInterrupt), artifacts.atomic(tmp_path / "a") as temporary:
        temporary.write_text("new")
        raise KeyboardInterrupt
    assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path):
    artifacts.write_text(tmp_path / "a", "old")
    with pytest.raises(DiskFull, match="no space left"), artifacts.atomic(tmp_path / "a"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert (tmp_path / "a").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("size", [0, 4, 100])
def test_weights_cut_short_are_refused(tmp_path, size):
    path = tmp_path / "w.safetensors"
    artifacts.write_tensors(path, {"a": np.ones(1000, np.float32)})
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(Unreadable, match=r"w\.safetensors"):
        artifacts.read_tensors(path)
    with pytest.raises(Unreadable, match=r"w\.safetensors"):
        artifacts.read_metadata(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(Unreadable, match=r"none\.safetensors"):
        artifacts.read_tensors(tmp_path / "none.safetensors")
    with pytest.raises(Unreadable, match=r"none\.json"):
        artifacts.read_json(tmp_path / "none.json")


def test_tensors_tables_and_pictures_come_back(tmp_path):
    arrays = {"x": np.arange(6.0).reshape(2, 3), "y": np.array([True, False])}
    artifacts.write_tensors(tmp_path / "t.safetensors", arrays)
    back = artifacts.read_tensors(tmp_path / "t.safetensors")
    assert all(np.array_equal(back[name].numpy(), value) for name, value in arrays.items())
    rows = [{"a": "1", "b": "<x>"}, {"a": "2", "b": ""}]
    artifacts.write_csv(tmp_path / "r.csv", rows)
    assert artifacts.read_csv(tmp_path / "r.csv") == rows
    artifacts.write_image(tmp_path / "p.png", np.full((1, 3, 4), 0.5, np.float32))
    assert (tmp_path / "p.png").read_bytes()[:4] == b"\x89PNG"
