"""Sweeps: many agents trained and evaluated, on all cores of a machine or on a cluster, into one table."""

from rl.sweeps.driver import Swept, run
from rl.sweeps.events import Failure
from rl.sweeps.plan import Sweep, read
from rl.sweeps.task import Plan, Task

__all__ = ["Failure", "Plan", "Sweep", "Swept", "Task", "read", "run"]
