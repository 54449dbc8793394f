"""A study of a planted agent finds what was planted, is stored whole, and is read back instead of made again."""

import numpy as np
import pytest
import torch

from core.artifacts import read_json, write_json
from core.errors import BadInput, RunConflict, Unreadable
from envs.registry import world
from rl import study_files
from rl.agents import as_subject
from rl.networks import build
from rl.study import StudyConfig, study

SMALL = StudyConfig(levels=60, samples=400, mazes=2, concepts=("goal rows below",))


@pytest.fixture(scope="module")
def fresh(maze):
    return as_subject(
        build("small-conv", shape=(2, 9, 9), actions=4, seed=0), maze, view="window", name="fresh"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("studies") / "fresh"


@pytest.fixture(scope="module")
def made(fresh, maze, folder):
    return study(fresh, maze, folder, config=SMALL)


def test_a_study_holds_everything(made, fresh):
    assert made.subject == "fresh"
    assert {one.where for one in made.evaluation.outcomes} == {"training", "shifted"}
    assert [one.layer for one in made.probes] == ["input", *fresh.layers]
    assert {(one.target, one.method) for one in made.explained} == {
        (target, method) for target in ("policy", "value") for method in ("integrated-gradients", "grad-cam")
    }
    exact = [one.attribution for one in made.explained if one.method == "integrated-gradients"]
    assert all(one.values.shape == (2, 2, 9, 9) for one in exact)
    assert max(one.completeness_gap.abs().max() for one in exact) < 0.01
    assert len(made.fields) == 2
    # The cheese's place relative to the agent stands in the window itself.
    assert made.probes[0].score.low > 0.5 > made.probes[0].control.high


def test_a_finished_study_is_read_back_the_same(made, fresh, maze, folder):
    calls = []
    again = study(fresh, maze, folder, config=SMALL, progress=lambda *told: calls.append(told))
    assert not calls
    assert again.evaluation == made.evaluation
    for one, other in zip(made.probes, again.probes, strict=True):
        assert (one.score, one.control, one.layer) == (other.score, other.control, other.layer)
        torch.testing.assert_close(one.direction.vector, other.direction.vector)
    for one, other in zip(made.explained, again.explained, strict=True):
        torch.testing.assert_close(one.attribution.values, other.attribution.values)
        assert one.labels == other.labels
    for one, other in zip(made.fields, again.fields, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.path, other.path)
        assert one.marks == other.marks
    assert again.provenance.subject == made.provenance.subject


def test_a_lost_part_is_made_again_and_the_rest_is_not(made, fresh, maze, folder):
    (folder / "fields.json").unlink()
    (folder / "manifest.json").write_text(
        (folder / "manifest.json").read_text().replace("finished", "running")
    )
    calls = []
    again = study(fresh, maze, folder, config=SMALL, progress=lambda *told: calls.append(told))
    assert not calls
    np.testing.assert_array_equal(again.fields[0].values, made.fields[0].values)


def test_another_study_in_the_folder_is_refused(made, fresh, maze, folder):
    with pytest.raises(RunConflict, match="holds a different run"):
        study(fresh, maze, folder, config=StudyConfig(levels=61))


def test_a_world_that_does_not_fit_writes_nothing(fresh, tmp_path):
    with pytest.raises(BadInput, match=r"\(2, 9, 9\)"):
        study(fresh, world("cheese", size=9), tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_only_results_are_made_from_a_file(tmp_path):
    study_files.write(tmp_path / "one", (np.zeros(2),))
    write_json(tmp_path / "one.json", {"type": "subprocess.Popen", "fields": {"args": "true"}})
    with pytest.raises(Unreadable, match=r"names 'subprocess.Popen', which is no result"):
        study_files.read(tmp_path / "one")
    assert read_json(tmp_path / "one.json")
