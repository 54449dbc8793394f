"""The kernel cache: it is used by the next process, and any edit of the folder empties it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import envs.kernels

PROGRAM = """
import numpy as np
from envs.randomness import below
words = np.array([1], np.uint64)
below(words, 0, np.int64(10))
print(sum(below.stats.cache_hits.values()), sum(below.stats.cache_misses.values()), words[0])
"""

HELPER = """
import numpy as np
from envs.kernels import kernel

@kernel
def advance(words, i):
    words[i] += np.uint64({step})
"""


def run(folder: Path) -> list[int]:
    """Cache hits, cache misses, and the stream word after one draw, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": str(folder / "cache")}
    out = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return [int(word) for word in out.stdout.split()]


def test_cache_survives_processes_and_notices_edits(tmp_path):
    """What is edited lies in another file than the kernel that calls it, as with the worlds' helpers."""
    root = Path(envs.kernels.__file__).parents[1]
    for package in ("core", "envs"):
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    caller, helper = tmp_path / "envs" / "randomness.py", tmp_path / "envs" / "advance.py"
    helper.write_text(HELPER.format(step=5))
    text = caller.read_text().replace("    words[i] += GOLDEN\n", "    advance(words, i)\n")
    caller.write_text(text.replace("import inlined\n", "import inlined\nfrom envs.advance import advance\n"))
    assert run(tmp_path) == [0, 1, 6]
    assert run(tmp_path) == [1, 0, 6]
    helper.write_text(HELPER.format(step=7))
    assert run(tmp_path) == [0, 1, 8]
