"""Planted truth: what is scored is what was planted, and a run goes on where it was broken off."""

import numpy as np
import pytest

from core.provenance import provenance
from core.symmetry.families import Families, Family, Member
from core.testing.families import planted_families
from gridlens.family_scores import planted as scoring
from gridlens.family_scores.planted import Case, cases, planted_rows, row, scored, worst_order
from gridlens.family_scores.summaries import planted_part


@pytest.fixture(scope="module")
def truth():
    return planted_families("rotation", seed=1, families=3, alone=4, duplicates=0, dead=0, invariant=0)


def found_as(truth, *, move=None, turn=0):
    """Families with exactly the planted members; one member moved by some steps, all turned."""
    group = truth.group
    families = []
    for number in range(truth.family.max() + 1):
        units = np.flatnonzero(truth.family == number)
        places = (truth.place[units] + turn) % len(group)
        if move is not None and number == 0:
            places[0] = (places[0] + move) % len(group)
        members = tuple(Member(int(unit), int(place)) for unit, place in zip(units, places, strict=True))
        families.append(Family(members, 1.0, 1.0, (0,)))
    units = len(truth.family)
    return Families(
        truth.layer, group, units, tuple(families), (), (), (), 0.5, 0.05, "made up", provenance()
    )


def test_the_truth_itself_scores_one_wherever_it_begins(truth):
    told = scored(truth, found_as(truth, turn=3))
    assert (told["precision"], told["recall"], told["f1"], told["ari"]) == (1, 1, 1, 1)
    assert told["order error"] == 0


def test_one_member_two_steps_off_is_an_error_of_two_steps(truth):
    assert worst_order(truth, found_as(truth, move=2)) == 2


def test_cases_are_every_kind_depth_noise_and_seed_and_the_empty_networks():
    every = list(cases(kinds=["hue"], depths=[1], noises=[0.0, 0.1], seeds=range(3)))
    assert len(every) == 2 * 3 + 2 * 3
    assert len({case.file for case in every}) == len(every)


def test_a_planted_network_reaches_the_bars_and_its_shuffle_claims_nothing():
    every = [Case("reflection", 1, 0.1, 8100, network) for network in ("planted", "shuffled", "untrained")]
    found = [row(case, views=96) for case in every]
    part = planted_part(found)
    assert found[0]["f1"] >= 0.95
    assert not part.missed


def test_rows_that_are_there_are_not_computed_again(tmp_path, monkeypatch):
    made = []

    def counted(case, *, views):
        made.append(case)
        return {"network": case.network, "seed": case.seed}

    monkeypatch.setattr(scoring, "row", counted)
    every = list(cases(kinds=["hue"], depths=[1], noises=[0.1], seeds=range(2)))
    first = planted_rows(every, out=tmp_path / "p", progress=lambda *_: None)
    (tmp_path / "p" / "rows" / every[1].file).unlink()
    assert planted_rows(every, out=tmp_path / "p", progress=lambda *_: None) == first
    assert made == [*every, every[1]]


def test_a_missed_bar_is_named():
    good = {"network": "planted", "kind": "hue", "depth": 1, "noise": 0.1, "seed": 1, "f1": 1.0, "ari": 1.0}
    good |= {
        "precision": 1.0,
        "recall": 1.0,
        "order error": 0.0,
        "invariant": None,
        "duplicates": 1.0,
        "dead": 1.0,
    }
    bad = good | {"seed": 2, "order error": 2.0}
    noisy = bad | {"noise": 0.2}
    part = planted_part([good, bad, noisy])
    assert part.missed == ("hue 1 0.1",)  # the worst seed counts, and beyond 10 % noise there is no bar
    assert "seeds 1 to 2" in part.said
