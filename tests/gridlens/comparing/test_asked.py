"""What is compared: every kind is recognised, every impossible mix is one sentence."""

import pytest

from core.errors import BadInput, UnknownName
from core.runs import running
from gridlens.comparing.asked import member_of, members, refuse_unfitting
from rl.organism import names

AGENT = names()[0] if names() else None


def run_of(folder, kind):
    with running(folder, kind=kind, parameters={}) as run:
        (run.folder / "held.txt").write_text("1")
    return str(folder)


def test_kinds(tmp_path):
    assert member_of("shapes").kind == "classifier"
    assert member_of("shapes@untrained").name == "shapes (untrained)"
    assert member_of("shapes@some/where/shapes.safetensors").name == "shapes"
    trained = member_of(run_of(tmp_path / "mine", "train-classifier"))
    assert (trained.kind, trained.source, trained.name) == ("classifier", "shapes", "mine")
    assert trained.weights.endswith("shapes_cnn.safetensors")
    assert member_of(run_of(tmp_path / "swept", "sweep")).kind == "population"
    assert member_of("other=shapes").name == "other"
    assert member_of("agent.zip").kind == "agent"


@pytest.mark.skipif(AGENT is None, reason="no organisms ship yet")
def test_agents():
    assert member_of(AGENT).kind == "agent"
    found = member_of(f"{AGENT}@1000")
    assert (found.kind, found.steps, found.source) == ("snapshot", 1000, AGENT)
    with pytest.raises(BadInput, match=r"is a classifier and .* an agent"):
        members(["shapes", AGENT])
    with pytest.raises(BadInput, match="snapshot is named by its steps"):
        member_of(f"{AGENT}@late")


@pytest.mark.skipif(len(names()) < 2, reason="fewer than two organisms ship")
def test_snapshots_of_two_agents():
    one, other = names()[:2]
    with pytest.raises(BadInput, match="snapshots are compared of one agent"):
        members([f"{one}@100", f"{other}@100"])


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["shapes"], "at least two"),
        ([], "none was given"),
        (["shapes", "shapes"], "as in other=shapes"),
        (["shapes", "agent.zip"], "cannot be compared"),
        (["shapes", "shapes@2000"], "no snapshots"),
    ],
)
def test_impossible_mixes_are_one_sentence(texts, says):
    with pytest.raises(BadInput, match=says) as caught:
        members(texts)
    assert "\n" not in str(caught.value)


def test_a_folder_called_like_a_classifier_is_no_agent(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_of(tmp_path / "shapes", "comparison")
    assert member_of("shapes").kind == "classifier"


def test_what_there_is_not_is_named():
    with pytest.raises(UnknownName, match="nearest valid one is 'shapes'"):
        members(["shpes", "shapes"])


def test_options_of_others_are_refused():
    refuse_unfitting("agent", ["levels", "seed", "out"])
    with pytest.raises(BadInput, match="--images is for classifiers"):
        refuse_unfitting("agent", ["images"])
    with pytest.raises(BadInput, match="--mazes is for agents"):
        refuse_unfitting("classifier", ["mazes"])
