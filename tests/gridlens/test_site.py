"""Sites: every kind of result gets its card and its copy; links hold, bad input writes nothing, again is the same."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import torch

from core.artifacts import read_json, write_json, write_text
from core.errors import BadInput, RunConflict, Unreadable
from core.runs import running
from core.testing import planted_classifier
from feature_viz.examples.tensor_source import TensorImages
from gridlens.galleries import gallery
from gridlens.site import report
from reports.drawing import figure
from reports.html import write
from reports.sections import Report, Section


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A gallery, a run with a page and numbers, and a page by itself."""
    root = tmp_path_factory.mktemp("runs")
    images = TensorImages(torch.rand(6, 3, 12, 12, generator=torch.Generator().manual_seed(0)))
    gallery(
        planted_classifier(seed=0),
        images,
        layers="conv",
        units="0-1",
        views="positive",
        steps=2,
        out=root / "g",
    )
    drawn = figure(lambda canvas: None, height=9, title="How often", caption="", alt="Nothing is drawn")
    page = Report("A <and> B", "Do they?", "Looked.", "They differ.", [Section("One", figures=[drawn])])
    with running(root / "compare", kind="compare", parameters={}):
        write(page, root / "compare" / "index.html")
        write_text(root / "compare" / "data" / "table.csv", "a\n1\n")
        write_text(root / "compare" / "large.safetensors", "not needed")
    write(
        Report("Probes", "?", ".", "It knows.", reproduce=["gridlens probe a"], kind="Probes"),
        root / "p.html",
    )
    return root


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_every_result_has_its_card_and_all_links_hold(runs, tmp_path):
    site = report(
        [runs / "g", runs / "compare", runs / "p.html"], out=tmp_path / "site", title="All & sundry"
    )
    front = site.read_text()
    for words in (
        "They differ.",
        "It knows.",
        "gridlens probe a",
        "A &lt;and&gt; B",
        "All &amp; sundry",
        "Probes",
    ):
        assert words in front
    for path in (tmp_path / "site").rglob("*.html"):
        for way in re.findall(r'(?:href|src)="([^"#][^"#]*)', path.read_text()):
            if not way.startswith(("data:", "http")):
                assert (path.parent / unquote(way)).exists(), (path, way)


def test_what_is_not_needed_stays_and_numbers_come_along(runs, tmp_path):
    report([runs / "g", runs / "compare"], out=tmp_path / "site")
    held = contents(tmp_path / "site")
    assert "compare/data/table.csv" in held
    assert "compare/manifest.json" in held
    assert not any("safetensors" in name or name.startswith("g/batches") for name in held)
    assert b"../../index.html" not in held["g/index.html"]
    assert b'href="../../../../index.html"' not in held["g/index.html"]
    assert b'href="../index.html">' in held["g/index.html"]
    assert b'href="../../../index.html">' in held["g/units/conv/0000.html"]


def test_again_is_the_same_and_fewer_results_leave_no_trace(runs, tmp_path):
    report([runs / "g", runs / "compare"], out=tmp_path / "site")
    first = contents(tmp_path / "site")
    report([runs / "g", runs / "compare"], out=tmp_path / "site")
    assert contents(tmp_path / "site") == first
    report([runs / "compare"], out=tmp_path / "site")
    assert not (tmp_path / "site" / "g").exists()
    assert [one["name"] for one in read_json(tmp_path / "site" / "site.json")["results"]] == ["compare"]


def test_results_lead_to_each_other_and_to_nothing_outside(tmp_path):
    for name in ("one", "two"):
        folder = tmp_path / "runs" / name
        write(Report(name, "?", ".", "Found."), folder / "index.html")
        other = "two" if name == "one" else "elsewhere"
        page = (folder / "index.html").read_text()
        link = f'<a href="../{other}/index.html#x">there</a></body>'
        write_text(folder / "index.html", page.replace("</body>", link))
    write_text(tmp_path / "runs" / "elsewhere" / "index.html", "<body></body>")
    report([tmp_path / "runs" / "one", tmp_path / "runs" / "two"], out=tmp_path / "site")
    assert 'href="../two/index.html#x">there' in (tmp_path / "site" / "one" / "index.html").read_text()
    assert 'title="not part of this site">there' in (tmp_path / "site" / "two" / "index.html").read_text()


def test_two_runs_of_one_name_get_folders_of_their_own(tmp_path):
    for place in ("a", "b"):
        write(Report(place, "?", ".", "Found."), tmp_path / place / "run" / "index.html")
    report([tmp_path / "a" / "run", tmp_path / "b" / "run"], out=tmp_path / "site")
    assert {path.name for path in (tmp_path / "site").iterdir()} == {
        "run",
        "run-2",
        "index.html",
        "site.json",
    }


def unfinished(tmp_path):
    folder = tmp_path / "half"
    with pytest.raises(KeyboardInterrupt), running(folder, kind="probe", parameters={}):
        raise KeyboardInterrupt
    return folder


def without_page(tmp_path):
    with running(tmp_path / "agent", kind="train", parameters={}):
        pass
    return tmp_path / "agent"


def older(tmp_path):
    with running(tmp_path / "older", kind="patching", parameters={}):
        write_text(tmp_path / "older" / "index.html", "<body>")
    return tmp_path / "older"


def foreign(tmp_path):
    write_text(tmp_path / "notes" / "index.html", "<body>")
    return tmp_path / "notes"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda path: path / "nowhere", "there is no run or page"),
        (unfinished, "is not finished"),
        (without_page, "has no page"),
        (older, "make it again"),
        (foreign, "no result of Gridlens"),
    ],
)
def test_what_is_no_finished_result_is_one_sentence(made, said, runs, tmp_path):
    with pytest.raises(Unreadable, match=said):
        report([runs / "compare", made(tmp_path)], out=tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_the_same_twice_or_nothing_is_refused(runs, tmp_path):
    with pytest.raises(BadInput, match="named twice"):
        report([runs / "compare", runs / "compare"], out=tmp_path / "site")
    with pytest.raises(BadInput, match="at least one"):
        report([], out=tmp_path / "site")


def test_a_folder_with_something_else_is_left_alone(runs, tmp_path):
    write_json(tmp_path / "mine" / "a.json", 1)
    with pytest.raises(RunConflict, match="holds no site"):
        report([runs / "compare"], out=tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["a.json"]
