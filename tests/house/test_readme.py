"""The Python of the README and the docs runs; the README's table of commands is the command line's."""

import re
from pathlib import Path

import pytest

from gridlens.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_runs(page):
    names: dict = {}  # one page is read from top to bottom
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
        exec(compile(block, page.name, "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_resolve(page):
    for name in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / name).exists(), name


def test_every_command_is_listed():
    listed = re.findall(r"^\| `gridlens ([\w-]+)", README, re.M)
    assert listed == list(COMMANDS)
