"""ALGORITHMS: what agents can be trained by, each in a file of its own."""

from collections.abc import Mapping

from rl.algorithms import ppo
from rl.algorithms.algorithm import Algorithm

ALGORITHMS: Mapping[str, Algorithm] = {
    "ppo": Algorithm(ppo.Settings, ppo.make, ppo.LOSSES, ppo.check),
}
