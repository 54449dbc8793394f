"""`gridlens probe`: an agent's page with all its parts; what cannot be probed is one sentence, and nothing is left."""

import json

import pytest

FEW = ("--samples", 150, "--moments", 2)


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "mine.py"
    path.write_text(
        'def left(world, state):\n    """whether it is in the left half"""\n    return state.agent[:, 1] < 4\n'
    )
    return path


def test_an_agent_is_probed_through_its_training(gridlens, tmp_path, mine):
    asked = ("probe", "cheese-corner", *FEW, "--concept", "turn to proxy", "--concept", f"{mine}:left")
    code, said = gridlens(*asked, "--out", "page")
    assert code == 0, said.err
    page = (tmp_path / "page" / "index.html").read_text()
    for section in (
        "What it knows",
        "What it uses",
        "When it came to know it",
        "What it misreads",
        "step by step",
    ):
        assert section in page
    for figure in page.split("<figure")[1:]:
        assert 'role="img"' in figure or "alt=" in figure
    assert "http://" not in page
    assert "https://" not in page
    assert len(page) < 5_000_000
    kept = sorted(path.name for path in (tmp_path / "page" / "learning").glob("probes-*.json"))
    assert kept == ["probes-0000000000.json", "probes-0000606208.json"]
    assert json.loads((tmp_path / "page" / "index.card.json").read_text())
    before = (tmp_path / "page" / "learning" / kept[0]).stat().st_mtime_ns
    code, again = gridlens(*asked, "--out", "page")
    assert (code, again.out) == (0, said.out)
    assert (tmp_path / "page" / "learning" / kept[0]).stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cheese-corner", "--concept", "turn to gaol"], "'turn to goal'"),
        (["cheese-corner", "--concept", "nowhere.py:mine"], "nowhere.py"),
        (["monster-25", "--concept", "apple count", "--samples", "100"], "apple count"),
        (["cheese-corner", "--samples", "59"], "60"),
        (["cheese-corner@7"], "cheese-corner"),
    ],
)
def test_what_cannot_be_probed_is_said(gridlens, tmp_path, arguments, says):
    code, said = gridlens("probe", *arguments)
    assert code == 2
    assert says in said.err
    assert not list(tmp_path.rglob("probes-*"))


def test_a_finished_agent_without_snapshots_is_probed_alone(gridlens, tmp_path):
    code, said = gridlens(
        "probe", "yellow-line-0", "--samples", 150, "--concept", "turn to goal", "--out", "page"
    )
    assert code == 0, said.err
    assert "When it came to know it" not in (tmp_path / "page" / "index.html").read_text()
