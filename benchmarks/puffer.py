"""Steps a second of PufferLib's grid environment, compiled from the source distribution of PufferLib 3.0.

PufferLib itself asks for an older gymnasium than ours, so only this environment is compiled, with PufferLib's own
optimisation flags, against the numpy that runs; its Python wrapper does no more per step than is done here.
"""

import importlib.util
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import PeerMissing

STEPS, MAPS, SIDE, VIEW = 300, 1000, 9, 11
WHERE = "GRIDLENS_PUFFER"


def puffer_stepping(instances: int) -> Callable[[], float]:
    """A function that plays mazes of 5x5 to 9x9 with random actions and returns steps a second.

    Raises PeerMissing where the source distribution or a C compiler is missing.
    """
    binding = _compiled(_sources())
    seen = np.zeros((instances, VIEW * VIEW), np.uint8)
    actions, rewards = np.zeros(instances, np.float32), np.zeros(instances, np.float32)
    terminals, truncations = np.zeros(instances, bool), np.zeros(instances, bool)
    levels = binding.shared(num_maps=MAPS, max_size=SIDE, size=-1)
    buffers = (seen, actions, rewards, terminals, truncations)
    env = binding.vec_init(*buffers, instances, 0, state=levels, max_size=SIDE, num_maps=MAPS)
    binding.vec_reset(env, 0)
    choices = np.random.default_rng(0).integers(0, 5, (64, instances))

    def run(_kept: object = buffers) -> float:  # the binding writes into them, but does not hold them
        start = time.perf_counter()
        for t in range(STEPS):
            actions[:] = choices[t % len(choices)]  # as its Python wrapper does
            binding.vec_step(env)
        return STEPS * instances / (time.perf_counter() - start)

    run()
    if not seen.any():
        raise PeerMissing("PufferLib's grid wrote no observations; expected version 3.0.0")
    return run


def _sources() -> Path:
    place = os.environ.get(WHERE, "")
    folder = Path(place)
    if not place or not (folder / "pufferlib/ocean/grid/binding.c").is_file():
        raise PeerMissing(
            f"this row needs {WHERE}, the unpacked source distribution of pufferlib 3.0.0; got {place!r}"
        )
    return folder


def _compiled(folder: Path) -> Any:
    """The grid's binding as a module."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise PeerMissing("this row needs a C compiler; there is no cc and no gcc")
    with tempfile.TemporaryDirectory() as made:
        library = Path(made) / "binding.so"
        raylib = next(folder.glob("raylib-*"), folder)
        include = [sysconfig.get_paths()["include"], np.get_include(), str(raylib / "include")]
        flags = [
            "-shared",
            "-fPIC",
            "-O2",
            "-ffast-math",
            "-DPLATFORM_DESKTOP",
            *(f"-I{path}" for path in include),
        ]
        sources = [
            "pufferlib/ocean/grid/binding.c",
            str(raylib / "lib/libraylib.a"),
            "-lm",
            "-o",
            str(library),
        ]
        told = subprocess.run(
            [compiler, *flags, *sources], cwd=folder, capture_output=True, text=True, check=False
        )
        if told.returncode:
            raise PeerMissing(f"PufferLib's grid does not compile: {told.stderr.strip().splitlines()[-1]}")
        found = importlib.util.spec_from_file_location("binding", library)
        if found is None or found.loader is None:
            raise PeerMissing(f"{library} cannot be imported as a module")
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module
