"""Sentences on an agent's behaviour follow from the numbers; the front page has the table where there is one."""

import re

import pytest

from core.artifacts import read_json, write_json
from reports.families.behaviour import behaviour_sentence
from reports.families.pages import write_families


def interval(value):
    return {"estimate": value, "low": value - 0.01, "high": value + 0.01}


def under(element, distance, shuffled=0.7):
    keys = ("shuffled", "agreement", "value", "value_elsewhere")
    return {"element": element, "distance": interval(distance)} | {key: interval(shuffled) for key in keys}


@pytest.mark.parametrize(
    ("distances", "said"),
    [
        (
            [0.1, 0.2],
            r"turns along under every symmetry \(total variation 0.10 to 0.20, with shuffled moves 0.70\)\.$",
        ),
        ([0.6, 0.2], r"under 180° \(total variation 0.20, .*\), and less or not under 90° \(0.60\)\.$"),
        ([0.5, 0.6], r"little or not under any symmetry \(total variation 0.50 to 0.60"),
        ([0.7, 0.9], r"no more than by chance under any symmetry"),
    ],
)
def test_sentences_follow_from_the_numbers(distances, said):
    elements = [under(name, distance) for name, distance in zip(["90°", "180°"], distances, strict=True)]
    assert re.search(said, behaviour_sentence({"elements": elements}))


def test_moves_that_are_alike_tell_nothing():
    said = behaviour_sentence({"elements": [under("90°", 0.001, shuffled=0.002)]})
    assert said.startswith("Its moves are nearly as likely as each other")


def test_the_front_page_has_the_table_of_an_agent(made_up, groups):
    folder = made_up(groups["rings"], [([0, 1], ())])
    write_families(folder)
    assert 'id="behaviour"' not in (folder / "index.html").read_text()
    behaviour = {"states": "512 states of cheese", "share": None, "elements": [under("90°", 0.1)]}
    write_json(folder / "pages.json", read_json(folder / "pages.json") | {"behaviour": behaviour})
    write_families(folder)
    page = (folder / "index.html").read_text()
    assert "Over 512 states of cheese." in page
    assert '<td>90°</td><td title="0.09 to 0.11">0.10</td>' in page
