"""The command line, called as users call it."""

import sys

import pytest

from gridlens.cli import main


@pytest.fixture
def gridlens(monkeypatch, tmp_path, capsys):
    """Run a command in an empty folder on a wide terminal: exit code, and what it said (``out``, ``err``)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["gridlens", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    return call
