"""Maps from files and other libraries: read as they are, refused in one sentence, never unpickled."""

import numpy as np
import pytest
import torch

from core.errors import BadInput, NotFinite, Unreadable
from core.faithfulness import case_of, deletion, read_maps
from core.faithfulness.maps import as_map, fitted, ranks
from core.targets import Output
from core.testing import spotlight


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64, np.uint8, bool])
def test_npz_and_npy_come_back_by_name(tmp_path, dtype):
    first, second = np.arange(2 * 3 * 4).reshape(2, 3, 4).astype(dtype), np.ones((2, 5, 3, 4), dtype)
    np.savez(tmp_path / "many.npz", first=first, second=second)
    np.save(tmp_path / "one.npy", first)
    found = read_maps(tmp_path / "many.npz")
    assert torch.equal(found["first"], torch.from_numpy(first.astype(np.float32)))
    assert found["second"].tolist() == np.full((2, 3, 4), 5.0).tolist()
    assert list(read_maps(str(tmp_path / "one.npy"))) == ["one"]


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def test_nothing_pickled_is_opened(tmp_path):
    np.save(tmp_path / "bomb.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "bomb.npz", maps=np.array([Bomb()], dtype=object))
    (tmp_path / "raw.npy").write_bytes(__import__("pickle").dumps([1.0]))
    for name in ("bomb.npy", "bomb.npz", "raw.npy"):
        with pytest.raises(Unreadable, match="nothing pickled is opened"):
            read_maps(tmp_path / name)


def test_files_that_are_none_are_refused_in_one_sentence(tmp_path):
    np.savez(tmp_path / "whole.npz", maps=np.ones((2, 8, 8)))
    content = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(content[: len(content) // 2])
    (tmp_path / "empty.npy").write_bytes(b"")
    np.savez(tmp_path / "nothing.npz")
    for name in ("cut.npz", "empty.npy", "nothing.npz", "missing.npz", "."):
        with pytest.raises(Unreadable) as told:
            read_maps(tmp_path / name)
        assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("array", "error", "words"),
    [
        (np.ones((4, 4)), BadInput, r"shape \(4, 4\); expected \(n, rows, columns\)"),
        (np.ones((0, 4, 4)), BadInput, "shape"),
        (np.full((1, 4, 4), np.nan), NotFinite, "NaN or infinity"),
        (np.full((1, 4, 4), np.inf), NotFinite, "NaN or infinity"),
        (np.array([[["a"]]]), BadInput, "expected numbers"),
        (np.ones((1, 4, 4), complex), BadInput, "expected numbers"),
        (torch.full((1, 2, 4, 4), float("nan")), NotFinite, "NaN or infinity"),
    ],
)
def test_arrays_that_are_no_maps_are_refused(array, error, words):
    with pytest.raises(error, match=words):
        as_map(array, "maps 'mine'")


def test_maps_must_be_one_for_each_input():
    subject, inputs = spotlight(), torch.rand(3, 3, 10, 10)
    for shape in [(2, 10, 10), (3, 1, 10, 10)]:
        with pytest.raises(BadInput, match=r"do not fit 3 inputs; expected \(3, rows, columns\)"):
            getattr(fitted, "__wrapped__", fitted)(torch.rand(*shape), inputs)
    with pytest.raises(NotFinite, match="first for input 2"):
        deletion(
            subject, inputs, Output("value"), torch.rand(3, 5, 5).index_fill(0, torch.tensor(2), torch.nan)
        )
    with pytest.raises(BadInput, match="do not fit spotlight"):
        case_of(subject, torch.rand(3, 4, 10, 10), Output("value"), torch.rand(3, 5, 5))
    with pytest.raises(BadInput, match="2 targets for 3 inputs"):
        case_of(subject, inputs, [Output("value")] * 2, torch.rand(3, 5, 5))


@pytest.mark.parametrize("size", [(5, 5), (1, 1), (20, 20), (3, 7)])
def test_any_resolution_is_brought_to_the_inputs(size):
    maps = fitted(torch.full((2, *size), 3.0), torch.rand(2, 3, 10, 10))
    assert torch.allclose(maps, torch.full((2, 10, 10), 3.0), atol=1e-5)


def test_coarse_maps_stay_where_they_were():
    coarse = torch.zeros(1, 4, 4)
    coarse[0, 1, 2] = 1.0
    at = fitted(coarse, torch.rand(1, 3, 16, 16))[0]
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    assert abs(float((at * rows).sum() / at.sum()) - 5.5) < 0.01
    assert abs(float((at * columns).sum() / at.sum()) - 9.5) < 0.01


def test_ranks_follow_the_map_and_break_ties_by_chance():
    maps = torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(0))
    expected = maps.flatten(1).argsort(1, descending=True).argsort(1).view(3, 4, 5)
    assert torch.equal(ranks(maps, seed=0).long(), expected)
    flat = torch.zeros(200, 6, 6)
    places = ranks(flat, seed=1).double()
    assert torch.equal(places.flatten(1).sort(1).values, torch.arange(36.0).expand(200, 36).double())
    assert (places.mean(0) - 17.5).abs().max() < 4  # no corner comes first: 5 standard errors
    assert torch.equal(ranks(flat[:2], of=torch.tensor([7, 7]), seed=1)[0], ranks(flat, seed=1)[7])
