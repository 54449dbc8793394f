"""The face is quick and lazy, and names a folder that shadows one of ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gridlens.cli import COMMANDS


def python(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, **options
    )


def test_importing_the_face_loads_no_torch_until_touched():
    code = "import sys, gridlens as gl; assert 'torch' not in sys.modules; gl.Unit; assert 'torch' in sys.modules"
    done = python("-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_answers_without_torch_for_every_command(command):
    done = python("-X", "importtime", "-m", "gridlens", *command.split(), "--help")
    assert done.returncode == 0
    assert " torch" not in done.stderr
    assert " matplotlib" not in done.stderr


@pytest.mark.parametrize("name", ["core", "envs"])
def test_a_shadowing_folder_is_named(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    script = tmp_path / "mine.py"
    script.write_text("import gridlens as gl\n")
    done = python(str(script), cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    assert done.returncode != 0
    assert str(tmp_path / name) in done.stderr


def test_every_public_name_exists():
    code = "import gridlens as gl\nfor name in gl.__all__: getattr(gl, name)\nassert dir(gl)"
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
