"""A family search finds what was planted, keeps it, and ends with the same bytes however it is broken off."""

import contextlib

import numpy as np
import pytest

from core.artifacts import read_csv
from core.errors import BadInput, RunConflict, UnknownName
from core.progress import silent
from core.runs import is_finished
from core.symmetry import likeness as likenesses_of
from core.testing import planted_classifier, planted_families, planted_views
from vision.families import Search, search
from vision.families import passes as family_passes
from vision.families.records import (
    counts,
    families_document,
    families_of,
    group_document,
    group_of,
    likeness_path,
    read_found,
    read_likeness,
)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.fixture(scope="module")
def planted():
    return planted_families("rotation", seed=0, steps=8, families=3, alone=6)


@pytest.fixture(scope="module")
def views(planted):
    return planted_views(planted, count=24, seed=0)


@pytest.fixture(scope="module")
def layers(planted):
    return ["conv1", planted.layer]


@pytest.fixture(scope="module")
def whole(planted, views, layers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    search(planted.subject, layers, views, out=folder)
    return folder


def test_what_was_planted_is_found_and_can_be_read_back(planted, whole):
    document = read_found(whole, planted.layer)
    found = families_of(document, group_of(group_document(planted.group)))
    labels = np.asarray(found.labels)
    assert document["counts"]["in families"] == int((labels >= 0).sum()) > 0
    assert sum(document["counts"].values()) - document["counts"]["families"] == len(labels)
    for family in found.families:
        truth = {int(planted.family[one.unit]) for one in family.members}
        assert len(truth) == 1
    again = families_document(found)
    assert all(
        kept.items() >= family.items()
        for kept, family in zip(document["families"], again.pop("families"), strict=True)
    )
    assert document.items() >= again.items()
    assert counts(found) == document["counts"]
    assert 0 <= document["halves"]["ari"] <= 1
    assert document["null"]["in families"] <= document["counts"]["in families"]


def test_tuning_curves_and_a_likeness_of_three_digits_are_kept(planted, whole):
    kept = read_likeness(likeness_path(whole, planted.layer), planted.group)
    assert kept.values.shape == (8, kept.units, kept.units)
    assert np.allclose(np.diagonal(kept.values[0])[kept.alive], 1, atol=2e-3)
    family = read_found(whole, planted.layer)["families"][0]
    members = {str(unit) for unit, _ in family["members"]}
    assert set(family["tuning"]["curves"]) == members
    rows = read_csv(whole / "layers" / f"{planted.layer}-tuning.csv")
    assert members <= {row["unit"] for row in rows}
    assert not (whole / "shuffled").exists()


def test_broken_off_at_every_moment_in_turn_it_ends_with_the_same_bytes(
    planted, views, layers, whole, tmp_path
):
    moments = {
        "pass": lambda done, label: label == "answers to transformed inputs",
        "control": lambda done, label: "shuffled weights 2" in label,
        "tuning": lambda done, label: label.startswith("tuning"),
        "between": lambda done, label: label == "layers finished" and done == 1,
    }
    for moment, hit in moments.items():

        def breaking(done, total, label, hit=hit):
            if hit(done, label):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            search(planted.subject, layers, views, out=tmp_path, progress=breaking)
            pytest.fail(f"nothing was broken off: {moment}")
        assert not is_finished(tmp_path)
    search(planted.subject, layers, views, out=tmp_path)
    assert contents(tmp_path) == contents(whole)


def test_all_layers_are_collected_in_one_pass_and_not_again(
    planted, views, layers, whole, tmp_path, monkeypatch
):
    calls = []

    def counted(subject, names, *arguments, **options):
        calls.append(list(names))
        return likenesses_of.likenesses(subject, names, *arguments, **options)

    monkeypatch.setattr(family_passes, "likenesses", counted)
    how = Search(shuffles=0, tuning=False)
    search(planted.subject, layers, views, how, out=tmp_path)
    search(planted.subject, layers, views, how, out=tmp_path)
    assert calls == [layers]
    monkeypatch.setattr(family_passes, "ROOM", 1)
    assert list(family_passes.together(planted.subject, layers, 8, room=1)) == [[name] for name in layers]


def test_another_search_in_the_same_folder_is_refused(planted, views, layers, whole):
    with pytest.raises(RunConflict, match="positions is 16, this one's is 8"):
        search(planted.subject, layers, views, Search(positions=8), out=whole)


def test_what_cannot_be_searched_is_told_before_anything_is_written(planted, views, layers, tmp_path):
    out = tmp_path / "none"
    with pytest.raises(UnknownName, match=planted.layer):
        search(planted.subject, [planted.layer + "x"], views, out=out)
    with pytest.raises(BadInput, match="at least 16 inputs; given 3"):
        search(planted.subject, layers, planted_views(planted, count=3, seed=0), out=out)
    with pytest.raises(BadInput, match="name the layers"):
        search(planted.subject, [], views, out=out)
    assert not out.exists()


def test_the_subject_is_left_as_it_was(planted, views, layers, whole, tmp_path):
    before = {name: value.clone() for name, value in planted.subject.module.state_dict().items()}

    def breaking(done, total, label):
        raise KeyboardInterrupt

    for progress in (silent, breaking):
        with contextlib.suppress(KeyboardInterrupt):
            search(planted.subject, layers[:1], views, Search(tuning=False), out=tmp_path, progress=progress)
    after = planted.subject.module.state_dict()
    assert all(bool((before[name] == after[name]).all()) for name in before)
    assert not any(module._forward_hooks for module in planted.subject.module.modules())
    assert planted_classifier(seed=0).fingerprint == planted_classifier(seed=0).fingerprint
