import re

import numpy as np
import pytest

from core.errors import BadInput
from core.uncertainty import Interval, proportion_interval
from reports.drawing import SERIES, figure
from reports.figures import Curve, ProbeCurve, Proportion, learning_curves, percent, probe_scores, proportions
from reports.sections import Figure, Table

NAMES = ("plain", "<script>alert(1)</script>", "$x^2", "a" * 60, "ünïcode & 'quotes'")


def rows(names):
    return [
        Proportion(split, event, name, proportion_interval(40 + 10 * place, 100))
        for split in ("training", "shifted")
        for event in ("won", "hid")
        for place, name in enumerate(names)
    ]


def test_proportions_write_every_number_drawn_and_keep_it_for_export():
    made = proportions(rows(["a", "b"]), title="t", caption="")
    for row in rows(["a", "b"]):
        assert percent(row.value) in made.content
        assert percent(row.value) in made.alt
    assert [record["estimate"] for record in made.rows] == [row.value.estimate for row in rows(["a", "b"])]
    assert {record["n"] for record in made.rows} == {100}


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_drawn_and_none_becomes_markup(name):
    svg = proportions(rows([name]), title="t", caption="").content
    assert "<script" not in svg
    assert re.search(r'aria-label="[^"<>]+"', svg)


def test_intervals_lie_where_the_numbers_say():
    """The interval's line in the picture, in shares of the axis between the 0 and 100 % grid lines."""
    made = proportions([Proportion("s", "e", "a", Interval(0.5, 0.25, 0.75, 9))], title="t", caption="")
    lines = re.findall(r'd="M ([\d.]+) [\d.]+ \nL ([\d.]+) [\d.]+ \n"[^>]*stroke: ([^;"]+)', made.content)
    grid = sorted({float(x0) for x0, x1, _ in lines if x0 == x1})
    ((*drawn, _),) = [line for line in lines if line[2] == SERIES[0]]
    shares = [(x - grid[0]) / (grid[-1] - grid[0]) for x in map(float, drawn)]
    assert shares == pytest.approx([0.25, 0.75], abs=1e-3)


def test_probe_scores_keep_score_and_control_of_every_layer():
    layers = ["conv", "a-rather-long-layer-name.0", "fc"]
    scores = [Interval(v, v - 0.1, v + 0.1, 50) for v in (0.2, 0.5, 0.9)]
    controls = [Interval(-0.3, -0.5, 0.1, 50)] * 3
    made = probe_scores([ProbeCurve("a", layers, scores, controls)], title="t", caption="", measure="R²")
    assert [row["estimate"] for row in made.rows] == [0.2, 0.5, 0.9]
    assert [row["control_low"] for row in made.rows] == [-0.5] * 3
    assert "best at fc" in made.alt
    assert "control task" in made.content


def test_learning_curves_keep_every_point():
    made = learning_curves(
        [Curve("a", np.arange(5) * 1000, np.linspace(0, 1, 5))], title="t", caption="", measure="m"
    )
    assert [row["value"] for row in made.rows] == [0, 0.25, 0.5, 0.75, 1]
    assert "100 % after 4 k steps" in made.alt


def test_figures_need_something_to_show_and_words_for_it():
    for draw in (proportions, probe_scores, learning_curves):
        more = {} if draw is proportions else {"measure": "m"}
        with pytest.raises(BadInput, match="expected at least one"):
            draw([], title="t", caption="", **more)
    with pytest.raises(BadInput, match="no text alternative"):
        Figure("t", "", " ", "<svg></svg>")
    with pytest.raises(BadInput, match="2 columns but a row of 1"):
        Table(("a", "b"), [(1,)], caption="c")


def test_two_figures_on_one_page_share_no_id_and_every_reference_resolves():
    pages = [proportions(rows(names), title="t", caption="").content for names in (["a"], ["b"])]
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in pages]
    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, own in zip(pages, ids, strict=True):
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', svg)) <= own


def test_the_same_figure_is_the_same_bytes():
    made = [proportions(rows(["a", "b"]), title="t", caption="") for _ in range(2)]
    assert made[0].content == made[1].content
    assert made[0].png == made[1].png


def test_inks_follow_the_page_and_nothing_is_fetched():
    svg = proportions(rows(["a"]), title="t", caption="").content
    assert "currentColor" in svg
    assert "var(--muted" in svg
    assert "#1b1f24" not in svg
    assert "http" not in svg
    assert "<style" not in svg


def test_an_embedded_grid_comes_back_exactly():
    import base64
    import io

    from PIL import Image

    grid = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)

    def draw(canvas):
        canvas.add_axes((0, 0, 1, 1)).imshow(grid, interpolation="none")

    svg = figure(draw, height=100, title="t", caption="", alt="grid").content
    (packed,) = re.findall(r"data:image/webp;base64,([\w+/=]+)", svg)
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(packed))).convert("RGB"))
    assert (pixels == grid).all() or (pixels[::-1] == grid).all()


def luminance(colour):
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("colour", SERIES)
@pytest.mark.parametrize("ground", ["#ffffff", "#131518"])
def test_series_colours_stand_out_on_light_and_dark(colour, ground):
    """WCAG 2.1 asks for a contrast of 3 between graphics and their ground."""
    one, other = sorted([luminance(colour), luminance(ground)])
    assert (other + 0.05) / (one + 0.05) >= 2.95
