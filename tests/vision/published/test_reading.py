"""The published lists: they partition what they say, and agree with the articles' counts and with each other."""

import numpy as np
import pytest

from core.errors import UnknownName
from vision.published.reading import inceptionv1, lists_of

LISTS = inceptionv1()


@pytest.mark.parametrize("layer", LISTS.complete)
def test_every_unit_of_a_complete_layer_is_in_exactly_one_group(layer):
    units = sorted(unit for group in LISTS.of(layer) for unit in group.units)
    assert units == list(range(LISTS.sizes[layer]))


def test_units_exist_and_stand_once_in_each_list():
    listed = [(group.layer, group.units) for group in (*LISTS.groups, *LISTS.orders)]
    for layer, units in listed:
        assert len(set(units)) == len(units)
        assert 0 <= min(units) <= max(units) < LISTS.sizes[layer]


@pytest.mark.parametrize(
    ("layer", "name", "count"),
    [
        ("mixed3a", "BW vs Color", 9),  # the text of Branch Specialization
        ("mixed3a", "High-Low Frequency", 15),  # "a full fifteen"
        ("mixed3b", "Curves", 10),
        ("conv2d2", "Line", 33),
    ],
)
def test_groups_are_as_large_as_the_prose_says(layer, name, count):
    (group,) = (group for group in LISTS.of(layer) if group.name == name)
    assert len(group.units) == count


def test_the_units_that_are_related_to_curves_are_thirty():
    names = {
        "Curves",
        "Double Curves",
        "Curves misc.",
        "Shallow Curves",
        "Curve Shapes",
        "Evolute",
        "Circles / Loops",
    }
    units = {unit for group in LISTS.of("mixed3b") if group.name in names for unit in group.units}
    assert len(units) == 30
    assert all(320 <= unit < 416 for unit in units)  # all in the 5x5 branch


def test_catch_all_groups_are_no_families():
    for layer in LISTS.sizes:
        assert not {"Texture", "Textures", "Other Units", "Line Misc.", "Pattern"} & {
            group.name for group in LISTS.families(layer)
        }


def test_the_figures_steps_agree_with_the_published_degrees():
    """Two articles, two ways: rows of a figure, and maxima of tuning curves."""
    for layer in ("conv2d2", "mixed3a", "mixed3b"):
        orders = {order.name: order for order in LISTS.orders if order.layer == layer}
        degrees = dict(zip(orders["curves"].units, orders["curves"].degrees, strict=True))
        steps = zip(orders["aligned curves"].units, orders["aligned curves"].degrees, strict=True)
        gaps = np.exp(1j * np.radians([degrees[unit] - step for unit, step in steps]))
        assert abs(gaps.mean()) > 0.97


def test_errata_are_corrected():
    order = next(
        order for order in LISTS.orders if (order.layer, order.name) == ("mixed3b", "aligned curves")
    )
    assert 343 in order.units
    assert 345 not in order.units
    assert ("mixed4a", 325, 222) in LISTS.pairs


def test_a_grids_columns_go_on_half_its_width_away():
    order = next(order for order in LISTS.orders if order.name == "colour contrast, column 1")
    assert order.units == (43, 134, 126, 56, 60, 168, 172)  # the cell beside 43 is empty


def test_lists_are_of_one_network():
    assert lists_of("lucent:inceptionv1_exact") is LISTS
    assert lists_of("lucent:inceptionv1-untrained") is None
    assert lists_of("googlenet") is None


def test_an_unknown_layer_is_named():
    with pytest.raises(UnknownName, match="mixed3a"):
        LISTS.of("mixed3")
