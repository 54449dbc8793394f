"""Portraits of atoms and senses: what is drawn, what is said, and links in tables (about 2 s)."""

import numpy as np
import pytest

from reports.decomposition import Bins, Portrait, Thumbnail, portrait
from reports.html import cell, page, records
from reports.sections import Link, Report, Section, Table

GREY = np.full((16, 16, 3), 0.5)


@pytest.mark.parametrize("made", [None, GREY])
@pytest.mark.parametrize("count", [0, 1, 8, 12])
def test_any_number_of_pictures_is_drawn_within_the_page(made, count):
    thumbnails = [Thumbnail(GREY, (0.1, 0.1, 0.4, 0.4))] * count
    drawn = portrait(Portrait("Atom 1", "Said.", thumbnails, Bins(0.0, 0.5, [5, 0, 2]), made))
    most = 8 if made is not None else 10
    assert drawn.content.count("<image") == min(count, most) + (made is not None)
    assert "Said." in drawn.alt
    assert [row["inputs"] for row in drawn.rows] == [5, 0, 2]


def test_a_portrait_without_a_histogram_has_no_numbers():
    drawn = portrait(Portrait("Sense a", "Said.", [Thumbnail(GREY)], None))
    assert drawn.rows == ()


def test_frames_are_drawn_unless_they_hold_the_whole_picture():
    inner = portrait(Portrait("a", "b", [Thumbnail(GREY, (0.2, 0.2, 0.5, 0.5))], None)).content
    whole = portrait(Portrait("a", "b", [Thumbnail(GREY, (0.0, 0.0, 1.0, 1.0))], None)).content
    assert inner.count("<path") > whole.count("<path")


def test_links_lead_to_figures_are_escaped_and_plain_in_exports():
    table = Table(("atom", "share"), [(Link("atom 3 <b>", "#figure-atom-3"), 0.5)], caption="All")
    figure = portrait(Portrait("Atom 3", "Said.", [Thumbnail(GREY)], None))
    text = page(Report("t", "q", "a", "f", evidence=[Section("s", figures=[figure], tables=[table])]))
    assert '<a href="#figure-atom-3">atom 3 &lt;b&gt;</a>' in text
    assert '<figure id="figure-atom-3">' in text
    assert records(table) == [{"atom": "atom 3 <b>", "share": 0.5}]
    assert str(cell(Link("x", "y"))) == '<a href="y">x</a>'
