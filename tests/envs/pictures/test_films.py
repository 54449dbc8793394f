"""Films, read back by Pillow and by PyAV."""

import sys

import numpy as np
import pytest
from PIL import Image

from core.errors import BadInput, UnknownName
from envs import engine, registry
from envs.pictures import rendering
from envs.pictures.films import NARROWEST, film
from envs.pictures.moments import chooser, moments

MAZE = registry.world("cheese", size=7, rand_region=63)


def frames(path):
    with Image.open(path) as film:
        found, durations = [], []
        for k in range(film.n_frames):
            film.seek(k)
            found.append(np.asarray(film.convert("RGB")))
            durations.append(film.info["duration"])
    return found, durations


def alike(shown, drawn):
    """The same up to a palette of 256: the faces exactly, some soft edges nearly."""
    apart = np.abs(shown.astype(int) - drawn)
    return (apart == 0).mean() > 0.98 and apart.max() < 24


def test_a_gif_shows_every_step_and_the_end_of_the_level(tmp_path):
    path = film(MAZE, tmp_path / "a.gif", level=3, cell=40)
    played = list(moments(MAZE, chooser(MAZE, "intended", seed=0), level=3))
    shown, durations = frames(path)
    assert len(shown) == len(played)
    assert durations[0] > durations[1] < durations[-1]
    for picture, one in zip(shown, played, strict=True):
        assert picture.shape[1] == 280
        assert alike(picture[:280, :280], rendering.frame(MAZE, one.state, cell=40))
    assert (
        played[-1].state.planes[0, 2].sum() == 0
    )  # the cheese is eaten: the end, not the next level's start


def test_a_narrow_world_stands_in_the_middle_of_its_caption(tmp_path):
    shown, _ = frames(film(MAZE, tmp_path / "a.gif", level=3, cell=16))
    left = (NARROWEST - 7 * 16) // 2
    grid = rendering.frame(MAZE, engine.reset(MAZE, [3]), cell=16)
    assert alike(shown[0][:112, left : left + 112], grid)


def test_a_gif_is_small_and_always_the_same(tmp_path):
    maze = registry.world("cheese", size=9, rand_region=63)
    one, other = (
        film(maze, tmp_path / name, policy="random", level=2, seed=4) for name in ("a.gif", "b.gif")
    )
    assert len(frames(one)[0]) == 101
    assert one.read_bytes() == other.read_bytes()
    assert one.stat().st_size < 300_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "b.gif"]


def test_an_mp4_is_what_browsers_play(tmp_path):
    av = pytest.importorskip("av")
    path = film(MAZE, tmp_path / "a.mp4", level=3, cell=25, fps=10)
    steps = len(list(moments(MAZE, chooser(MAZE, "intended", seed=0), level=3)))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        shown = [one.to_ndarray(format="rgb24") for one in container.decode(stream)]
    assert len(shown) == steps + 7 + 15  # start and end are held 0.8 and 1.6 s
    height, width, _ = shown[0].shape
    assert height % 2 == width % 2 == 0
    left = (width - 175) // 2
    grid = rendering.frame(MAZE, engine.reset(MAZE, [3]), cell=25)
    assert np.abs(shown[0][:175, left : left + 175].astype(int) - grid).mean() < 4


def test_any_function_of_a_state_may_play(tmp_path):
    shown, _ = frames(film(MAZE, tmp_path / "a.gif", policy=lambda state: np.array([1]), level=3, steps=6))
    assert len(shown) == 7


def test_a_film_of_more_colours_than_a_gif_has_is_near(tmp_path):
    shown, _ = frames(film(MAZE, tmp_path / "a.gif", level=3, steps=1, cell=200))
    grid = rendering.frame(MAZE, engine.reset(MAZE, [3]), cell=200)
    assert alike(shown[0][:1400, :1400], grid)


@pytest.mark.parametrize("name", ["a.webm", "a"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(BadInput, match=r"\.gif or \.mp4"):
        film(MAZE, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_an_mp4_without_its_encoder_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(BadInput, match=r"gridlens\[film\]"):
        film(MAZE, tmp_path / "a.mp4")


def test_an_unknown_policy_is_refused(tmp_path):
    with pytest.raises(UnknownName, match="intended"):
        film(MAZE, tmp_path / "a.gif", policy="intnded")
