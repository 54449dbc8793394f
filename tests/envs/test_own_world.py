"""The docs' world of one's own: it keeps the contract, and goes wherever a world's name does."""

from pathlib import Path

import pytest

from core.errors import Unreadable
from envs.checks import CHECKS, check_world
from envs.pictures.rendering import frame
from envs.play.policies import play
from envs.registry import world
from envs.vector import make_vec

TREASURE = Path(__file__).resolve().parents[2] / "docs/worlds/treasure.py"


def test_it_is_short_and_keeps_the_contract():
    assert len([line for line in TREASURE.read_text().splitlines() if line.strip()]) <= 60
    for apart in (0, 50, 100):
        assert check_world(world(str(TREASURE), apart=apart)) == tuple(CHECKS)


def test_goal_and_proxy_part():
    together, apart = (world(str(TREASURE), apart=k) for k in (0, 100))
    assert play(together, "proxy", levels=50).performance == 1
    assert play(apart, "intended", levels=50).performance == 1
    assert play(apart, "proxy", levels=50).performance < 0.3


def test_it_is_described_drawn_and_trained_on_like_any_other():
    one = world(str(TREASURE), apart=30)
    assert world(**one.describe()) == one
    env = make_vec(one, 3, seed=0, view="grid")
    assert env.reset().shape == (3, 4, 9, 9)
    assert frame(one, env.state, cell=8).std() > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no file"),
        ("SPEC = 3", "has no SPEC"),
        ("def (", "does not run"),
        ("import nothing_", "does not run"),
    ],
)
def test_files_that_are_no_worlds(tmp_path, text, message):
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(Unreadable, match=message):
        world(str(path))
