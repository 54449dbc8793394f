import numpy as np
import pytest

from core.errors import BadInput
from reports.attribution.evidence import Factor, Factors, Objects
from reports.attribution.factors import factor_maps
from reports.attribution.grid import Tile, map_grid
from reports.attribution.objects import Named, object_bars
from reports.attribution.page import attribution_report
from reports.attribution.panels import Line, Panel, panels
from reports.attribution.ranking import Ranked, ranking
from reports.exports import export
from reports.html import page


def test_the_page_has_every_part_and_exports_it(hand_made, seen, tmp_path):
    objects = [
        Objects("shapley", ["apple", "wall"], np.array([2.0, -1.0]), np.array([0.1, 0.2])),
        Objects("feature-ablation", ["apple", "wall"], np.array([1.5, -0.5])),
    ]
    found = hand_made.evidence()
    found.cases[0].__dict__["objects"] = objects
    found = hand_made.evidence(
        cases=found.cases, left_out={"deeplift": "it has a layer that DeepLIFT cannot take"}
    )
    report = attribution_report(found)
    titles = [section.title for section in report.evidence]
    assert titles == [
        "Maps side by side",
        "The ranking",
        "Objects",
        "Deletion and insertion",
        "Sanity checks",
        "Do the parts add up?",
        "What each method asks",
        "What could not be run",
    ]
    text = seen(page(report)).text
    for words in ("Shapley", "DeepLIFT cannot take", "apple", "✕ fails", "mean rank 1.2"):
        assert words in text or words in page(report), words
    names = {path.name for path in export(report, tmp_path)}
    assert any(name.startswith("figure-1-1-tabby") and name.endswith(".png") for name in names)
    assert any("likeness-spearman" in name and name.endswith(".csv") for name in names)


def test_controls_come_last_among_the_maps_and_stand_in_their_place_in_the_ranking(hand_made):
    found = hand_made.evidence(
        ranks={"edges": hand_made.interval(1.0)}
        | {n: hand_made.interval(r) for n, r in hand_made.ranks.items() if n != "edges"}
    )
    report = attribution_report(found)
    grid, order = report.evidence[0].figures[0], report.evidence[1].figures[0]
    assert [row["method"] for row in grid.rows][-2:] == ["edges", "random"]
    assert order.rows[0]["method"] == "edges"
    assert order.rows[0]["control"]


def test_a_map_grid_has_a_picture_for_every_map_and_the_input():
    tiles = [Tile(f"m{i}", "", np.eye(8)) for i in range(5)]
    made = map_grid(np.ones((8, 8, 3)), tiles, shown="", title="t", caption="")
    assert made.content.count("<image") == 6
    assert len(made.rows) == 5


def test_the_ranking_sorts_and_says_what_was_not_measured(hand_made):
    rows = [
        Ranked("late", {"a": 2.0, "b": None}, hand_made.interval(2.0), failed=1),
        Ranked("first", {"a": 1.0, "b": 1.0}, hand_made.interval(1.0)),
    ]
    made = ranking(rows, title="t", caption="")
    assert made.alt.startswith("t. 1. first")
    assert "late, mean rank 2.0 [1.7, 2.3], fails 1 sanity check" in made.alt
    assert made.rows[1]["rank by b"] is None


def test_panels_leave_out_cases_without_a_number():
    values = np.array([[1.0, 0.0], [np.nan, np.nan]])
    made = panels(
        [Panel("a", {"deletion": Line([0.0, 1.0], values)})], behind={}, ends=("", ""), title="t", caption=""
    )
    assert [row["median"] for row in made.rows] == [1.0, 0.0]


def test_object_bars_carry_signs_errors_and_every_method():
    one = Objects("Shapley", ["wall", "apple"], np.array([-1.0, 2.0]), np.array([0.05, 0.1]))
    two = Objects("feature ablation", ["wall", "apple"], np.array([-0.5, 1.0]))
    made = object_bars([Named("1: up", [one, two])], title="t", caption="")
    assert "apple +2.00 ± 0.20" in made.alt
    assert [row["standard error"] for row in made.rows] == [0.05, 0.1, None, None]


def test_factors_tell_shares_and_what_is_left():
    factors = [Factor(0.6, np.ones((2, 3, 3)), [(7, 1.0)]), Factor(0.3, np.ones((2, 3, 3)), [(2, 1.0)])]
    found = Factors("conv", "integrated-gradients", factors, 0.1, np.zeros((2, 3, 3)))
    made = factor_maps(found, [np.ones((6, 6, 3))] * 2, title="t", caption="")
    assert made.content.count("<image") == 2 * 4
    assert made.rows[-1] == {"factor": "left over", "share": 0.1, "channel": None, "weight": None}


@pytest.mark.parametrize(
    "empty",
    [
        lambda: map_grid(np.ones((2, 2, 3)), [], shown="", title="t", caption=""),
        lambda: ranking([], title="t", caption=""),
        lambda: panels([], behind={}, ends=("", ""), title="t", caption=""),
        lambda: object_bars([], title="t", caption=""),
        lambda: factor_maps(Factors("a", "b", [], 0.0, np.ones((1, 1, 1))), [], title="t", caption=""),
    ],
)
def test_figures_without_anything_to_show_are_refused(empty):
    with pytest.raises(BadInput, match="expected at least one"):
        empty()
