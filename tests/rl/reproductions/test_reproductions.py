"""Every reproduction on planted rows: what misgeneralises is found to, what does not is found not to."""

import numpy as np
import pytest

from core.errors import BadInput, UnknownName
from rl.presets import PRESETS
from rl.reproductions.catalogue import REPRODUCTIONS, sweep_file
from rl.reproductions.evidence import Evidence, column, trained
from rl.reproductions.plots import Strips
from rl.reproductions.reproducing import judged, reproduce
from rl.sweeps import read


def record(where, player, **measures):
    return [
        {"where": where, "player": player, "measure": measure, "estimate": value}
        for measure, value in measures.items()
    ]


def verdicts(name, known):
    claims, picture = judged(name, known)
    assert picture.panels
    assert all(claim.levels > 0 for claim in claims)
    return [claim.same_direction for claim in claims]


def noise(seed, *more):
    return np.random.default_rng([seed, *more]).normal(0, 0.01)


def by_places(effect):
    """Records of agents that pass the goal by the less, the more the dial is turned (``effect`` 1), or not at all."""

    def rows(dials, algorithm, seed):
        (value,) = dials.values()
        miss = effect * (0.9 - 0.08 * value) + noise(seed, int(value))
        return record("shifted", "agent", proxy_first=miss, goal_first=1 - miss, either=0.99) + record(
            "training", "agent", goal=0.98
        )

    return rows


@pytest.mark.parametrize(
    ("name", "dial", "values"),
    [("coin", "random_percent", (0.0, 1.0, 2.0, 5.0, 10.0)), ("cheese", "rand_region", (1, 2, 3, 5, 7))],
)
def test_a_proxy_that_fades_with_the_dial_is_found(planted, name, dial, values):
    agents = [({dial: value}, "ppo", seed) for value in values for seed in range(5)]
    known = Evidence(planted(agents, by_places(1.0)), levels=1000)
    assert set(verdicts(name, known)) == {"yes"}
    wanting = Evidence(planted(agents, by_places(0.0)), levels=1000)
    assert verdicts(name, wanting)[0] == "no"
    assert "yes" not in verdicts(name, wanting)[-2:]


def test_dqn_beside_ppo(planted):
    def rows(dials, algorithm, seed):
        miss = {"ppo": 0.9, "dqn": 0.7}[algorithm] + noise(seed)
        return record("shifted", "agent", proxy_first=miss, goal_first=1 - miss, either=0.9) + record(
            "training", "agent", goal=0.95 + noise(seed)
        )

    agents = [({}, algorithm, seed) for algorithm in ("ppo", "dqn") for seed in range(3)]
    assert verdicts("q-learning", Evidence(planted(agents, rows), levels=1000)) == ["yes"] * 3


@pytest.mark.parametrize(("follows", "expected"), [(1.0, ["yes"] * 4), (0.0, ["no", "no", "yes", "no"])])
def test_following_and_the_flip_control(planted, follows, expected):
    def rows(dials, algorithm, seed):
        loss = -15 * follows + 10 * (1 - follows) + noise(seed)
        found = record("training", "agent", performance=15.0, proxies=16.0)
        found += record("shifted", "agent", performance=loss, proxies=16 * follows + noise(seed) + 0.1)
        found += record("alone", "agent", performance=noise(seed))
        found += record("shifted", "random walk", performance=-0.01)
        for where in ("training", "shifted", "alone"):
            found += record(where, "agent, flipped", performance=noise(seed, 1), proxies=0.1)
        return found

    agents = [({}, "ppo", seed) for seed in range(5)]
    assert verdicts("follow", Evidence(planted(agents, rows), levels=1000)) == expected


def test_monster_of_shields_and_of_apples(planted):
    agents = [({"limit": limit}, "ppo", seed) for limit in (25, 200) for seed in range(5)]

    def plays(fond_of_shields):
        def rows(dials, algorithm, seed):
            fond = dials["limit"] == 25 and fond_of_shields
            values = {"apple": 8.0 if fond else 35.0, "shield": 10.0 if fond else 3.0}
            values = {key: value + noise(seed) for key, value in values.items()}
            share = 0.4 if fond else 0.8
            spans = [*map(str, range(0, 200, 25)), "all", "free", "free, alone"]
            return [
                {"where": where, "span": span, "apples_share": share + noise(seed), **values}
                for where in ("gone", "among")
                for span in spans
            ]

        return rows

    ceiling = planted(agents, lambda *_: record("shifted", "best known play", proxies=4.1))
    assert verdicts("monster", Evidence(ceiling, planted(agents, plays(True)), 500)) == ["yes"] * 6
    found = verdicts("monster", Evidence(ceiling, planted(agents, plays(False)), 500))
    assert found == ["no", "no", "no", "yes", "unclear", "unclear"]


def test_keys_collected_for_their_own_sake_or_not(planted):
    def plays(fond_of_keys):
        def rows(dials, algorithm, seed):
            def row(player, needless, key_next, chest):
                return {
                    "player": player,
                    "needless": needless,
                    "key_next": key_next,
                    "chest_before_ghost": chest,
                }

            own = (2.0, 0.8, 0.5) if fond_of_keys else (0.1, 0.05, 0.95)
            return [
                row("agent", *(value + noise(seed) for value in own)),
                row("optimal play", 0.2, 0.1, 0.97),
                row("play for keys", 2.5, 0.9, 0.6),
                row("random walk", 0.4, 0.5, 0.5),
            ]

        return [{"keys": 1.0} | row for row in planted([({}, "ppo", seed) for seed in range(3)], rows)]

    assert verdicts("keys-chests", Evidence([], plays(True), 1000)) == ["yes"] * 4
    assert verdicts("keys-chests", Evidence([], plays(False), 1000)) == ["no"] * 4


def test_colours_and_shapes_over_many_seeds(planted):
    def plays(spread):
        def rows(dials, algorithm, seed):
            rng = np.random.default_rng(seed)
            own, found = np.clip(rng.normal(0.7, spread), 0.02, 0.98), []
            for duel, share in (
                ("yellow gem or red line", own),
                ("the same, equally far", own),
                ("green line or red line", own - 0.2 * own),
                ("yellow line or yellow line", 0.5),
            ):
                first = int(rng.binomial(1000, share))
                found.append(
                    {
                        "duel": duel,
                        "first": first,
                        "second": 1000 - first,
                        "preference": first / 1000,
                        "nearer": 0.6,
                        "length": 4.2,
                    }
                )
            return found

        return planted([({}, "ppo", seed) for seed in range(50)], rows)

    claims, _ = judged("colour-shape", Evidence([], plays(0.2), 1000))
    assert {claim.same_direction for claim in claims} == {"yes"}
    found = {claim.text: claim for claim in judged("colour-shape", Evidence([], plays(0.0), 1000))[0]}
    assert found["seeds alone flip the preference"].ours.estimate == 0
    assert (
        found["seeds alone flip the preference"].same_direction == "unclear"
    )  # fifty cannot rule out 1 in 500
    assert found["agents differ by more than the luck of the levels"].same_direction != "yes"


def test_the_arc_of_tree(planted):
    def plays(recovers):
        def rows(dials, algorithm, seed):
            blank = dict.fromkeys(("trees", "affinity", "error", "wood", "standing", "empty"), np.nan)
            arc = [(0, 0.0, 0.04, 9.9), (1, 0.5, 0.2, 8.0), (2, 1.0, 0.01, 0.1), (3, 0.9, 0.02, 0.2)]
            arc.append((4, 0.6, 0.2, 7.0) if recovers else (4, 1.0, 0.01, 0.1))
            found = []
            for steps, eager, wood, standing in arc:
                spares = recovers and steps == 4
                found.append(
                    blank
                    | {
                        "kind": "forest",
                        "steps": steps,
                        "wood": wood + noise(seed) / 10,
                        "standing": standing,
                        "empty": 0.0,
                    }
                )
                found += [
                    blank
                    | {
                        "kind": "affinity",
                        "steps": steps,
                        "trees": n,
                        "affinity": (0.1 if spares and n < 4 else eager) + noise(seed, n),
                        "error": 0.02,
                    }
                    for n in range(1, 11)
                ]
            return found

        return planted([({"r_min": 1e-3}, "ppo", seed) for seed in range(3)], rows)

    assert verdicts("tree", Evidence([], plays(True), 128)) == ["yes"] * 5
    assert "yes" not in verdicts("tree", Evidence([], plays(False), 128))[3:]


def test_sweeps_can_be_read_and_are_those_of_the_presets():
    found = {name: read(sweep_file(name)) for name in REPRODUCTIONS}
    seeds = {name: len({task.config.seed for task in sweep.tasks}) for name, sweep in found.items()}
    assert seeds["monster"] == seeds["coin"] == seeds["follow"] == 5
    assert seeds["colour-shape"] >= 50
    assert [len(found[name].tasks) for name in ("monster", "coin", "cheese")] == [10, 25, 15]
    for name, preset in (
        ("monster", "monster-25"),
        ("follow", "follow-expert"),
        ("keys-chests", "keys-scarce"),
        ("colour-shape", "yellow-line"),
    ):
        config, known = found[name].tasks[0].config, PRESETS[preset].config
        assert (config.steps, config.network, dict(config.settings)) == (
            known.steps,
            known.network,
            dict(known.settings),
        )
    for name in ("coin", "cheese", "follow", "q-learning"):  # these claims rest on the sweep's own levels
        assert {task.evaluation.levels for task in found[name].tasks} == {REPRODUCTIONS[name].levels}


def test_what_is_missing_is_said():
    with pytest.raises(BadInput, match="no agent has a row with where=gone"):
        column([], "apple", where="gone")
    row = {"agent": "a", "dials": "{}", "apple": 1}
    with pytest.raises(BadInput, match="several rows"):
        column([row, row], "apple")
    with pytest.raises(UnknownName, match="'monster'"):
        reproduce("monsters", "nowhere")
    assert trained([{"dials": '{"limit": 3}'}], "limit") == [3]


def test_pictures_mark_groups_by_their_seeds(planted):
    agents = [({"rand_region": value}, "ppo", seed) for value in (1, 2, 3, 5, 7) for seed in range(3)]
    _, picture = judged("cheese", Evidence(planted(agents, by_places(1.0)), levels=1000))
    (panel,) = picture.panels
    assert isinstance(panel, Strips)
    assert [len(strip.values) for strip in panel.strips] == [3] * 5
