import json
from urllib.parse import unquote

import pytest

from core.artifacts import read_json
from core.errors import Unreadable
from reports.front_page import report_entry, write_front
from reports.gallery_page import gallery_entry, gallery_page, summary, write_gallery
from reports.html import number
from reports.sections import Report

EVIL = "<script>alert(1)</script>"
LAYERS = {"features.3": 6, "a/b '2'": 2}


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    return made.gallery(tmp_path_factory.mktemp("gallery"), layers=LAYERS, label=f"{EVIL} it's")


@pytest.fixture(scope="module")
def page(folder, seen):
    return seen(write_gallery(folder).read_text())


@pytest.fixture(scope="module")
def units(folder):
    return [unit for layer in read_json(folder / "gallery.json")["layers"] for unit in layer["units"]]


def cards(page):
    return [link for link in page.all("a") if "unit" in (link.get("class") or "").split()]


def test_every_unit_has_an_address_of_its_own(page, units):
    assert [card["id"] for card in cards(page)] == [unit["unit"] for unit in units]
    assert [unquote(card["href"]) for card in cards(page)] == ["#" + unit["unit"] for unit in units]


def test_numbers_on_the_page_are_those_of_the_gallery(page, units):
    for card, unit in zip(cards(page), units, strict=True):
        for name in ("reached", "best", "firing", "mean"):
            assert float(card[f"data-{name}"]) == unit[name]
        assert card["data-multiple"] == ("" if unit["multiple"] is None else str(unit["multiple"]))
        assert number(unit["reached"]) in page.text
        assert number(unit["best"]) in page.text
        told = json.loads(card["data-top"])
        assert told == [[image["label"], image["activation"], image["index"]] for image in unit["top"]]


def test_pictures_lie_beside_the_page_wait_their_turn_and_hold_their_place(page, folder):
    pictures = page.all("img")
    assert len(pictures) == 8 * 4
    for picture in pictures:
        assert (folder / unquote(picture["src"])).exists()
        assert picture["loading"] == "lazy"
        assert int(picture["width"]) > 0
        assert int(picture["height"]) > 0
        assert "alt" in picture
    assert all("://" not in address for address in page.addresses())


def test_boxes_are_drawn_in_the_cell_of_their_crop(page, units):
    paths = [path["d"] for path in page.all("path")][::2]
    for path, unit in zip(paths, units, strict=True):
        boxes = path.split("z")[:-1]
        assert len(boxes) == len(unit["top"])
        for place, (box, image) in enumerate(zip(boxes, unit["top"], strict=True)):
            x, y = map(float, box[1:].split("h")[0].split())
            assert x == pytest.approx(place % 3 + image["box"][0], abs=2e-3)
            assert y == pytest.approx(place // 3 + image["box"][1], abs=2e-3)


def test_bars_are_as_long_as_the_numbers_say(page, units):
    lengths = [float(bar["style"].removeprefix("width:").removesuffix("%")) for bar in page.all("i")]
    for made, best, unit in zip(lengths[::2], lengths[1::2], units, strict=True):
        assert max(made, best) == 100
        assert made / best == pytest.approx(unit["reached"] / unit["best"], rel=0.01)


def test_names_are_escaped(page, folder):
    text = (folder / "index.html").read_text()
    assert EVIL not in text
    assert text.count("<script") == 1
    assert EVIL in json.loads(cards(page)[0]["data-top"])[0][0]


def test_a_unit_that_does_not_fire_says_so(page, units):
    silent = [card["id"] for card in cards(page) if "silent" in card["class"]]
    assert silent == [unit["unit"] for unit in units if not unit["fired"]] == ["features.3:5"]
    assert "does not fire" in page.text


def test_the_header_says_how_it_was_made(page):
    for part in (
        "gridlens gallery made-up",
        "96 steps each, seed 0",
        "a1b2c3d4e5f6",
        "bad.jpg (cut short)",
        "500 real",
    ):
        assert part in page.text


def test_the_summary_counts():
    def of(*units):
        return summary(
            {"layers": [{"units": [{"fired": f, "multiple": m} for f, m in units]}], "images": {"count": 9}}
        )

    assert of((True, 2.0), (True, 0.5)).startswith("1 of 2 units fire more")
    assert "1 could not be made to fire" in of((True, 2.0), (False, None))
    assert "could not" not in of((True, None))


def test_a_folder_that_is_no_gallery_is_refused_and_left_alone(tmp_path):
    (tmp_path / "gallery.json").write_text('{"schema": "other"}')
    with pytest.raises(Unreadable, match="schema"):
        write_gallery(tmp_path)
    assert not (tmp_path / "index.html").exists()


def test_thousands_of_units_stay_in_groups_that_are_laid_out_alone(folder, seen):
    document = read_json(folder / "gallery.json")
    layer = document["layers"][0]
    layer["units"] = [dict(layer["units"][0], unit=f"features.3:{n}", channel=n) for n in range(130)]
    page = seen(gallery_page(document | {"layers": [layer]}, read_json(folder / "manifest.json")))
    assert len([part for part in page.all("div") if part.get("class") == "grid"]) == 3
    assert len(cards(page)) == 130


def test_the_front_page_links_results_and_holds_its_pictures(folder, tmp_path, seen):
    report = Report(
        title=EVIL, question="q", approach="a", finding="Found it.", reproduce=["gridlens compare a b"]
    )
    entries = [gallery_entry(folder, href="gallery/index.html"), report_entry(report, href="compare.html")]
    path = write_front(tmp_path / "index.html", entries, title="Demo", lead="Two wings.")
    page = seen(path.read_text())
    assert [link["href"] for link in page.all("a")] == ["gallery/index.html", "compare.html"]
    assert all(picture["src"].startswith("data:image/webp") and picture["alt"] for picture in page.all("img"))
    assert len(page.all("img")) == 7
    for part in (
        "Found it.",
        "gridlens compare a b",
        "gridlens gallery made-up",
        "of 8 units fire more",
        EVIL,
    ):
        assert part in page.text
    assert "<script" not in path.read_text()
