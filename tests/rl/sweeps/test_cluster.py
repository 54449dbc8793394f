"""A sweep on a Ray cluster of two nodes on this machine: the table of one machine, also if a node is lost."""

import pytest

from core.errors import BadInput
from core.runs import read_manifest
from rl.sweeps import Sweep, run
from rl.sweeps.table import TABLE

pytest.importorskip("ray", reason="sweeps on a cluster need gridlens[ray]")


@pytest.fixture
def cluster(monkeypatch):
    """A head that performs nothing, and two nodes of one core."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # its own 15 starves on a machine with other work
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "300")
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [found.add_node(num_cpus=1) for _ in range(2)]
    yield found, nodes
    found.shutdown()


def test_no_cluster_there_leaves_nothing(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    with pytest.raises(BadInput, match=r"no Ray cluster answers at .127\.0\.0\.1:1."):
        run(tiny, tmp_path / "out", ray="127.0.0.1:1")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_table_is_that_of_one_machine(tiny, swept, tmp_path, cluster):
    """The workers see nothing of the folder: what they make comes back."""
    found, _ = cluster
    out = tmp_path / "out"
    told = []
    made = run(
        tiny, out, ray=found.address, shared=False, progress=lambda done, total, label: told.append(label)
    )
    assert made.rows == swept[1].rows
    assert (out / TABLE).read_bytes() == (swept[0] / TABLE).read_bytes()
    (failure,) = made.failures
    assert failure.why == swept[1].failures[0].why
    assert "NotFinite" in failure.log.read_text()
    for one in tiny.tasks[:4]:
        here, there = out / "agents" / one.name, swept[0] / "agents" / one.name
        assert {path.name for path in here.iterdir()} == {path.name for path in there.iterdir()}
        assert (here / "policy.safetensors").read_bytes() == (there / "policy.safetensors").read_bytes()
    assert any("2 running" in label for label in told)


@pytest.mark.slow
def test_a_node_that_is_lost_costs_nothing_but_time(tiny, swept, tmp_path, cluster):
    """Both nodes are training when one dies; its agent goes on elsewhere, from what it left in the shared folder."""
    import ray

    found, nodes = cluster
    some, out = Sweep(tiny.name, tiny.tasks[:4]), tmp_path / "out"

    def lose(done, total, label):
        if nodes and done and "2 running" in label:
            here = ray.get_runtime_context().get_node_id()  # the sweep itself may be on one of them
            lost = next(node for node in nodes if node.node_id != here)
            found.remove_node(lost, allow_graceful=False)
            nodes.clear()

    made = run(some, out, ray=found.address, progress=lose)
    assert not nodes
    assert not made.failures
    assert made.rows == swept[1].rows
    assert max(read_manifest(out / "agents" / one.name)["resumed"] for one in some.tasks) >= 1
