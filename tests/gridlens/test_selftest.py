"""``gridlens selftest`` prints the table, says what missed, and keeps it as CSV."""

import core.selftest
from core.artifacts import read_csv
from core.selftest import Check, Scores

GOOD = Check("sure", "a coin", "hits", lambda seed: Scores(1.0, 0.5), bar=0.9, null_bar=0.6)
BAD = Check("unsure", "a coin", "hits", lambda seed: Scores(0.4), bar=0.9)


def test_the_table_is_printed_and_kept(gridlens, monkeypatch, tmp_path):
    monkeypatch.setattr(core.selftest, "CHECKS", (GOOD,))
    code, said = gridlens("selftest", "--out", tmp_path / "table.csv")
    assert code == 0
    assert "1 of 1 reach their bar" in said.out
    assert read_csv(tmp_path / "table.csv")[0]["randomised"] == "0.5"


def test_a_miss_is_shown_and_ends_with_1(gridlens, monkeypatch):
    monkeypatch.setattr(core.selftest, "CHECKS", (GOOD, BAD))
    code, said = gridlens("selftest", "--seeds", "1")
    assert code == 1
    assert "MISSED" in said.out


def test_a_method_that_is_not_there_is_one_sentence(gridlens, monkeypatch):
    monkeypatch.setattr(core.selftest, "CHECKS", (GOOD,))
    code, said = gridlens("selftest", "sur")
    assert code == 2
    assert "'sure'" in said.err
