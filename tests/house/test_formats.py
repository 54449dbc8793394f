"""Nothing of ours reads or writes pickle, names a machine's path or a registry, or repeats the reference keys."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "feature_viz", "vision", "envs", "rl", "reports", "gridlens")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PICKLE = re.compile(
    r"\b(import (cloud)?pickle|pickle\.(load|dump)|torch\.(save|load)\(|joblib|allow_pickle=True|\.learn_from_zip)"
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_pickle(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        assert not PICKLE.search(line) or "weights_only=True" in line, f"{path}:{number}: {line.strip()}"


def test_every_reference_key_resolves():
    known = set(re.findall(r"^@\w+\{([^,]+),", (ROOT / "REFERENCES.bib").read_text(), re.M))
    cited = {
        (key, path.name)
        for path in SOURCES
        for key in re.findall(r"\[([a-z]+[0-9]{4}[a-z]?)\]", path.read_text())
    }
    assert not {pair for pair in cited if pair[0] not in known}


def test_nothing_of_this_machine_is_committed():
    # Split so that this file does not find itself.
    hosts = ("pypi.", "files.pythonhosted.", "registry.npmjs.", "download.pytorch.")
    registries = [host + "org" for host in hosts]
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False
    ).stdout
    for name in filter(None, listed.splitlines()):
        path = ROOT / name
        if path.suffix in (".safetensors", ".png", ".webp", ".gif") or not path.exists():
            continue
        text = path.read_text(errors="ignore")
        for word in [*registries, "/wo" + "rk/"]:
            assert word not in text, f"{name} names {word}"
