"""The page of reproductions says what the rules said, names what has not run, and keeps its pictures small."""

import io
import math

import pytest
from PIL import Image

from core.errors import BadInput, UnknownName
from core.provenance import provenance
from core.uncertainty import Interval
from gridlens.commands.reproduce import reproduce
from reports.reproductions import amount, drawing
from reports.reproductions_page import PICTURES, page, write_page
from rl.reproductions.claims import Claim, above, below
from rl.reproductions.plots import Line, Lines, Picture, Strip, Strips
from rl.reproductions.reproducing import Reproduced

STRIPS = Strips(
    "Misses",
    "of levels",
    [
        Strip(
            f"{k} %", tuple(0.9 - k / 20 + s / 100 for s in range(50)), Interval(0.9 - k / 20, 0.1, 0.95, 50)
        )
        for k in range(5)
    ],
    [(0.5, "even")],
    share=True,
)
LINES = Lines(
    "Wood", "steps", "a step", [Line(f"seed {k}", (0, 1e6, 2e6), (0.1, 0.3, math.nan)) for k in range(3)]
)


@pytest.fixture
def result():
    def claim(rule):
        return Claim(
            ("shah2022",), "they | follow", "performance", Interval(-15.0, -15.3, -14.7, 5), rule, "5", 1000
        )

    claims = (claim(below(0, "nothing")), claim(above(0, "nothing")))
    return Reproduced(
        "follow", claims, Picture("Dots are agents.", [STRIPS, LINES]), ("seed9: burnt",), provenance()
    )


def test_every_row_says_paper_number_verdict_and_command(result):
    text = page([result])
    rows = [line for line in text.splitlines() if "they \\| follow" in line]
    assert all("| `gridlens reproduce follow` |" in row for row in rows)
    assert all(
        word in rows[0]
        for word in ("Shah et al. 2022", "no number published", "-15.0 [-15.3, -14.7]", "5 x 1,000")
    )
    assert "**yes**" in rows[0]
    assert "**no**" in rows[1]
    assert "Same direction: 1 yes, 1 no." in text
    assert "1. yes if the interval lies below 0 (nothing)" in text
    assert "seed9: burnt" in text
    assert "Not run yet: `gridlens reproduce monster`" in text
    assert "Not run yet: `gridlens reproduce follow`" not in text
    columns = {row.replace("\\|", "").count("|") for row in text.splitlines() if row.startswith("|")}
    assert len(columns) == 1


def test_the_page_is_written_with_a_small_picture(result, tmp_path):
    target = tmp_path / "docs" / "reproductions.md"
    write_page([result], target)
    picture = target.parent / PICTURES / "follow.png"
    assert picture.stat().st_size < 60_000
    assert Image.open(io.BytesIO(picture.read_bytes())).width > 700
    assert f"({(PICTURES / 'follow.png').as_posix()})" in target.read_text()


def test_a_picture_says_in_words_what_it_shows(result):
    alt = drawing(result.picture, title="Follow").alt
    assert "Misses (of levels): 0 % 90 % [10, 95]" in alt
    assert "seed 0 from 0.10 to ?" in alt


def test_one_agent_alone_has_no_interval():
    assert amount(Interval(0.5, math.nan, math.nan, 1), False) == "0.50, no interval"


def test_an_unknown_name_is_refused_before_anything_is_done(tmp_path):
    with pytest.raises(UnknownName, match="the nearest valid one is 'monster'"):
        reproduce(["monstre"], tmp_path / "out", None, tmp_path / "page.md")
    assert not list(tmp_path.iterdir())


def test_one_that_cannot_be_judged_stops_no_other(result, tmp_path, monkeypatch):
    def reproduced(name, out, **rest):
        if name == "coin":
            raise BadInput("no agent has a row")
        return result

    monkeypatch.setattr("rl.reproductions.reproducing.reproduce", reproduced)
    with pytest.raises(BadInput, match="coin: no agent has a row"):
        reproduce(["coin", "follow"], tmp_path / "out", None, tmp_path / "page.md")
    assert "## Cultural transmission" in (tmp_path / "page.md").read_text()
