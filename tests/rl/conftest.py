"""Planted agents for Cheese: the shortest way to the cheese or to the corner, worked out from the window alone."""

import pytest
import torch
from torch import nn
from torch.nn.functional import max_pool2d

from envs.registry import world
from rl.agents import as_subject


@pytest.fixture(autouse=True)
def one_thread():
    """What is compared byte by byte is computed on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Planted(nn.Module):
    """Floods the window from its goal; an action's logit is high if its cell lies nearer, the value is -distance."""

    def __init__(self, goal, size):
        super().__init__()
        self.goal, self.size = goal, size
        self.eye = nn.Identity()

    def forward(self, seen):
        seen = self.eye(seen)
        wall, cheese = seen[:, 0] > 0.5, seen[:, 1]
        target = cheese if self.goal == "cheese" else self.corner(wall)
        reached, steps = target[:, None], torch.full_like(cheese, 99.0)
        for step in range(3 * self.size):
            steps = torch.where((reached[:, 0] > 0) & (steps == 99), float(step), steps)
            cross = torch.maximum(
                max_pool2d(reached, (3, 1), 1, (1, 0)), max_pool2d(reached, (1, 3), 1, (0, 1))
            )
            reached = cross * ~wall[:, None]
        steps = torch.where(wall, 100.0, steps)
        c = seen.shape[-1] // 2
        around = torch.stack(
            [steps[:, c - 1, c], steps[:, c + 1, c], steps[:, c, c - 1], steps[:, c, c + 1]], 1
        )
        return {"policy": -20 * around, "value": -steps[:, c, c, None]}

    def corner(self, wall):
        """The top-right free cell: the first row and the last column that have one."""
        free = ~wall
        row, column = free.any(2).float().argmax(1), free.shape[2] - 1 - free.any(1).flip(1).float().argmax(1)
        target = torch.zeros(wall.shape)
        target[torch.arange(len(wall)), row, column] = 1
        return target


@pytest.fixture(scope="session")
def maze():
    """Cheese in the corner of small mazes."""
    return world("cheese", size=7, rand_region=1, limit=40)


@pytest.fixture(scope="session")
def cheese_seeker(maze):
    return as_subject(Planted("cheese", 7), maze, view="window", name="cheese seeker")


@pytest.fixture(scope="session")
def corner_runner(maze):
    return as_subject(Planted("corner", 7), maze, view="window", name="corner runner")
