"""Orders and grids: right up to offset and direction, at chance when shuffled, modulo what leaves a family as it is."""

import numpy as np
import pytest

from core.symmetry.groups import cyclic, dihedral, product
from vision.published.ordering import grids, orders
from vision.published.reading import inceptionv1

LISTS = inceptionv1()
TURNS = cyclic("rotation", 24)


def listed(layer, name):
    return next(order for order in LISTS.orders if (order.layer, order.name) == (layer, name))


def placed(order, *, offset=0, sign=1, step=15.0, count=24):
    steps = np.round((offset + sign * np.array(order.degrees)) / step).astype(int) % count
    return dict(zip(order.units, steps, strict=True))


def named(scores, name):
    return next(score for score in scores if score.name == name)


@pytest.mark.parametrize("layer", ["conv2d2", "mixed3a", "mixed3b"])
@pytest.mark.parametrize(("offset", "sign"), [(0, 1), (115, -1)])
def test_the_published_degrees_correlate_with_themselves(made_up, layer, offset, sign):
    """Up to rounding to steps of 15 degrees, wherever they begin and whichever way they go."""
    found = made_up(
        layer, TURNS, LISTS.sizes[layer], [placed(listed(layer, "curves"), offset=offset, sign=sign)]
    )
    score = named(orders(found, lists=LISTS), "curves")
    assert score.together == score.listed == len(listed(layer, "curves").units)
    assert score.correlation > 0.98
    assert score.chance < 0.75


def test_two_articles_agree_with_each_other(made_up):
    """Steps of the equivariance figure as places, degrees of the curve article as truth."""
    found = made_up("mixed3b", TURNS, 480, [placed(listed("mixed3b", "aligned curves"))])
    score = named(orders(found, lists=LISTS), "curves")
    assert (score.together, score.listed) == (8, 10)
    assert score.correlation > 0.95


def test_a_shuffled_order_is_at_chance(made_up):
    units = listed("mixed3b", "curves").units
    rng = np.random.default_rng(0)
    drawn = [dict(zip(units, rng.permutation(24)[:10], strict=True)) for _ in range(10)]
    found = [named(orders(made_up("mixed3b", TURNS, 480, [each]), lists=LISTS), "curves") for each in drawn]
    assert np.mean([score.correlation for score in found]) == pytest.approx(found[0].chance, abs=0.15)


def test_lines_repeat_every_half_turn(made_up):
    lines = listed("mixed3a", "lines")
    turned = {unit: (place + 12 * (unit % 2)) % 24 for unit, place in placed(lines).items()}
    found = made_up("mixed3a", TURNS, 256, [turned], stabiliser=(0, 12))
    assert named(orders(found, lists=LISTS), "lines").correlation > 0.98


def test_a_mirrored_place_is_the_turn_that_it_equals(made_up):
    """Curves are their own mirror images: ``mirrored 30°`` of a curve is a turned curve."""
    group = dihedral(24)
    curves = placed(listed("mixed3b", "curves"))
    own = 24 + 4  # a mirroring that leaves the origin as it is
    mirrored = {unit: int(group.table[place, own]) if unit % 2 else place for unit, place in curves.items()}
    found = made_up("mixed3b", group, 480, [mirrored], stabiliser=(0, own))
    score = named(orders(found, lists=LISTS), "curves")
    assert score.together == 10
    assert score.correlation > 0.98


def test_hue_is_compared_by_rank(made_up):
    hues = listed("mixed3b", "hue")
    squeezed = dict(zip(hues.units, (0, 1, 2, 3, 7, 11), strict=True))
    score = named(orders(made_up("mixed3b", cyclic("hue", 12), 480, [squeezed]), lists=LISTS), "hue")
    assert (score.by, score.together) == ("rank", 6)
    assert score.correlation == pytest.approx(1)


def test_three_units_are_too_few_for_an_order(made_up):
    curves = placed(listed("mixed3b", "curves"))
    found = made_up("mixed3b", TURNS, 480, [dict(list(curves.items())[:3])])
    score = named(orders(found, lists=LISTS), "curves")
    assert (score.together, score.correlation) == (3, None)


def test_a_duplicate_lies_where_its_like_does(made_up):
    curves = placed(listed("mixed3b", "curves"))
    left_out, kept = 388, 324
    del curves[left_out]
    found = made_up("mixed3b", TURNS, 480, [curves], duplicates=[(kept, left_out)])
    assert named(orders(found, lists=LISTS), "curves").together == 10


def test_the_hue_rotation_grid(made_up):
    """27 of 32 cells, as published; the same with half a turn of both added here and there; shuffled."""
    group, grid = product(cyclic("hue", 8), cyclic("rotation", 8)), LISTS.grids[0]
    cells = {
        unit: (row, col)
        for row, line in enumerate(grid.cells)
        for col, unit in enumerate(line)
        if unit is not None
    }
    rng = np.random.default_rng(0)

    def score(where):
        places = {
            unit: int(np.ravel_multi_index(np.mod(cell, 8), group.shape)) for unit, cell in where.items()
        }
        (found,) = grids(made_up("conv2d2", group, 192, [places]), lists=LISTS)
        return found

    both = {unit: np.array(cell) + 4 * (unit % 2) for unit, cell in cells.items()}
    for where in (cells, both):
        found = score(where)
        assert (found.together, found.listed) == (27, 27)
        assert found.diagonal == pytest.approx(1)
        assert found.hue == pytest.approx(1)
    shuffled = score(dict(zip(cells, rng.permutation(list(cells.values())), strict=True)))
    assert max(shuffled.diagonal, shuffled.hue) < 0.6
    assert found.diagonal_chance < 0.5


def test_rows_and_columns_of_the_grid_are_orders_of_their_own(made_up):
    row = listed("conv2d2", "colour contrast, row 2")
    found = made_up("conv2d2", TURNS, 192, [placed(row)])
    assert named(orders(found, lists=LISTS), row.name).correlation == pytest.approx(1)
