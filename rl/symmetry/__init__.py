"""The symmetries of the square on what gridworld agents see and do: turned views, turned actions, equivariance."""

from rl.symmetry.equivariance import Equivariance as Equivariance
from rl.symmetry.equivariance import policy_equivariance as policy_equivariance
from rl.symmetry.views import TurnedViews as TurnedViews
from rl.symmetry.views import turned_states as turned_states
