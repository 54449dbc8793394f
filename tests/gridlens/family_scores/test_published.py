"""Published truth: InceptionV1 is fetched or the part is left out, and searched families are scored as they are."""

import pytest
import torch
from torch import nn

from core.errors import Unreadable
from core.subject import InputSpec, wrap
from gridlens.family_scores.published import MODEL, PLAN, Tables, add, fetched, published_tables
from vision import models
from vision.published.reading import inceptionv1
from vision.published.scoring import score
from vision.views.actions import parse
from vision.views.waves import waves


def test_without_the_network_one_sentence_says_why():
    def load():
        raise Unreadable("lucent's weights could not be downloaded: no route to host")

    subject, why = fetched(load)
    assert subject is None
    assert why == (
        "Published truth is left out, for it needs the weights of InceptionV1: lucent's weights could not be "
        "downloaded: no route to host"
    )


def test_the_plan_names_layers_with_something_published():
    lists = inceptionv1()
    for name, layers in PLAN:
        axes = parse(name).group.axes
        for layer in layers:
            ordered = any(order.layer == layer and order.action in axes for order in lists.orders)
            paired = any(pair[0] == layer for pair in lists.pairs)
            assert lists.families(layer, *axes) or ordered or paired


class First(nn.Module):
    """As many units as InceptionV1's first layer."""

    def __init__(self):
        super().__init__()
        self.conv2d0 = nn.Conv2d(3, 64, 5)

    def forward(self, x):
        return self.conv2d0(x).mean((2, 3))


def test_a_network_is_searched_and_scored_by_the_plan(tmp_path):
    """The way from network to tables, with random weights; what it finds is nobody's concern."""
    torch.manual_seed(0)
    spec = InputSpec((3, 17, 17), mean=(0.5,) * 3, std=(0.25,) * 3)
    subject = wrap(First(), name="first", spec=spec, heads={"class": tuple(map(str, range(64)))})

    def views(layers, name):
        return waves(parse(name), count=16, size=(17, 17))

    plan = [("rotation:90", ("conv2d0",)), ("reflection", ("conv2d0",))]
    tables = published_tables(subject, views, out=tmp_path, plan=plan, progress=lambda *_: None)
    assert [row["layer"] for row in tables.layers] == ["conv2d0", "conv2d0"]
    assert {row["published"] for row in tables.groups} == {"Gabor Filters", "Color Contrast"}
    assert tables.layers[0]["precision by chance"] > 0
    assert tables.mirrors == []


@pytest.mark.network
def test_the_network_itself_is_fetched():
    subject, why = fetched(lambda: models.load(MODEL, weights="default"))
    assert why == ""
    assert subject.layers["mixed4a"].channels == 508


def test_rows_of_a_score(families_of_curves):
    tables = Tables()
    add(tables, score(families_of_curves))
    (layer,) = tables.layers
    assert (layer["complete"], layer["precision"], layer["candidates"]) == (True, 1, 0)
    curves = next(row for row in tables.groups if row["published"] == "Curves")
    assert curves["f1"] == 1
    assert tables.orders[0]["together"] == 10


@pytest.fixture
def families_of_curves():
    from core.provenance import provenance
    from core.symmetry.families import Families, Family, Member
    from core.symmetry.groups import cyclic

    order = next(each for each in inceptionv1().orders if (each.layer, each.name) == ("mixed3b", "curves"))
    places = [round(angle / 15) % 24 for angle in order.degrees]
    members = tuple(Member(unit, place) for unit, place in zip(order.units, places, strict=True))
    family = Family(members, 0.9, 1.0, (0,))
    return Families(
        "mixed3b", cyclic("rotation", 24), 480, (family,), (), (), (), 0.5, 0.05, "made up", provenance()
    )
