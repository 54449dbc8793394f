"""The README's Python runs, and its table of commands is the command line's."""

import re
from pathlib import Path

from gridlens.cli import COMMANDS

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def test_the_python_runs():
    for block in re.findall(r"```python\n(.*?)```", README, re.S):
        exec(compile(block, "README.md", "exec"), {})


def test_every_command_is_listed():
    listed = re.findall(r"^\| `gridlens ([\w-]+)", README, re.M)
    assert listed == list(COMMANDS)


def test_every_picture_is_there():
    for name in re.findall(r"\]\((docs/[^)]+)\)", README):
        assert (Path(__file__).resolve().parents[2] / name).exists()
