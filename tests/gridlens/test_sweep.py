"""``gridlens sweep``: mistakes leave nothing, failures end in exit code 1, the page names them; the example is read."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gridlens.cli import main
from rl.sweeps import read

ROOT = Path(__file__).resolve().parents[2]
TINY = """\
name = "tiny"
[[agents]]
world = "cheese"
network = "mlp"
seeds = 2
steps = 1024
watched_levels = 16
snapshots = "log:2"
dials = {size = 5, limit = 20, rand_region = 1}
settings = {n_envs = 16, rollout = 16, batch = 64}
[[agents]]
name = "<hot>"
world = "cheese"
network = "mlp"
steps = 1024
dials = {size = 5, limit = 20}
settings = {n_envs = 16, rollout = 16, batch = 64, value_weight = 1e39}
[evaluate]
levels = 10
over = {rand_region = [1, 2, 3]}
"""


def test_the_example_of_the_docs_is_a_sweep(tmp_path):
    page = (ROOT / "docs" / "sweeps.md").read_text()
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.S)
    (tmp_path / "coin.toml").write_text(text)
    found = read(tmp_path / "coin.toml")
    assert f"{len(found.tasks)} agents:" in page
    assert found.tasks[0].name == "coin-random_percent=0-ppo-seed0"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "seeds = 2",
            "seed = 2",
            "line 5 of 'tiny.toml', [[agents]] 1: unknown key 'seed'; the nearest valid one is",
        ),
        ("value_weight = 1e39", "value_wait = 1", "'value_weight'"),
        ("rand_region = [1", "rand_regoin = [1", "'rand_region'"),
        ('world = "cheese"', 'world = "chese"', "'cheese'"),
    ],
)
def test_a_slip_leaves_nothing_behind(tmp_path, monkeypatch, capsys, old, new, says):
    (tmp_path / "tiny.toml").write_text(TINY.replace(old, new))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["gridlens", "sweep", "tiny.toml"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_piped_it_says_who_failed_and_the_page_shows_it(tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "gridlens",
            "sweep",
            str(tmp_path / "tiny.toml"),
            "--out",
            str(tmp_path / "out"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 1, done.stderr
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", done.stderr + done.stdout)
    assert "2 of 3 agents done, 0 running, 1 failed" in done.stderr
    *_, told, last = done.stderr.splitlines()
    assert told.startswith("failed: _hot_-ppo-seed0: training stopped at step")
    assert told.endswith("_hot_-ppo-seed0.log)")
    assert last == "gridlens: 1 of 3 agents failed; the same command tries them again"
    page = (tmp_path / "out" / "index.html").read_text()
    for words in ("_hot_-ppo-seed0", "training stopped at step", "1 of 3 agents failed", "How to reproduce"):
        assert words in page
    assert "name = &#34;&lt;hot&gt;&#34;" in page  # the sweep file, escaped
    for part in ("what they came to", "over a dial of the levels", "how they learned"):
        (section,) = re.findall(rf"<h2>Cheese: {part}</h2>(.*?)</section>", page, re.S)
        assert "<svg" in section
    assert "<script" not in page
