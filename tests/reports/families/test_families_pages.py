"""Pages of made-up families: rings turn, holes are told, nothing is fetched, doubts follow from the numbers."""

import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from core.artifacts import read_csv, read_json
from reports.families.pages import write_families
from reports.families.rings import rings, shown_as
from reports.families.words import caveats, layer_sentence, run_sentence, tuning_sentence


class Seen(HTMLParser):
    """Addresses, texts without alternatives, and ids of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.images, self.unnamed, self.ids = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        held = dict(attributes)
        self.ids += [held["id"]] if "id" in held else []
        if tag == "img":
            self.images.append(held["src"])
        if (tag == "img" and not held.get("alt")) or (
            held.get("role") == "img" and not held.get("aria-label")
        ):
            self.unnamed.append(held)
        if tag == "a":
            self.links.append(held["href"])


@pytest.mark.parametrize("shape", ["ring", "rings", "strip", "grid"])
def test_a_page_of_every_shape_is_whole_and_opens_from_disk(made_up, groups, shape):
    folder = made_up(groups[shape], [([0, 1, 1, 3], ()), ([2, 4], ())])
    assert shown_as(groups[shape]) == shape
    write_families(folder)
    for page in (folder / "index.html", folder / "layers" / "relu1.html"):
        text = page.read_text()
        seen = Seen(text)
        assert not seen.unnamed
        assert "http:" not in text
        assert "https:" not in text
        assert "<script" not in text
        for address in [*seen.images, *(one for one in seen.links if not one.startswith("#"))]:
            assert (page.parent / address.partition("#")[0]).exists(), address
        assert len(seen.ids) == len(set(seen.ids))
    shown = {name.rpartition("/")[2] for name in Seen((folder / "layers" / "relu1.html").read_text()).images}
    assert shown == {f"{unit:04d}.webp" for unit in (0, 1, 2, 3, 20, 21)}


def test_pages_written_again_keep_their_bytes(made_up, groups):
    folder = made_up(groups["ring"], [([0, 5], ())])
    write_families(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*.html")}
    write_families(folder, "relu1")
    assert {path: path.read_bytes() for path in folder.rglob("*.html")} == before


def test_members_stand_at_the_angle_of_their_place_and_nobody_is_hidden_or_covered(made_up, groups):
    rng = np.random.default_rng(0)
    for size in (2, 7, 24, 40):
        places = sorted(rng.integers(24, size=size).tolist())
        folder = made_up(groups["ring"], [(places, ())])
        family = read_json(folder / "pages" / "relu1.json")["families"][0]
        (ring,) = rings(family, groups["ring"])
        assert ring.hidden == 0 or size == 40
        assert {label for *_, label in ring.holes} == {
            groups["ring"]["labels"][slot] for slot in range(24) if slot not in places
        }
        for spot in ring.spots:
            angle = math.degrees(math.atan2(50 - spot.y, spot.x - 50)) % 360
            off = abs(angle - 15 * spot.member["place"])
            assert min(off, 360 - off) < 0.5
            assert spot.side / 2 <= min(spot.x, spot.y, 100 - spot.x, 100 - spot.y)
        for i, one in enumerate(ring.spots):
            for other in ring.spots[:i]:
                assert max(abs(one.x - other.x), abs(one.y - other.y)) >= min(one.side, 5)
        folder.rename(folder.parent / f"done-{size}")


def test_who_is_the_same_after_half_a_turn_stands_there_too_as_an_echo(made_up, groups):
    folder = made_up(groups["ring"], [([1, 4], (12,))])
    (ring,) = rings(read_json(folder / "pages" / "relu1.json")["families"][0], groups["ring"])
    assert [(spot.member["unit"], spot.echo) for spot in ring.spots] == [
        (0, False),
        (1, False),
        (0, True),
        (1, True),
    ]
    write_families(folder)
    assert "Turned by half a turn they are the same." in (folder / "layers" / "relu1.html").read_text()


def test_mirrored_members_have_a_ring_of_their_own(made_up, groups):
    folder = made_up(groups["rings"], [([0, 2, 9], ())])
    plain, mirrored = rings(read_json(folder / "pages" / "relu1.json")["families"][0], groups["rings"])
    assert [len(plain.spots), len(mirrored.spots)] == [2, 1]
    assert mirrored.title == "mirrored"


def test_the_table_has_the_likeness_of_every_member_over_the_group(made_up, groups):
    folder = made_up(groups["strip"], [([0, 3], ())])
    write_families(folder)
    rows = read_csv(folder / "layers" / "relu1.csv")
    assert list(rows[0]) == ["family", "unit", "place", "x0.5", "x0.71", "x1", "x1.41", "x2"]
    assert float(rows[0]["x0.5"]) == 1.0
    assert re.search(r'<td class="is">1.00</td>', (folder / "layers" / "relu1.html").read_text())


def test_doubts_follow_from_the_numbers(made_up, groups):
    folder = made_up(groups["ring"], [([0, 5], ())])
    document, layer = read_json(folder / "pages.json"), read_json(folder / "pages" / "relu1.json")

    def said(**changed):
        return " ".join(caveats(document, layer | changed))

    assert "inputs are few" not in said()
    assert "inputs are few" in said(inputs=40)
    assert "no control" not in said()
    assert "no control" in said(null=None)
    assert "take weak families here for chance" in said(null=layer["null"] | {"in families": 9})
    assert "adjusted Rand index 0.40" in said(halves=layer["halves"] | {"ari": 0.4})
    family = layer["families"][0]
    assert "do not bear out the places in family 1" in said(
        families=[family | {"tuning": family["tuning"] | {"correlation": 0.1}}]
    )
    assert "Weights speak against family 1" in said(
        families=[family | {"weights": family["weights"] | {"word": "against"}}]
    )


def test_sentences_where_there_is_little_to_say(made_up, groups):
    folder = made_up(groups["ring"], [])
    document, layer = read_json(folder / "pages.json"), read_json(folder / "pages" / "relu1.json")
    write_families(folder)
    assert "No family was found here." in (folder / "layers" / "relu1.html").read_text()
    assert layer_sentence(layer, groups["ring"]).startswith("0 of 16 units stand in 0 rotation families")
    assert run_sentence(document | {"layers": []}) == "No layer has been searched yet."
    assert tuning_sentence({"tuning": {"correlation": None, "why": "too few"}}) == "Tuning curves: too few."


def test_families_are_beside_published_ones_where_there_are_any(made_up, groups):
    known = {
        "known": True,
        "why": "",
        "said": "1 of 1 families found here are in no published one.",
        "rows": [{"name": "Curves", "units": 8, "family": 1, "shared": 4, "f1": 0.5}],
    }
    folder = made_up(groups["ring"], [([0, 5], ())], changed={"published": known})
    write_families(folder)
    text = (folder / "layers" / "relu1.html").read_text()
    assert "new candidate" in text
    assert "<td>Curves</td>" in text
