"""Pairs and groups: the truth scores 1, mistakes score what they are worth on paper, partial lists blame nobody."""

import pytest

from core.errors import BadInput
from core.symmetry.groups import cyclic, two
from vision.published.partition import partition
from vision.published.reading import inceptionv1

LISTS = inceptionv1()
TURNS = cyclic("rotation", 24)


def truth(layer, action="rotation"):
    return [dict.fromkeys(group.units, 0) for group in LISTS.families(layer, action)]


@pytest.mark.parametrize("layer", LISTS.complete)
def test_the_published_families_themselves_score_one(made_up, layer):
    found = partition(made_up(layer, TURNS, LISTS.sizes[layer], truth(layer)), lists=LISTS)
    assert (found.precision, found.recall, found.f1, found.within) == (1, 1, 1, 1)
    assert {match.f1 for match in found.matches} == {1}
    assert all(match.chance < 0.7 for match in found.matches)


def test_nothing_found_has_no_precision_and_no_recall(made_up):
    found = partition(made_up("mixed3b", TURNS, 480, []), lists=LISTS)
    assert (found.precision, found.recall, found.f1) == (None, 0, None)
    assert {match.f1 for match in found.matches} == {0}


def test_mistakes_are_worth_what_they_are_on_paper(made_up):
    """Curves of mixed3b: seven of ten found, with a Boundary unit and one of Texture among them."""
    groups = {group.name: group.units for group in LISTS.of("mixed3b")}
    family = [*groups["Curves"][:7], groups["Boundary"][0], groups["Texture"][0]]
    found = partition(made_up("mixed3b", TURNS, 480, [dict.fromkeys(family, 0)]), lists=LISTS)
    families = LISTS.families("mixed3b", "rotation")
    pairs = sum(len(group.units) * (len(group.units) - 1) // 2 for group in families)
    assert found.precision == pytest.approx(21 / 36)
    assert found.within == pytest.approx(21 / 36)
    assert found.recall == pytest.approx(21 / pairs)
    curves = next(match for match in found.matches if match.name == "Curves")
    assert curves.f1 == pytest.approx(2 * 7 / (10 + 9))
    assert curves.recall == pytest.approx(0.7)


def test_a_pair_outside_all_published_families_is_neither_right_nor_wrong(made_up):
    groups = {group.name: group.units for group in LISTS.of("mixed3b")}
    strangers = [dict.fromkeys((groups["Texture"][0], groups["Other Units"][0]), 0)]
    found = partition(made_up("mixed3b", TURNS, 480, [*truth("mixed3b"), *strangers]), lists=LISTS)
    assert (found.precision, found.recall) == (1, 1)
    assert found.within < 1


def test_hue_families_are_not_asked_of_a_search_for_rotations(made_up):
    hue = made_up("mixed3a", TURNS, 256, truth("mixed3a", "hue"))
    assert partition(hue, lists=LISTS).precision is None
    as_hue = made_up("mixed3a", cyclic("hue", 12), 256, truth("mixed3a", "hue"))
    assert partition(as_hue, lists=LISTS).f1 == 1


def test_where_lists_are_partial_no_hit_is_false(made_up):
    everything = made_up("mixed4a", TURNS, 508, [dict.fromkeys(range(508), 0)])
    found = partition(everything, lists=LISTS)
    assert (found.precision, found.within, found.f1) == (None, None, None)
    assert (found.recall, found.recall_chance) == (1, 1)  # and the chance says what that is worth
    assert all(match.f1 is None and match.recall == match.chance == 1 for match in found.matches)


def test_mirrors_alone(made_up):
    sides = two("reflection", labels=("as is", "mirrored"))
    found = partition(made_up("mixed3b", sides, 480, [{347: 0, 327: 1}]), lists=LISTS)
    assert (found.precision, found.recall) == (
        1,
        pytest.approx(1 / 6),
    )  # one of the six pairs of Curve Shapes


def test_another_network_is_refused(made_up):
    with pytest.raises(BadInput, match="200 units here and 256"):
        partition(made_up("mixed3a", TURNS, 200, []), lists=LISTS)
