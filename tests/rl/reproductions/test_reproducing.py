"""A reproduction from nothing to its claims: trained, evaluated, played on; again, it is read."""

import pytest

from rl.reproductions import reproducing
from rl.reproductions.catalogue import Reproduction
from rl.reproductions.claims import Claim, above
from rl.reproductions.evidence import column, estimates
from rl.reproductions.plots import Picture
from rl.reproductions.seeds import mean_over
from rl.sweeps import Swept
from rl.sweeps.table import gather
from rl.sweeps.task import perform

TINY = """
[[agents]]
world = "cheese"
network = "mlp"
steps = 256
seeds = 2
watched_levels = 2
dials = { size = 5, limit = 10 }
settings = { n_envs = 8, rollout = 16, batch = 64 }

[evaluate]
levels = 10
"""


def in_this_process(sweep, out, *, jobs, progress):
    """What ``rl.sweeps.run`` does, without the processes that it takes seconds to start."""
    for task in sweep.tasks:
        perform(task, out)
    return Swept(gather(sweep.tasks, out), ())


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A reproduction of two small agents; what it plays is counted."""
    (tmp_path / "tiny.toml").write_text(TINY)
    seen = []

    def measure(folder):
        seen.append(folder.name)
        return [{"weights": (folder / "policy.safetensors").stat().st_size}]

    def claims(known):
        reached = estimates(known.records, "goal", where="training")
        assert (column(known.plays, "weights") > 0).all()
        return [
            Claim((), "they learn", "goal", mean_over(reached), above(0, "nothing"), str(len(reached)), 10)
        ]

    one = Reproduction("Tiny", "?", claims, lambda known: Picture("", []), 10, (), measure)
    monkeypatch.setattr(reproducing, "REPRODUCTIONS", {"tiny": one})
    monkeypatch.setattr(reproducing, "run", in_this_process)
    monkeypatch.setattr(reproducing, "sweep_file", lambda name: tmp_path / f"{name}.toml")
    return seen


def test_what_is_finished_is_read(tiny, tmp_path):
    out = tmp_path / "out"
    assert not reproducing.finished("tiny", out)
    first = reproducing.reproduce("tiny", out, jobs=1)
    assert first.failures == ()
    assert first.claims[0].agents == "2"
    assert sorted(tiny) == ["cheese-ppo-seed0", "cheese-ppo-seed1"]
    assert reproducing.finished("tiny", out)
    assert (out / "tiny" / "claims.csv").exists()
    again = reproducing.reproduce("tiny", out, jobs=1)
    assert again.claims[0].ours == first.claims[0].ours
    assert again.provenance == first.provenance
    assert len(tiny) == 2  # nothing was played a second time
