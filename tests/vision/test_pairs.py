"""Pairs of photographs: the answer turns, they differ where they say, and the third has to do with neither."""

import pytest
import torch

from core.errors import BadInput, UnknownName
from core.pairs import margin, turns
from core.subject import run
from vision.datasets import shapes_source
from vision.models import load
from vision.pairs import KINDS, beside, pairs


@pytest.fixture(scope="module")
def subject():
    return load("shapes")


@pytest.fixture(scope="module")
def made(subject):
    return pairs(subject, shapes_source(200), each=3, seed=1)


def test_every_kind_is_there_and_turns_the_answer(subject, made):
    assert [pair.kind for pair in made] == [kind for kind in KINDS for _ in range(3)]
    assert all(turns(subject, pair) for pair in made)


def test_they_differ_where_they_say_and_nowhere_else(made):
    for pair in made:
        differ = (pair.clean != pair.corrupted).any(0)
        assert not (differ & ~pair.changed).any(), pair.kind
        assert differ.float().mean() > 0.5 * pair.changed.float().mean(), pair.kind


def test_all_are_inputs_that_the_network_takes(subject, made):
    for pair in made:
        for one in (pair.clean, pair.corrupted, pair.unrelated):
            assert one.shape == subject.spec.shape
            assert one.min() >= 0
            assert one.max() <= 1


def test_the_unrelated_one_is_answered_with_neither(subject, made):
    answers = run(subject, torch.stack([pair.unrelated for pair in made]))["class"].argmax(1).tolist()
    assert all(answer not in (pair.plus, pair.minus) for answer, pair in zip(answers, made, strict=True))


def test_the_same_seed_draws_the_same_pairs(subject, made):
    again = pairs(subject, shapes_source(200), each=3, seed=1)
    other = pairs(subject, shapes_source(200), each=3, seed=2)
    fewer = pairs(subject, shapes_source(200), kinds=["halves"], each=2, seed=1)
    assert [pair.fingerprint for pair in fewer] == [pair.fingerprint for pair in made[-3:-1]]
    assert [pair.fingerprint for pair in again] == [pair.fingerprint for pair in made]
    assert {pair.fingerprint for pair in other}.isdisjoint(pair.fingerprint for pair in made)


def test_the_margin_is_the_logit_difference(subject, made):
    pair = made[0]
    logits = run(subject, pair.clean[None])["class"][0]
    assert margin(subject, pair.clean[None], "class", pair.plus, pair.minus).item() == pytest.approx(
        float(logits[pair.plus] - logits[pair.minus]), abs=1e-5
    )


@pytest.mark.parametrize("width", [8, 9])
def test_halves_are_as_wide_as_the_whole(width):
    joined = beside(torch.zeros(3, 4, width), torch.ones(3, 4, width))
    assert joined.shape == (3, 4, width)
    assert joined[0, 0].sum() == width - width // 2


def test_an_unknown_kind_is_answered_with_the_nearest(subject):
    with pytest.raises(UnknownName, match="'blurred'"):
        pairs(subject, shapes_source(9), kinds=["blured"])


def test_too_few_images_are_told(subject):
    with pytest.raises(BadInput, match="four classes"):
        pairs(subject, shapes_source(2), kinds=["two-classes"], each=1)
