"""An agent's own move: up, down, left or right, unless a wall is in the way."""

from envs.kernels import inlined
from envs.state import AGENT, WALL


@inlined
def moved(planes, agent, i, action):
    """Move the agent of instance ``i`` and say whether no wall was in the way; other actions than 0 to 3 are a stay.

    ``planes`` and ``agent`` are a state's, whole. The border must be wall, or something else that is never entered.
    """
    y, x = agent[i, 0], agent[i, 1]
    row, column = y + (action == 1) - (action == 0), x + (action == 3) - (action == 2)
    if planes[i, WALL, row, column]:
        return False
    planes[i, AGENT, y, x], planes[i, AGENT, row, column] = 0, 1
    agent[i, 0], agent[i, 1] = row, column
    return True
