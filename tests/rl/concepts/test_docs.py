"""The table in docs/concepts.md is what the code offers."""

import re
from pathlib import Path

import pytest

from envs.registry import WORLDS, world
from rl.concepts import offered, told_by, varied

PAGE = (Path(__file__).resolve().parents[3] / "docs/concepts.md").read_text()


@pytest.mark.parametrize("name", WORLDS)
def test_the_table_is_complete(name):
    (row,) = re.findall(rf"^\| {name} \| (.*) \| (.*) \|$", PAGE, re.M)
    told, also = (tuple(cell.split(", ")) for cell in row)
    one = varied(world(name))
    assert told == told_by(one)
    assert also == tuple(key for key in offered(one) if key not in told)
