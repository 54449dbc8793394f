"""Layers and units are chosen by text; what is not there is said with the nearest."""

import pytest

from core.errors import BadInput, UnknownName
from core.testing import planted_classifier
from feature_viz.gallery.selection import chosen_layers, chosen_units

SUBJECT = planted_classifier(seed=0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", ("conv", "relu", "pool", "head")),
        ("head,conv", ("conv", "head")),
        ("*o*", ("conv", "pool")),
        ("c*, conv", ("conv",)),
    ],
)
def test_layers(text, expected):
    assert chosen_layers(SUBJECT, text) == expected


@pytest.mark.parametrize("text", ["cnov", "conv,cnov", "conf*", ""])
def test_unknown_layers(text):
    with pytest.raises(UnknownName, match="nearest valid one is"):
        chosen_layers(SUBJECT, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, (0, 1, 2, 3)), ("all", (0, 1, 2, 3)), ("1-2", (1, 2)), ("3, 0-1,1", (0, 1, 3))],
)
def test_units(text, expected):
    assert chosen_units(text, 4, "conv") == expected


@pytest.mark.parametrize("text", ["4", "0-4", "2-1", "a", "1-", "-1", ""])
def test_impossible_units(text):
    with pytest.raises(BadInput, match="units"):
        chosen_units(text, 4, "conv")
