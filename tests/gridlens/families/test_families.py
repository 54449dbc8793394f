"""gridlens families: pages, pictures, links with a gallery, atoms, agents; resumed to the same bytes; mistakes."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.artifacts import read_json
from core.runs import is_finished
from gridlens.families.asked import Request
from gridlens.families.linking import LINKS
from gridlens.families.making import made
from gridlens.families.result import find_families, read_families
from gridlens.galleries import gallery
from gridlens.opened import open_subject
from vision.datasets import open_images

SMALL = Request("relu1,relu2", group="rotation:90", count=32, tuning=False, show=2, steps=1)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.fixture(scope="module")
def shapes():
    return open_subject("shapes")


@pytest.fixture(scope="module")
def shown(shapes, tmp_path_factory):
    """A gallery of one layer, as it was before there were families."""
    folder = tmp_path_factory.mktemp("runs") / "gallery"
    shapes_gallery(folder, units="0-11")
    return folder, contents(folder)


@pytest.fixture(scope="module")
def whole(shapes, shown):
    """Families beside the gallery."""
    folder = shown[0].parent / "families"
    made(shapes, replace(SMALL, gallery=shown[0]), out=folder)
    return folder


def shapes_gallery(out, units=None):
    images = open_images("shapes", size=(48, 48), count=24)
    return gallery(
        "shapes", images, layers="relu1", units=units, views="positive", steps=1, judge=None, out=out
    )


def test_a_run_has_a_page_a_layer_and_a_picture_a_member(whole):
    assert is_finished(whole)
    result = read_families(whole)
    assert result.layers == ("relu1", "relu2")
    for layer, page in zip(result.layers, result.pages(), strict=True):
        assert (whole / "layers" / f"{layer}.html").exists()
        for family in page["families"][:2]:
            for one in family["members"]:
                with Image.open(whole / one["picture"]) as picture:
                    assert picture.width == picture.height
        assert len(result.families(layer).families) == len(page["families"])
    assert "<img" in result._repr_html_() or not any(one["families"] for one in result.pages())
    assert "Still being searched" not in (whole / "index.html").read_text()


def test_broken_off_at_every_moment_in_turn_it_ends_with_the_same_bytes(shapes, whole, tmp_path):
    (tmp_path / "gallery").symlink_to(whole.parent / "gallery")
    asked = replace(SMALL, gallery=tmp_path / "gallery")
    for word in ("answers", "shuffled weights", "layers finished", "rendering"):

        def breaking(done, total, label, word=word):
            if word in label:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            made(shapes, asked, out=tmp_path / "families", progress=breaking)
    made(shapes, asked, out=tmp_path / "families")
    assert contents(tmp_path / "families") == contents(whole)


def test_a_gallery_lends_its_pictures_and_leads_to_the_families(shown, whole):
    folder, plain = shown
    page = read_json(whole / "pages" / "relu1.json")
    held = [one for family in page["families"] for one in family["members"] if one["href"]]
    first, number = held[0], next(one["number"] for one in page["families"] if held[0] in one["members"])
    name = f"{first['unit']:04d}"
    assert (whole / first["picture"]).read_bytes() == plain[f"pictures/relu1/{name}.webp"]
    assert (whole / first["href"]).exists()
    text = (folder / "units" / "relu1" / f"{name}.html").read_text()
    assert f'href="../../../families/layers/relu1.html#family-{number}"' in text
    # Nothing but the pages of members changed, and nothing changes again.
    linked = contents(folder)
    members = {unit for one in held for unit in (one["unit"], *one["copies"]) if unit < 12}
    assert {name for name in linked if plain.get(name) != linked[name]} == {
        LINKS,
        *(f"units/relu1/{unit:04d}.html" for unit in members),
    }
    shapes_gallery(folder, units="0-11")
    assert contents(folder) == linked


def test_a_gallery_made_after_the_families_finds_them(whole):
    folder = shapes_gallery(whole.parent / "later", units="0-1").folder
    links = read_json(folder / LINKS)
    assert [(run["href"], run["group"]) for run in links["runs"]] == [("../families", "rotation")]


def test_atoms_are_searched_as_units_are(shapes, tmp_path):
    from gridlens.decomposition.making import Request as Decomposition
    from gridlens.decomposition.making import decomposed

    decomposed(
        shapes,
        Decomposition("relu2", atoms=6, count=24, positions=8, show=1, steps=1),
        out=tmp_path / "atoms",
    )
    result = find_families(
        "shapes",
        atoms=tmp_path / "atoms",
        group="rotation:90",
        count=16,
        show=1,
        steps=2,
        out=tmp_path / "found",
    )
    assert result.layers == ("relu2.atoms",)
    assert next(result.pages())["units"] == 6


def test_agents_go_the_way_of_the_square(tmp_path):
    result = find_families("cheese-corner", layers="relu1", count=64, out=tmp_path)
    assert len(result.document["group"]["labels"]) == 8
    page = next(result.pages())
    assert page["units"] == 16
    assert all(one["tuning"] is None for family in page["families"] for one in family["members"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["shapes", "--group", "rotatoin"], "nearest valid one is 'rotation'"),
        (["shapes", "--group", "rotation:7"], "nearest that does is rotation:"),
        (["shapes", "--group", "square"], "'square' is the group of agents' views"),
        (["shapes", "--layers", "relu9"], "nearest valid one is 'relu"),
        (["shapes", "--stimuli", "leafs"], "nearest valid one is 'leaves'"),
        (["shapes", "--images", "none", "--stimuli", "waves"], "either --images or --stimuli"),
        (["shapes", "--images", "nowhere"], "nowhere"),
        (["shapes", "--atoms", "nowhere"], "nowhere"),
        (["shapes", "--gallery", "nowhere"], "nowhere"),
        (["resnet18", "--weights", "untrained"], "name the layers to be searched with --layers"),
        (["cheese-corner", "--group", "hue"], "the symmetries of the square do: 'square'"),
        (["cheese-corner", "--stimuli", "waves"], "is shown states"),
        (["cheese-corner", "--layers", "value"], "has 1 unit; families are searched among at least 2"),
    ],
)
def test_mistakes_are_one_sentence_and_write_nothing(gridlens, arguments, says):
    code, said = gridlens("families", *arguments)
    lines = [line for line in said.err.splitlines() if line.startswith("gridlens: ")]
    assert code == 2
    assert len(lines) == 1
    assert says in lines[0]
    assert not list(Path().iterdir())


def test_hue_does_not_act_on_grey_and_too_few_images_are_told(gridlens, tmp_path):
    (tmp_path / "own.py").write_text(
        "from torch import nn\n"
        "def grey():\n    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(400, 2))\n"
    )
    for number in range(3):
        Image.new("RGB", (16, 16), (60 * number, 90, 20)).save(tmp_path / f"{number}.png")
    code, said = gridlens(
        "families", "own:grey", "--scaling", "grey 0..1, 12x12", "--layers", "1", "--group", "hue"
    )
    assert (code, "acts on red, green and blue" in said.err) == (2, True)
    code, said = gridlens("families", "shapes", "--images", str(tmp_path))
    assert (code, "at least 16 inputs; given 3" in said.err) == (2, True)
    assert not (tmp_path / "runs").exists()
