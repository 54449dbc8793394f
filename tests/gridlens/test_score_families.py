"""``gridlens score-families``: three scores; what cannot be had is left out in a sentence, what is wrong refused."""

import pytest

from core.artifacts import read_json
from core.errors import Unreadable

PLANTED = (
    "score-families",
    "--part",
    "planted",
    "--kind",
    "reflection",
    "--depth",
    "1",
    "--noise",
    "0.1",
    "--seeds",
    "1",
)


def test_planted_truth_is_printed_and_kept(gridlens, tmp_path, monkeypatch):
    from gridlens.family_scores import planted

    searched = planted.row
    monkeypatch.setattr(planted, "row", lambda case, views: searched(case, views=32))
    monkeypatch.setattr(planted, "NOTHING", ("shuffled",))
    code, said = gridlens(*PLANTED, "--out", "scores")
    assert code == 0
    assert "Planted truth: " in said.out
    assert "scores.md" in said.out
    assert "| reflection | 1 | 0.1 |" in (tmp_path / "scores" / "scores.md").read_text()
    assert (tmp_path / "scores" / "planted-rows.csv").exists()


def test_without_network_and_data_the_other_parts_say_so(gridlens, tmp_path, monkeypatch):
    from vision import models

    def offline(*_, **__):
        raise Unreadable("lucent's weights could not be downloaded: no network")

    monkeypatch.setattr(models, "load", offline)
    monkeypatch.delenv("GRIDLENS_TEST_DATA", raising=False)
    code, said = gridlens("score-families", "--part", "published", "--part", "agreement", "--out", "scores")
    assert code == 0
    assert "Published truth is left out" in said.out
    assert "no data folder was given" in said.out
    assert list(read_json(tmp_path / "scores" / "scores.json")) == ["published", "agreement"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (("--part", "planed"), "'planted'"),
        (("--kind", "rotations"), "'rotation'"),
        (("--depth", "3"), "1 or 2 layers"),
        (("--noise", "20"), "between 0 and 1"),
        (("--model", "squeezenet"), "'squeezenet1_1'"),
        (("--data", "nowhere"), "no data folder"),
        (("--images", "nowhere"), "no pictures"),
    ],
)
def test_what_does_not_exist_is_one_sentence(gridlens, tmp_path, wrong, right):
    code, said = gridlens("score-families", *wrong)
    assert code == 2
    assert right in said.err
    assert not any(tmp_path.iterdir())
