"""Pictures and finding of a sweep's page: every agent is in them, and the sentences follow from the numbers."""

import math

import pytest

from core.errors import BadInput
from core.uncertainty import Interval
from reports.sweeps.evidence import AgentLine, Measured, SweepEvidence, WorldEvidence
from reports.sweeps.lines import Line, median, panels_of_lines
from reports.sweeps.page import finding, sweep_report
from reports.sweeps.strips import Spread, Strip, strips


def spread(*values, ends=(0.0, 1.0)):
    mean = sum(values) / len(values)
    low, high = (min(values), max(values)) if len(values) > 1 else (math.nan, math.nan)
    return Spread(
        {f"a-{k}": v for k, v in enumerate(values)}, Interval(mean, low, high, len(values)), 1.0, ends[0]
    )


SETTINGS = [
    Strip("dial=1", "ppo", {"training": spread(0.9, 0.8), "shifted": spread(0.2, 0.6)}),
    Strip("dial=2", "dqn", {"training": spread(0.7), "shifted": spread(0.9)}),
]
WORLD = WorldEvidence(
    "coin",
    ["training", "shifted"],
    {"proxy": Measured("share of it", False, SETTINGS)},
    "proxy",
    "best",
    "walk",
)
AGENTS = [
    *(AgentLine(f"a-{k}", "coin", k, 10, "dial=1", {"goal, training": "90 % [80, 95]"}) for k in range(3)),
    AgentLine("bad", "coin", 9, 10, why="it <broke>", log="logs/bad.log"),
]
FOUND = SweepEvidence("s", [WORLD], AGENTS, 10, "gridlens sweep s.toml", 'name = "s"', {}, ["Know this."])


def test_every_agent_is_drawn_and_written():
    made = strips(SETTINGS, ["training", "shifted"], title="It", caption="")
    assert len(made.rows) == 6
    assert {row["agent"] for row in made.rows} == {"a-0", "a-1"}
    alone = next(row for row in made.rows if (row["setting"], row["levels"]) == ("dial=2", "shifted"))
    assert (alone["value"], alone["low"]) == (0.9, None)  # nothing is known of the spread of one
    assert (
        "dial=1: training 85 % [80, 90], agents from 80 % to 90 %, best 100 %, chance 0 %; shifted"
        in made.alt
    )
    assert "dial=2: training 70 %, best" in made.alt
    with pytest.raises(BadInput, match="no agents"):
        strips([], ["training"], title="It", caption="")


def test_counts_below_nothing_are_in_the_picture():
    row = Strip("a", "ppo", {"training": spread(-5.0, 12.0, ends=(-80.0,))})
    assert "from -5.00 to 12.0" in strips([row], ["training"], title="Return", caption="", counted=True).alt


def test_the_median_of_lines_of_different_length():
    lines = [
        Line("a", "s", [0, 1, 2], [0, 1, 2]),
        Line("b", "s", [0, 1, 2], [0, 3, 4]),
        Line("c", "s", [0, 1], [0, 9]),
    ]
    at, values = median(lines)
    assert at.tolist() == [0, 1, 2]
    assert values.tolist() == [0, 3, 3]
    with pytest.raises(BadInput, match="no agents"):
        panels_of_lines({}, across="steps", title="It", caption="")


def test_the_finding_names_the_ends_and_the_widest_setting():
    assert finding(FOUND) == (
        "1 of 4 agents failed. Share of it, on shifted levels: from 40 % in dial=1 to 90 % in dial=2; "
        "seed alone set the 2 agents of dial=1 between 20 % and 60 %."
    )
    nobody = SweepEvidence("s", [], [], 10, "", "", {})
    assert finding(nobody) == "No agent is done yet."


def test_failures_and_doubts_are_on_the_page():
    report = sweep_report(FOUND)
    failed, done = report.evidence[-1].tables
    assert failed.rows == [["bad", "it <broke>", "logs/bad.log"]]
    assert [row[:2] for row in done.rows] == [["dial=1", 0], ["dial=1", 1], ["dial=1", 2]]
    said = " ".join(report.caveats)
    for words in ("1 of 4 agents failed", "have one agent", "only 2 agents", "Know this."):
        assert words in said
    assert report.reproduce == ['name = "s"', "", "gridlens sweep s.toml"]
