"""ALGORITHMS: what agents can be trained by, each in a file of its own."""

from collections.abc import Mapping

from rl.algorithms import a2c, dqn, off_policy, on_policy, ppo, qrdqn, recurrent_ppo
from rl.algorithms.algorithm import Algorithm

ALGORITHMS: Mapping[str, Algorithm] = {
    "ppo": Algorithm(ppo.Settings, ppo.make, ppo.LOSSES, on_policy.keep, on_policy.recall, ppo.check),
    "a2c": Algorithm(a2c.Settings, a2c.make, a2c.LOSSES, on_policy.keep, on_policy.recall),
    "dqn": Algorithm(dqn.Settings, dqn.make, dqn.LOSSES, off_policy.keep, off_policy.recall, dqn.check),
    "qrdqn": Algorithm(qrdqn.Settings, qrdqn.make, dqn.LOSSES, off_policy.keep, off_policy.recall, dqn.check),
    "recurrent-ppo": Algorithm(
        recurrent_ppo.Settings,
        recurrent_ppo.make,
        recurrent_ppo.LOSSES,
        recurrent_ppo.keep,
        recurrent_ppo.recall,
        ppo.check,
        memory=True,
    ),
}
