"""Concepts from folders and factors: each image has what was asked for; TCAV finds what the shipped network uses."""

import numpy as np
import pytest
import torch

from core.artifacts import write_image
from core.errors import BadInput, UnknownName, Unreadable
from core.targets import parse
from core.tcav import TcavSettings, tcav
from vision import shapes
from vision.concepts import class_concept, factor_concept, random_images, read_concepts
from vision.models import load


def test_each_folder_is_a_concept(tmp_path):
    for name, level in (("dark", 0.1), ("bright", 0.9)):
        for number in range(4):
            write_image(tmp_path / name / f"{number}.png", torch.full((3, 20, 30), level))
    (tmp_path / ".hidden").mkdir()
    found = read_concepts(tmp_path, size=(12, 16), count=3)
    assert {name: tuple(images.shape) for name, images in found.items()} == {
        "bright": (3, 3, 12, 16),
        "dark": (3, 3, 12, 16),
    }
    assert float(found["dark"].mean()) == pytest.approx(0.1, abs=0.01)


def test_folders_that_are_missing_or_empty_are_one_sentence(tmp_path):
    with pytest.raises(Unreadable, match=r"no folder .*one folder of pictures each"):
        read_concepts(tmp_path / "gone", size=(8, 8))
    with pytest.raises(BadInput, match="holds no folders"):
        read_concepts(tmp_path, size=(8, 8))
    (tmp_path / "dots").mkdir()
    with pytest.raises(BadInput, match=r"no pictures in .*dots"):
        read_concepts(tmp_path, size=(8, 8))


def test_images_have_the_factor_that_was_asked_for():
    red = factor_concept("hue", 340.0, 20.0, count=30, size=8)
    every = shapes.generate(0, np.arange(shapes.TEST_START, shapes.TEST_START + 1000), size=8)
    hue = every.factors["hue"]
    wanted = np.flatnonzero((hue >= 340) | (hue < 20))[:30]
    assert torch.equal(red, every.images[torch.from_numpy(wanted)])
    stars = class_concept("star", count=5, size=8)
    assert torch.equal(stars, every.images[every.labels == shapes.CLASSES.index("star")][:5])
    with pytest.raises(UnknownName, match="nearest valid one is 'hue'"):
        factor_concept("hues", 0.0, 1.0, count=3)
    with pytest.raises(UnknownName, match="nearest valid one is 'star'"):
        class_concept("stars", count=3)
    with pytest.raises(BadInput, match=r"only 0 of .* have noise in \[2, 3\); asked for 3"):
        factor_concept("noise", 2.0, 3.0, count=3)


def test_the_shipped_network_uses_the_shape_and_not_the_noise():
    subject = load("shapes")
    stars = class_concept("star", count=60)
    layer = [name for name, info in subject.layers.items() if info.spatial][-1]
    rows = tcav(
        subject,
        stars[:20],
        parse("class:star", subject),
        layer,
        concepts={"star": stars[20:], "noise": factor_concept("noise", 0.05, 0.08, count=40)},
        random=random_images(160),
        settings=TcavSettings(runs=3, nulls=40, kind="linear"),
    )
    star, noise = rows
    assert star.significant
    assert star.sensitivity.low > star.chance_sensitivity[1]
    assert abs(noise.sensitivity.estimate) < abs(star.sensitivity.estimate) / 3
