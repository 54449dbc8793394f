"""Places beside tuning angles: found where they agree, at chance where they do not, never flattered by few members."""

import numpy as np
import pytest

from core.symmetry.groups import cyclic
from gridlens.family_scores.agreement import ALIKE, Compared, compared, pooled
from gridlens.family_scores.networks import NETWORKS, chosen, missing
from vision import models

TURNS = cyclic("rotation", 24)


def family(number, places, angles):
    return Compared(number, "curves", np.radians(places), np.radians(angles))


def turned(number, *, noise, rng, size=8):
    places = rng.uniform(0, 360, size)
    return family(number, places, places + rng.uniform(0, 360) + rng.normal(0, noise, size))


def test_the_same_angles_up_to_each_familys_own_origin():
    rng = np.random.default_rng(0)
    found = pooled([turned(number, noise=0, rng=rng) for number in range(4)], seed=0)
    assert (found["compared"], found["members"]) == (4, 32)
    assert found["correlation"] == pytest.approx(1)
    assert found["low"] == pytest.approx(1)
    assert found["chance"] < 0.6


def test_scatter_of_twenty_degrees_costs_what_it_is_worth():
    rng = np.random.default_rng(1)
    found = pooled([turned(number, noise=20, rng=rng) for number in range(30)], seed=0)
    assert found["correlation"] == pytest.approx(np.exp(-(np.radians(20) ** 2) / 2), abs=0.05)
    assert found["low"] < found["correlation"] < found["high"]


def test_unrelated_angles_are_at_chance():
    rng = np.random.default_rng(2)
    found = pooled([family(n, rng.uniform(0, 360, 8), rng.uniform(0, 360, 8)) for n in range(20)], seed=0)
    assert found["correlation"] == pytest.approx(found["chance"], abs=0.15)


def test_angles_that_run_backwards_do_not_agree():
    places = np.arange(0, 360, 45.0)
    assert pooled([family(0, places, -places)], seed=0)["correlation"] < 0.3


def test_nothing_to_compare_has_no_correlation():
    assert pooled([], seed=0) == dict.fromkeys(("correlation", "low", "high", "chance")) | {
        "compared": 0,
        "members": 0,
    }


def curve(preferred, period, sharpness=2.0):
    """A bump at an angle, over 24 places."""
    away = np.arange(24) / 24 - preferred / period
    return np.exp(sharpness * np.cos(2 * np.pi * away)).tolist()


def document(preferred, *, stimulus="lines", period=180.0, stabiliser=(0, 12)):
    """One family of a search, with one tuning curve a member."""
    return {
        "layer": "conv", "units": 10, "invariant": [], "duplicates": [], "dead": [], "alone": [],
        "threshold": 0.5, "false_discovery": 0.01, "why": "made up",
        "families": [
            {
                "members": [[unit, 2 * unit] for unit in range(len(preferred))],
                "likeness": 0.9, "consistency": 1.0, "stabiliser": list(stabiliser),
                "tuning": {
                    "stimulus": stimulus, "period": period,
                    "curves": {
                        str(unit): {"preferred": each, "values": curve(each or 0.0, period)}
                        for unit, each in enumerate(preferred)
                    },
                },
            }
        ],
    }  # fmt: skip


def test_lines_are_compared_modulo_half_a_turn():
    (found,) = compared(document([10.0, 220.0, 70.0, 100.0]), TURNS)  # places 0, 30, 60, 90
    assert found.stimulus == "lines"
    assert found.alike > 0.98
    assert pooled([found], seed=0)["correlation"] == pytest.approx(1)


def test_members_without_an_angle_are_left_out():
    (found,) = compared(document([10.0, None, 70.0, 100.0]), TURNS)
    assert len(found.places) == 3
    assert compared(document([10.0, None, None, 100.0]), TURNS) == []


def test_curves_of_different_shape_do_not_speak_for_a_family():
    made = document([10.0, 40.0, 70.0, 100.0])
    curves = made["families"][0]["tuning"]["curves"]
    rng = np.random.default_rng(0)
    for one in curves.values():
        one["values"] = rng.normal(size=24).tolist()
    (found,) = compared(made, TURNS)
    assert found.alike < ALIKE


def test_hue_curves_say_nothing_of_turns():
    assert compared(document([1.0, 2.0, 3.0], stimulus="hue_centres", period=360.0), TURNS) == []


def test_known_networks_name_layers_that_they_have():
    (network,) = chosen(["cifar10_resnet20"])
    assert set(network.early) <= set(network.layers) <= set(models.load(network.model).layers)


def test_what_the_data_folder_lacks_is_named(tmp_path):
    assert missing(NETWORKS["bvlc_googlenet"], tmp_path) == "weights/bvlc_googlenet.safetensors"
