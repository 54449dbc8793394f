"""The rows beside Quantus: left out with a hint where it is missing, refused where it measures something else."""

import sys

import numpy as np
import pytest

from benchmarks import faithfulness
from benchmarks.rows import PeerMissing


def test_a_row_without_quantus_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "quantus", None)
    for row in (faithfulness.faithfulness_vs_quantus, faithfulness.flipping_vs_quantus):
        with pytest.raises(PeerMissing, match="need Quantus"):
            row()


def test_answers_that_differ_are_no_race(monkeypatch):
    pytest.importorskip("quantus", reason="Quantus is in the extra 'bench'")
    monkeypatch.setattr(faithfulness, "REPEATS", 1)
    row = faithfulness._row("race", 2, lambda: np.ones(3), lambda: np.ones(3) + 1e-6, "the same")
    assert row.ratio > 0
    with pytest.raises(PeerMissing, match=r"differ by 0\.5"):
        faithfulness._row("race", 2, lambda: np.ones(3), lambda: np.ones(3) * 1.5, "another thing")
