"""Networks of one channel are shown pictures in grey, wherever the face opens pictures for them."""

import numpy as np
import pytest
from torch import nn

from core.subject import wrap
from gridlens.attribution.inputs import shown
from gridlens.attribution.making import Request, attributed
from gridlens.attribution.page import write_page
from gridlens.galleries import gallery
from gridlens.opened import Opened
from vision.scaling import parse_scaling


@pytest.fixture(scope="module")
def grey():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(200, 2))
    spec = parse_scaling("grey 0..1, 12x12")
    return wrap(net, name="grey", spec=spec, heads={"class": ("a", "b")})


def test_a_gallery_opens_its_pictures_in_grey(grey, tmp_path):
    made = gallery(grey, count=6, layers="0", steps=2, judge=None, views="positive", out=tmp_path)
    assert [unit["unit"] for unit in made.units] == ["0:0", "0:1"]


def test_an_attribution_page_shows_grey_inputs(grey, tmp_path):
    seen = shown(Opened(grey), count=2)
    assert seen.inputs.shape == (2, 1, 12, 12)
    assert all(
        picture.shape == (12, 12, 3) and np.ptp(picture, axis=2).max() == 0 for picture in seen.pictures
    )
    request = Request(methods=("saliency",), count=2, samples=4, stages=2)
    found = attributed(Opened(grey), request, out=tmp_path / "run")
    page = write_page(Opened(grey), found, request, folder=tmp_path / "run", page=tmp_path / "page.html")
    assert page.evidence[0].title == "Maps side by side"
