"""The same trajectory from the same seed and actions on any machine: held to digests that were written down once."""

import hashlib

import numpy as np
import pytest

from envs import engine, registry
from envs.randomness import streams
from envs.state import hashes

WRITTEN_DOWN = {
    "tree": "7e8e3d0f61bcfb75",
    "monster": "7cf240b034b77192",
    "cheese": "5633ba56ff9eda55",
    "colour-shape": "727abf2961ba6c0a",
    "keys-chests": "48efe04737eaf617",
    "coin": "309593209b62b13d",
    "follow": "df0f1bcf0c8bfe6a",
}
"""World to the digest of 8 instances after 300 random steps; a change of the rules, or of how they draw, changes it."""


@pytest.mark.parametrize("name", registry.WORLDS)
def test_trajectories_are_those_written_down(name):
    world = registry.world(name)
    state = engine.reset(world, np.arange(8))
    for row in (streams(7, 2400) % np.uint64(len(world.actions))).reshape(300, 8).astype(np.int64):
        engine.step(world, state, row)
    assert hashlib.sha256("".join(hashes(state)).encode()).hexdigest()[:16] == WRITTEN_DOWN[name]
