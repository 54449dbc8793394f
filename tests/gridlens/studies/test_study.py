"""A study is made in a run folder, goes on where it was, and refuses what it does not know."""

import shutil

import pytest

from core.errors import RunConflict, UnknownName
from gridlens.studies.kept import kept
from gridlens.studies.studies import STUDIES
from gridlens.studies.study import PAGE, Study, make
from reports.sections import Report, Section, Table
from rl.organism import folder_of


def counted(agents, folder, command, progress):
    rows = kept(folder, "counts", lambda: [{"agents": len(agents)}])
    table = Table(("agents",), [(rows[0]["agents"],)], caption="Agents")
    evidence = [Section("Counted", tables=[table])]
    return Report(title="Count", question="How many?", approach="", finding="Some.", evidence=evidence)


def folders(*names):
    return lambda root, progress: [folder_of(name) for name in names]


def test_the_page_and_its_numbers_lie_in_the_folder(tmp_path):
    studies = {"count": Study("how many?", folders("monster-25", "monster-200"), counted)}
    page = make(studies, "count", agents=tmp_path, out=tmp_path / "out", command="gridlens study count")
    assert page.name == PAGE
    assert "<td>2</td>" in page.read_text().replace(' class="number"', "")
    assert (tmp_path / "out" / "data" / "table-1-agents.csv").read_text().split() == ["agents", "2"]
    shutil.rmtree(tmp_path / "out" / "data")
    other = {
        "count": Study("how many?", folders("monster-25", "monster-200"), lambda *_: counted([], *_[1:]))
    }
    make(other, "count", agents=tmp_path, out=tmp_path / "out", command="gridlens study count")
    assert (tmp_path / "out" / "data" / "table-1-agents.csv").read_text().split() == ["agents", "2"]  # kept


def test_other_agents_are_another_run(tmp_path):
    for name, refused in (("monster-25", False), ("monster-200", True)):
        studies = {"count": Study("how many?", folders(name), counted)}
        if refused:
            with pytest.raises(RunConflict):
                make(studies, "count", agents=tmp_path, out=tmp_path / "out", command="")
        else:
            make(studies, "count", agents=tmp_path, out=tmp_path / "out", command="")


def test_a_study_that_is_not_there_leaves_nothing(tmp_path):
    with pytest.raises(UnknownName, match="'monster'"):
        make(STUDIES, "monstre", agents=tmp_path, out=tmp_path / "out", command="")
    assert not list(tmp_path.iterdir())
