"""Dictionaries: codes and back, atoms as targets, files, quality on unseen rows, mistakes in one sentence."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import NMF, PCA

from core.artifacts import write_tensors
from core.decomposition import (
    METHODS,
    as_rows,
    decode,
    encode,
    fit,
    measured,
    read_dictionary,
    stability,
    write_dictionary,
)
from core.decomposition.sparse.room import needed, refuse_too_wide
from core.decomposition.stability import matched
from core.errors import BadInput, NotFinite, UnknownName, Unreadable
from core.layers import LayerInfo
from core.store import collect
from core.targets import score
from core.testing import planted_classifier
from core.testing.mixtures import non_negative_parts, orthogonal_components

QUICK = {"steps": 30, "batch_size": 64, "active": 2}


def rows(n=300, c=8, seed=0):
    return torch.rand(n, c, generator=torch.Generator().manual_seed(seed))


def fitted(method, values=None, k=4, **options):
    quick = QUICK if method.endswith("-sae") else {}
    return fit(rows() if values is None else values, layer="fc", method=method, k=k, **quick, **options)


@pytest.mark.parametrize("method", METHODS)
def test_atoms_have_length_one_and_codes_decode(method):
    found = fitted(method)
    torch.testing.assert_close(found.atoms.norm(dim=1), torch.ones(4))
    codes = encode(found, rows())
    assert codes.shape == (300, 4)
    if METHODS[method].code != "linear":
        assert (codes >= 0).all()
    torch.testing.assert_close(decode(found, codes), codes @ found.atoms + found.parts["bias"])
    left = (rows() - decode(found, codes)).square().sum() / (rows() - rows().mean(0)).square().sum()
    assert measured(found, rows()).r2.estimate == pytest.approx(1 - float(left), abs=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_bytes_and_files_keep_everything(method, tmp_path):
    first, second = fitted(method, seed=3), fitted(method, seed=3)
    assert first.fingerprint == second.fingerprint
    for name, found in (("a", first), ("b", second)):
        write_dictionary(tmp_path / name, found)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    back = read_dictionary(tmp_path / "a")
    assert back.fingerprint == first.fingerprint
    assert (back.quality.r2, back.quality.l0, back.quality.dead) == (
        first.quality.r2,
        first.quality.l0,
        first.quality.dead,
    )
    assert back.provenance.parameters["k"] == 4
    assert torch.equal(encode(back, rows()), encode(first, rows()))


@pytest.mark.parametrize("method", METHODS)
def test_no_global_random_number_is_drawn(method):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 - it is the global state that is watched
    fitted(method)
    expected = torch.Generator().manual_seed(5)
    assert torch.equal(torch.rand(3), torch.rand(3, generator=expected))
    assert np.random.rand() == np.random.RandomState(5).rand()  # noqa: NPY002


def test_codes_take_any_leading_axes():
    found = fitted("nmf")
    grid = rows(24).view(2, 3, 4, 8)
    torch.testing.assert_close(encode(found, grid).view(24, 4), encode(found, rows(24)), atol=1e-4, rtol=1e-3)


def test_pca_is_scikit_learns():
    made = orthogonal_components(seed=1).rows
    found = fit(made, layer="fc", method="pca", k=5, held_out=made)
    peer = PCA(5).fit(made.numpy())
    assert np.abs(found.atoms.numpy() @ peer.components_.T).diagonal() == pytest.approx(np.ones(5), abs=1e-5)
    assert found.parts["variances"].numpy() == pytest.approx(peer.explained_variance_, rel=1e-3)
    assert found.quality.r2.estimate == pytest.approx(peer.explained_variance_ratio_.sum(), abs=1e-5)


def test_nmf_codes_are_scikit_learns_least_squares():
    made = non_negative_parts(seed=1).rows
    found = fit(made, layer="fc", method="nmf", k=6)
    peer = NMF(6, init="nndsvda", max_iter=2000, tol=1e-8)
    peer.fit(made.numpy())
    peer.components_ = found.atoms.numpy()
    expected = peer.transform(made.numpy())
    assert encode(found, made).numpy() == pytest.approx(expected, abs=2e-3)


def test_gradients_of_non_negative_codes_are_true():
    found = fitted("nmf")
    point = rows(5).double().requires_grad_()
    atoms, parts = found.atoms.double(), {"bias": torch.zeros(8, dtype=torch.float64)}
    from core.decomposition.encoders import non_negative

    weights = torch.randn(5, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (gradient,) = torch.autograd.grad((non_negative(point, atoms, parts) * weights).sum(), point)
    step = 1e-3 * torch.randn(5, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    with torch.no_grad():
        ahead, behind = (non_negative(point + sign * step, atoms, parts) for sign in (1, -1))
    moved = ((ahead - behind) / 2 * weights).sum()
    assert float((gradient * step).sum()) == pytest.approx(float(moved), rel=0.05, abs=1e-5)


def test_an_atom_is_a_direction_that_can_be_scored():
    subject, images = planted_classifier(seed=0), torch.rand(30, 3, 12, 12)
    from core.activations import capture

    maps = capture(subject, images, ["relu"])["relu"]
    found = fit(as_rows(maps, subject.layers["relu"]), layer="relu", method="pca", k=2, group=144)
    expected = torch.einsum("nchw,c->nhw", maps, found.atoms[1]).mean((1, 2))
    torch.testing.assert_close(score(subject, images, found.direction(1)), expected)
    assert str(found.direction(1)) == "relu~pca:1"
    with pytest.raises(BadInput, match=r"atoms 0 to 1; 2 is not among them \(nearest: 1\)"):
        found.direction(2)


@pytest.mark.parametrize(
    ("axes", "shape", "second"),
    [
        ("chw", (2, 3, 5, 4), (0, slice(None), 0, 1)),
        ("hwc", (2, 5, 4, 3), (0, 0, 1)),
        ("tc", (2, 17, 3), (0, 2)),
        ("c", (2, 3), (1,)),
    ],
)
def test_rows_are_positions_with_channels_last(axes, shape, second):
    info = LayerInfo("x", "X", shape[1:], axes=axes, extra=1 if axes == "tc" else 0)
    values = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    made = as_rows(values, info)
    assert made.shape[1] == 3
    assert torch.equal(made[1], values[second])


def test_quality_is_of_rows_that_fitting_did_not_see_and_groups_stay_together():
    values = rows(600, 4)
    found = fit(values, layer="fc", method="pca", k=2, group=20)
    assert found.quality.held_out
    assert (found.quality.rows, found.quality.r2.n) == (60, 3)
    assert found.quality.r2.low <= found.quality.r2.estimate <= found.quality.r2.high
    noise = torch.randn(60, 40, generator=torch.Generator().manual_seed(0))
    unseen = fit(noise, layer="fc", method="pca", k=35, held_out=torch.randn(500, 40)).quality.r2.estimate
    seen = fit(noise, layer="fc", method="pca", k=35, held_out=noise).quality.r2.estimate
    assert seen > unseen + 0.02


def test_matching_is_one_to_one_and_up_to_sign_where_codes_are_signed():
    atoms = torch.eye(4)[:3]
    assert matched(atoms, -atoms[[1, 2, 0]], signed=True).same.estimate == 1
    assert matched(atoms, -atoms).mean.estimate == 0
    twice = torch.stack([atoms[0], atoms[0], atoms[1]])
    assert sorted(matched(atoms, twice).cosine.tolist()) == [0, 1, 1]
    wide = matched(torch.eye(4), atoms)
    assert len(wide.cosine) == 3
    assert wide.partner.tolist() == [0, 1, 2]


class Stream:
    """A source with no row numbers, as somebody's generator of activations is."""

    def __init__(self, values):
        self.values, self.channels = values, values.shape[1]

    def __len__(self):
        return len(self.values)

    def batches(self, batch_size, seed):
        order = torch.randperm(len(self.values), generator=torch.Generator().manual_seed(seed))
        yield from self.values[order].split(batch_size)


@pytest.mark.parametrize("method", METHODS)
def test_a_source_is_streamed_where_it_is_larger_than_memory(method, monkeypatch):
    monkeypatch.setattr("core.decomposition.source.IN_MEMORY", 1 << 12)
    found = fitted(method, Stream(rows(6000)))
    assert not found.quality.held_out
    assert found.quality.rows == 6000
    whole = fitted(method, rows(6000))
    if not method.endswith("-sae"):
        assert found.quality.r2.estimate > whole.quality.r2.estimate - 0.15


@pytest.mark.parametrize("method", METHODS)
def test_a_store_on_disk_is_taken_apart_and_whole_images_are_kept_aside(method, tmp_path):
    images = torch.rand(40, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    store = collect(planted_classifier(seed=0), images, ["relu"], tmp_path / "store", positions=9)["relu"]
    found = fitted(method, store, k=3)
    assert found.quality.held_out
    assert (found.quality.rows, found.quality.r2.n) == (36, 4)
    assert found.provenance.parameters["rows"] == 36 * 9


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: fitted("pcaa"), UnknownName, "nearest valid one is 'pca'"),
        (lambda: fitted("pca", k=9), BadInput, "at most 8 atoms; 9 were asked for"),
        (lambda: fitted("ica", k=9), BadInput, "at most 8 atoms; 9 were asked for"),
        (lambda: fitted("k-means", rows(5), k=6), BadInput, "5 rows of activations are too few for 6 atoms"),
        (lambda: fitted("topk-sae", rows(5), k=6), BadInput, "5 rows of activations are too few for 6 atoms"),
        (
            lambda: fitted("nmf", rows() - 0.5),
            BadInput,
            "NMF takes activations of 0 and above and the lowest",
        ),
        (lambda: fitted("pca", k=0), BadInput, "at least one atom"),
        (lambda: fitted("pca", rows().view(30, 10, 8)), BadInput, "as_rows makes them"),
        (lambda: fitted("pca", held_out=rows(9, 7)), BadInput, "7 channels and the ones to fit 8"),
        (lambda: fitted("pca", steps=3), UnknownName, "unknown option of pca 'steps'"),
        (
            lambda: fit(rows(), layer="fc", method="topk-sae", k=4, active=5),
            BadInput,
            "5 active atoms were asked",
        ),
        (
            lambda: fit(rows(), layer="fc", method="topk-sae", k=4, step=5),
            UnknownName,
            "nearest valid one is 'steps'",
        ),
        (lambda: fit(rows(), layer="fc", method="topk-sae", k=4, rate=0.0), BadInput, "'rate'"),
        (lambda: encode(fitted("pca"), rows(3, 7)), BadInput, "of 7 channels do not fit"),
        (lambda: measured(fitted("pca"), rows(3, 7)), BadInput, "of 7 channels do not fit"),
        (lambda: stability(fitted("pca"), fitted("pca", rows(300, 5))), BadInput, "8 and 5 channels"),
    ],
)
def test_mistakes_are_one_sentence(make, error, says):
    with pytest.raises(error, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_is_named(method, bad):
    values = rows()
    values[:, 3] = bad
    with pytest.raises(NotFinite, match="channel 3"):
        fitted(method, values)


def test_an_autoencoder_wider_than_memory_is_refused_before_anything_is_made(monkeypatch):
    monkeypatch.setattr("core.decomposition.sparse.room.room", lambda device: 100_000_000)
    refuse_too_wide(1000, 512, 512, "cpu")
    with pytest.raises(
        BadInput, match=r"1,000,000 atoms on 512 channels needs .* GB .* has 0.1 GB free; ask for at most"
    ) as said:
        refuse_too_wide(1_000_000, 512, 512, "cpu")
    most = int(str(said.value).split("at most ")[1].split(" ")[0].replace(",", ""))
    assert needed(most, 512, 512) <= 100_000_000 < needed(most + 1, 512, 512)
    with pytest.raises(BadInput, match="GB"):
        fit(rows(20_000, 4), layer="fc", method="topk-sae", k=20_000, batch_size=20_000)


def test_a_file_that_holds_no_dictionary_is_named(tmp_path):
    write_tensors(tmp_path / "other.safetensors", {"a": torch.zeros(2)})
    with pytest.raises(Unreadable, match="holds no dictionary"):
        read_dictionary(tmp_path / "other.safetensors")
    with pytest.raises(Unreadable):
        read_dictionary(tmp_path / "missing.safetensors")
