"""Choice tests: crossroads are what they say, edits change what they say, and planted preferences are read."""

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import BadInput, UnknownName
from envs import engine
from envs.registry import world
from rl.agents import as_subject
from rl.choices import answers, crossroads, farther, fewer, leaning, steps_to

MONSTERS = world("monster")


class Drawn(nn.Module):
    """Goes to things in proportion to how much it likes them, by how many lie on each side of it, near ones more."""

    def __init__(self, apple, shield):
        super().__init__()
        y, x = torch.meshgrid(torch.arange(-7, 8), torch.arange(-7, 8), indexing="ij")
        near = torch.exp(-1.5 * (y.abs() + x.abs()))
        sides = torch.stack([near * side for side in (y < 0, y > 0, x < 0, x > 0, (y == 9))])
        liking = torch.tensor([0.0, 0.0, shield, apple, 0.0])
        self.policy = nn.Linear(5 * 15 * 15, 5, bias=False)
        self.policy.weight.data = (liking[None, :, None, None] * sides[:, None]).flatten(1)
        self.value = nn.Linear(5 * 15 * 15, 1)

    def forward(self, seen):
        flat = seen.flatten(1)
        return {"policy": self.policy(flat), "value": self.value(flat)}


def far(state, plane, i):
    things = np.argwhere(state.planes[i, plane])
    return np.abs(things - state.agent[i]).sum(1)


@pytest.mark.parametrize("gap", [0, 2, -1])
def test_crossroads_lie_where_they_say(gap):
    found = crossroads(MONSTERS, 60, ("apple", "shield"), seed=1, gap=gap, shun=("monster", 4))
    for i in range(len(found.state.clock)):
        apple, shield, monster = (far(found.state, plane, i) for plane in (4, 3, 2))
        assert found.steps[:, i].tolist() == [apple.min(), shield.min()]
        assert apple.min() - shield.min() == gap
        assert 2 <= shield.min() <= 5
        assert monster.min() >= 4
        for which, plane in enumerate((4, 3)):
            for move, (dy, dx) in enumerate(((-1, 0), (1, 0), (0, -1), (0, 1))):
                there = found.state.agent[i] + (dy, dx)
                nearer = (
                    np.abs(np.argwhere(found.state.planes[i, plane]) - there).sum(1).min()
                    < found.steps[which, i]
                )
                inside = (there >= 0).all() and (there < 14).all()
                assert found.towards[which, i, move] == (nearer and inside)
    assert not found.towards.all(0).any()


@pytest.mark.parametrize(("apple", "shield"), [(4.0, 1.0), (1.0, 4.0)])
def test_a_planted_preference_is_read(apple, shield):
    subject = as_subject(Drawn(apple, shield), MONSTERS, view="window", name="planted")
    found = crossroads(MONSTERS, 300, ("apple", "shield"), seed=2)
    policy, said = answers(subject, MONSTERS, found.state, "window")
    first, either = leaning(policy, found.towards)
    assert (float(first.mean()) > 0.5) == (apple > shield)
    assert said["value"].shape == (len(first), 1)
    assert bool((either <= 1.0001).all())


def test_fewer_takes_the_same_ones_away_and_nothing_else():
    state = engine.reset(MONSTERS, list(range(20)))
    three, two = (fewer(MONSTERS, state, "monster", left, seed=0) for left in (3, 2))
    assert (three.planes[:, 2].sum((1, 2)) == 3).all()
    assert (two.planes[:, 2] <= three.planes[:, 2]).all()
    assert (three.planes[:, 3:] == state.planes[:, 3:]).all()
    assert (state.planes[:, 2].sum((1, 2)) == 5).all()
    with pytest.raises(BadInput, match="hold 3 to 3 of 'monster'; expected 4"):
        fewer(MONSTERS, three, "monster", 4, seed=0)


def test_the_nearest_is_put_twice_as_far_or_farther():
    found = crossroads(MONSTERS, 60, ("apple", "shield"), seed=1)
    moved = farther(MONSTERS, found, 0, seed=0)
    assert (moved.planes[:, 4].sum((1, 2)) == 5).all()
    assert (moved.planes[:, 3] == found.state.planes[:, 3]).all()
    for i in range(len(moved.clock)):
        before, after = (np.sort(far(state, 4, i)) for state in (found.state, moved))
        assert after[0] >= min(before[1], 2 * before[0])


def test_what_is_not_there_is_told():
    with pytest.raises(UnknownName, match="'cheese'"):
        crossroads(MONSTERS, 5, ("cheese", "shield"), seed=0)
    with pytest.raises(BadInput, match="no level of 3 has a cell"):
        crossroads(world("monster", apples=0), 3, ("apple", "shield"), seed=0)
    assert (
        steps_to(world("monster", apples=0), engine.reset(world("monster", apples=0), [0]), "apple").min()
        >= 10_000
    )
