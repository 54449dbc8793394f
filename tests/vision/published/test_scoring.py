"""Mirrored pairs, candidates beside what is known, and all of it together."""

from core.symmetry.groups import cyclic, dihedral, two
from vision.published.beside import beside
from vision.published.mirrors import mirrors
from vision.published.reading import inceptionv1
from vision.published.scoring import score

LISTS = inceptionv1()
SIDES = two("reflection", labels=("as is", "mirrored"))
TURNS = cyclic("rotation", 24)


def test_mirrored_pairs_are_found_where_one_is_the_mirror_image(made_up):
    found = mirrors(made_up("mixed4a", SIDES, 508, [{222: 0, 308: 1, 234: 0}, {325: 0}]), lists=LISTS)
    assert set(found.listed) == {(222, 308), (234, 308), (325, 222)}
    assert set(found.found) == {(222, 308), (234, 308)}
    assert found.recall == 2 / 3
    assert found.chance == 2 / (508 * 507 / 2)


def test_in_one_family_but_not_mirrored_is_not_found(made_up):
    assert mirrors(made_up("mixed4d", SIDES, 528, [{429: 1, 427: 1}]), lists=LISTS).recall == 0


def test_a_mirroring_with_a_turn_counts_and_a_turn_alone_does_not(made_up):
    group = dihedral(8)
    assert mirrors(made_up("mixed4d", group, 528, [{429: 2, 427: 8 + 5}]), lists=LISTS).recall == 1
    assert mirrors(made_up("mixed4d", group, 528, [{429: 2, 427: 5}]), lists=LISTS).recall == 0
    own = (0, 8)  # what is its own mirror image has the turned one for a mirrored one
    symmetric = made_up("mixed4d", group, 528, [{429: 2, 427: 5}], stabiliser=own)
    assert mirrors(symmetric, lists=LISTS).recall == 1


def test_rotations_mirror_nothing(made_up):
    assert mirrors(made_up("mixed4a", TURNS, 508, [{222: 0, 308: 12}]), lists=LISTS) is None
    assert mirrors(made_up("mixed3a", SIDES, 256, []), lists=LISTS) is None


def test_known_families_and_candidates(made_up):
    groups = {group.name: group.units for group in LISTS.of("mixed4a")}
    curves, fur = groups["mixed4a_curves"], groups["mixed4a_fur"]
    listed = {unit for group in LISTS.of("mixed4a") for unit in group.units}
    strangers = [unit for unit in range(508) if unit not in listed]
    found = (curves[:3], strangers[:4], (*fur[:2], curves[5], strangers[9]))
    families = made_up("mixed4a", TURNS, 508, [dict.fromkeys(units, 0) for units in found])
    known, new, mixed = beside(families, lists=LISTS)
    assert (known.known, known.unlisted) == ("mixed4a_curves", 0)
    assert (new.known, new.groups, new.unlisted) == (None, (), 4)
    assert (mixed.known, mixed.unlisted, mixed.groups[0]) == (None, 1, ("mixed4a_fur", 2))


def test_all_scores_of_a_layer(made_up):
    found = score(made_up("mixed3b", TURNS, 480, [{379: 0, 406: 2, 385: 3, 343: 8, 342: 9}]))
    assert found.complete
    assert found.partition.precision == 1
    assert [order.name for order in found.orders] == ["curves", "aligned curves"]
    assert found.mirrors is None
    assert [each.known for each in found.beside] == ["Curves"]
    assert not score(made_up("mixed4b", TURNS, 512, [])).complete
