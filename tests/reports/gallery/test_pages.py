"""A gallery's site shows the gallery's numbers and pictures, links what is there, and stays small."""

import json
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from core.artifacts import read_json
from core.errors import Unreadable
from reports.front_page import report_entry, write_front
from reports.gallery.layer_page import FIRST, layer_data, layer_page
from reports.gallery.pages import gallery_entry, gallery_environment, write_gallery
from reports.gallery.words import model_sentence
from reports.html import number
from reports.sections import Report

EVIL = "<script>alert(1)</script>"
LAYERS = {"features.3": 6, "a/b '2' <i>": 3}
FIRST_VIEW = 2 * 2**20
"""Bytes that a page may need before its first view is whole."""


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    found = made.gallery(tmp_path_factory.mktemp("gallery"), layers=LAYERS, label=f"{EVIL} it's")
    write_gallery(found)
    return found


@pytest.fixture(scope="module")
def units(folder):
    return [unit for path in sorted(folder.glob("layers/*.json")) for unit in read_json(path)["units"]]


def pages(folder):
    return sorted(folder.rglob("*.html"))


def page_of(folder, unit):
    return Path(folder, unit["picture"].replace("pictures/", "units/")).with_suffix(".html")


def eager_bytes(path, seen):
    """The page, what it cannot be shown without, and the pictures that do not wait."""
    page = seen(path.read_text())
    needed = [link["href"] for link in page.all("link") if link["rel"] == "stylesheet"]
    needed += [script["src"] for script in page.all("script") if "async" not in script]
    needed += [image["src"] for image in page.all("img") if image.get("loading") != "lazy"]
    return path.stat().st_size + sum((path.parent / unquote(name)).stat().st_size for name in set(needed))


def test_every_link_of_every_page_leads_to_a_file(folder, seen):
    assert len(pages(folder)) == 1 + 1 + 2 + 9
    for path in pages(folder):
        for address in seen(path.read_text()).addresses():
            assert "://" not in address
            name, _ = urldefrag(address)
            assert not name or name == "data:," or (path.parent / unquote(name)).is_file(), (path, address)


def test_every_picture_has_words_and_holds_its_place(folder, seen):
    for path in pages(folder):
        for picture in seen(path.read_text()).all("img"):
            assert "alt" in picture
            if picture.get("loading") == "lazy" and "why" not in picture["src"]:
                assert int(picture["width"]) > 0
                assert int(picture["height"]) > 0


def test_a_unit_s_page_tells_all_that_is_known_of_it_without_a_script(folder, units, seen):
    for unit in units:
        page = seen(page_of(folder, unit).read_text())
        for value in (unit["reached"], unit["best"], unit["mean"], unit["scores"]["sds"]):
            assert number(value) in page.text
        for image in (*unit["top"], *unit["range"]):
            assert number(image["activation"]) in page.text
            assert image["label"] in page.text
        shown = {unquote(picture["src"]).removeprefix("../../") for picture in page.all("img")}
        expected = {unquote(view["picture"]) for view in unit["views"].values()}
        assert {unquote(name) for name in shown} >= expected
        assert "unknown" in page.text  # the agreement that was not computed


def test_units_follow_one_another(folder, units, seen):
    page = seen(page_of(folder, units[1]).read_text())
    links = {link["rel"]: link["href"] for link in page.all("link")}
    before, after = (f"{units[1]['channel'] + step:04d}.html" for step in (-1, 1))
    assert (links["prev"], links["next"]) == (before, after)
    assert links["up"].endswith(f".html#{units[1]['channel']}")
    first = seen(page_of(folder, units[0]).read_text())
    assert "prev" not in {link["rel"] for link in first.all("link")}


def test_wires_link_the_units_that_the_gallery_shows(folder, units, seen):
    page = seen(page_of(folder, units[0]).read_text())
    linked = [address for address in page.addresses() if "../../units/" in address]
    assert len(linked) == 3
    assert "elsewhere:7" in page.text
    assert "−0.250" in page.text


def test_the_grid_s_data_are_those_of_the_gallery(folder):
    layer = read_json(folder / "layers/features.3.json")
    text = (folder / "layers/features.3.js").read_text()
    data = json.loads(text.removeprefix("window.gridlens=").partition(";dispatchEvent")[0])
    assert data["channel"] == [unit["channel"] for unit in layer["units"]]
    assert data["reached"] == pytest.approx([unit["reached"] for unit in layer["units"]], rel=1e-3)
    assert data["scores"]["multiple"][3] is None
    assert data["labels"][data["top"][2][1]] == layer["units"][2]["top"][1]["label"]
    for unit, packed in zip(layer["units"], data["spots"], strict=True):
        boxes = [(ord(sign) - 35) / 56 for sign in packed]
        assert boxes == pytest.approx([side for image in unit["top"] for side in image["box"]], abs=0.01)


def test_boxes_are_drawn_in_the_cell_of_their_crop(folder, seen):
    units = read_json(folder / "layers/features.3.json")["units"]
    paths = [path["d"] for path in seen((folder / "layers/features.3.html").read_text()).all("path")][::2]
    for path, unit in zip(paths, units, strict=True):
        boxes = path.split("z")[:-1]
        assert len(boxes) == len(unit["top"])
        for place, (box, image) in enumerate(zip(boxes, unit["top"], strict=True)):
            x, y = map(float, box[1:].split("h")[0].split())
            assert x == pytest.approx(place % 3 + image["box"][0], abs=2e-3)
            assert y == pytest.approx(place // 3 + image["box"][1], abs=2e-3)


def test_names_are_escaped(folder):
    for path in pages(folder):
        text = path.read_text()
        assert EVIL not in text
        assert "<i>" not in text.replace("<i></i>", "").replace("</i>", "") or "&lt;i&gt;" in text
        assert "'2' <i>" not in text


def test_a_unit_that_does_not_fire_says_so(folder, units, seen):
    silent = [unit for unit in units if not unit["fired"]]
    assert [unit["unit"] for unit in silent] == ["features.3:5"]
    assert "Could not be made to fire" in seen(page_of(folder, silent[0]).read_text()).text
    grid = seen((folder / "layers/features.3.html").read_text())
    assert [card["id"] for card in grid.all("a") if "silent" in (card.get("class") or "")] == ["5"]


def test_the_model_s_page_says_how_it_was_made_and_what_was_left_out(folder, seen):
    text = seen((folder / "index.html").read_text()).text
    for part in (
        "gridlens gallery made-up",
        "96 steps each, seed 0",
        "a1b2c3d4e5f6",
        "bad.jpg (cut short)",
        "500 real",
    ):
        assert part in text
    assert "the score “tells most from least”: it was not computed" in text
    assert "resumed" not in text  # pages have the same bytes however often the run was broken off


def test_every_score_on_a_unit_s_page_is_explained(folder, units, seen):
    reading = seen((folder / "reading.html").read_text())
    explained = {term.get("id") for term in reading.all("dt")}
    page = seen(page_of(folder, units[0]).read_text())
    asked = {urldefrag(address)[1] for address in page.addresses() if "reading.html" in address}
    assert asked
    assert asked <= explained


def test_the_sentence_counts():
    def of(**layer):
        return model_sentence({"layers": [layer], "images": {"count": 9}})

    assert of(count=2, more=1, silent=0).startswith("1 of 2 units fire more")
    assert "1 could not be made to fire" in of(count=2, more=1, silent=1)
    assert "could not" not in of(count=2, more=1, silent=0)


@pytest.mark.parametrize(
    "lacking",
    [
        {"top": [], "bottom": [], "range": []},
        {"range": [], "range_strip": None, "histogram": None},
        {"classes": [], "wires": {}},
        {"wires": {"in": [], "out": []}},
        {"fired": False, "best": 0.0, "scores": {"multiple": None, "sds": None}},
        {"firing": 0.0, "histogram": {"low": 0.0, "width": 0.0, "counts": [9]}},
        {"scores": {}},
        {"why": "why.webp"},
    ],
    ids=lambda lacking: " ".join(lacking),
)
def test_what_is_not_known_is_not_shown(made, tmp_path, lacking, seen):
    made.gallery(tmp_path, layers={"fc": 2}, label=None)
    layer = read_json(tmp_path / "layers/fc.json")
    units = [unit | lacking for unit in layer["units"]]
    for unit in units:
        unit["views"] = {"positive": unit["views"]["positive"]}
    made.documents(tmp_path, [layer | {"units": units, "map": [], "skipped": ["negative"]}])
    write_gallery(tmp_path)
    text = seen((tmp_path / "units/fc/0000.html").read_text()).text
    assert "None" not in text
    assert "the unit sees the whole image" in text
    assert "never below zero" in text


def test_a_gallery_that_is_still_being_made_has_pages_as_far_as_it_is(made, tmp_path, seen):
    made.gallery(tmp_path, layers={"one": 2, "two": 2})
    document = read_json(tmp_path / "gallery.json")
    document |= {"layers": document["layers"][:1], "waiting": ["two"]}
    (tmp_path / "gallery.json").write_text(json.dumps(document))
    page = seen(write_gallery(tmp_path, "one").read_text())
    assert "Still being made: two" in page.text
    assert (tmp_path / "units/one/0001.html").exists()
    assert not (tmp_path / "units/two").exists()


def test_a_folder_that_is_no_gallery_is_refused_and_left_alone(tmp_path):
    (tmp_path / "gallery.json").write_text('{"schema": "other"}')
    with pytest.raises(Unreadable, match="schema"):
        write_gallery(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["gallery.json"]


@pytest.fixture(scope="module")
def large(made, tmp_path_factory):
    """A layer of 4,096 units beside 999 others."""
    folder = made.gallery(tmp_path_factory.mktemp("large"), layers={"wide": 16}, label="n01234 a long name")
    layer = read_json(folder / "layers/wide.json")
    units = [layer["units"][n % 16] | {"channel": n, "unit": f"wide:{n}"} for n in range(4096)]
    others = [layer | {"name": f"block.{n}.conv", "units": layer["units"][:1]} for n in range(999)]
    made.documents(folder, [layer | {"units": units, "count": 4096, "channels": 4096}, others[500]])
    document = read_json(folder / "gallery.json")
    listed = [{key: value for key, value in other.items() if key != "units"} for other in others]
    (folder / "gallery.json").write_text(json.dumps(document | {"layers": [document["layers"][0], *listed]}))
    write_gallery(folder, "block.500.conv")
    whole = read_json(folder / "layers/wide.json")
    document = read_json(folder / "gallery.json")
    (folder / "layers/wide.html").write_text(layer_page(gallery_environment(), document, whole))
    (folder / "layers/wide.js").write_text(layer_data(whole))
    return folder


@pytest.mark.parametrize(
    "name", ["index.html", "layers/wide.html", "units/block.500.conv/0000.html", "reading.html"]
)
def test_a_first_view_is_small_whatever_the_model_s_size(large, seen, name):
    assert eager_bytes(large / name, seen) < FIRST_VIEW


def test_thousands_of_units_come_after_the_first_ones_are_seen(large, seen):
    grid = seen((large / "layers/wide.html").read_text())
    cards = [link for link in grid.all("a") if "unit" in (link.get("class") or "").split()]
    assert len(cards) == FIRST
    assert all(image["loading"] == "lazy" for image in grid.all("img"))
    assert (large / "layers/wide.js").stat().st_size < FIRST_VIEW
    assert [script["src"] for script in grid.all("script") if "async" in script] == ["wide.js"]


def test_the_front_page_links_results_and_holds_its_pictures(folder, tmp_path, seen):
    report = Report(
        title=EVIL, question="q", approach="a", finding="Found it.", reproduce=["gridlens compare a b"]
    )
    entries = [gallery_entry(folder, href="gallery/index.html"), report_entry(report, href="compare.html")]
    path = write_front(tmp_path / "index.html", entries, title="Demo", lead="Two wings.")
    page = seen(path.read_text())
    assert [link["href"] for link in page.all("a")] == ["gallery/index.html", "compare.html"]
    assert all(picture["src"].startswith("data:image/webp") and picture["alt"] for picture in page.all("img"))
    assert len(page.all("img")) == 8
    for part in (
        "Found it.",
        "gridlens compare a b",
        "gridlens gallery made-up",
        "of 9 units fire more",
        EVIL,
    ):
        assert part in page.text
    assert "<script" not in path.read_text()
