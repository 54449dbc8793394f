"""Planted rows: what records and plays of agents would say."""

import json

import pytest


@pytest.fixture(scope="session")
def planted():
    """``planted(agents)`` makes rows from (dials, algorithm, seed, {column: value}) by crossing with ``what``."""

    def rows(agents, what):
        return [
            {
                "agent": f"{algorithm}-{json.dumps(dials)}-{seed}",
                "dials": json.dumps(dials),
                "algorithm": algorithm,
                "seed": seed,
            }
            | row
            for dials, algorithm, seed in agents
            for row in what(dials, algorithm, seed)
        ]

    return rows
