"""Parts are kept and read again, and what is written is Markdown that says what is in the rows."""

from core.artifacts import read_csv, read_json
from gridlens.family_scores.tables import Part, Table, keep, kept, shown, write_scores

PART = Part(
    "planted",
    "Planted truth",
    "1 of 2 lines.",
    (Table("found", "Found", "Two seeds.", [{"kind": "hue", "f1": 0.98765, "bar": None, "": "MISSED"}]),),
    ("hue 1",),
)


def test_parts_come_back_as_they_were_kept(tmp_path):
    keep(PART, tmp_path)
    (found,) = kept(tmp_path, ["planted", "published"])
    assert found == PART
    assert read_csv(tmp_path / "found.csv")[0]["f1"] == "0.98765"


def test_all_parts_stand_in_one_text(tmp_path):
    path = write_scores([PART, Part("published", "Published truth", "Left out, for a reason.")], tmp_path)
    text = path.read_text()
    assert "| hue | 0.988 |  | MISSED |" in text
    assert "### Published truth\n\nLeft out, for a reason." in text
    assert list(read_json(tmp_path / "scores.json")) == ["planted", "published"]


def test_text_of_numbers():
    assert shown([{"a": 2.0, "b": float("nan"), "c": False}]) == [{"a": "2", "b": "", "c": "no"}]
