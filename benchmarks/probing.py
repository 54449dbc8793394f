"""Probes of every layer of one network beside scikit-learn's RidgeCV: the same split, penalties and scores."""

import time

import numpy as np
from sklearn.linear_model import RidgeCV

from benchmarks.rows import Row, alternate
from core.activations import capture
from core.probing import probes
from core.probing.labelled import columns
from core.probing.layers import leaves
from core.probing.ridge import PENALTIES
from core.probing.splits import donors, split
from envs.registry import world
from rl.agents import as_subject, see
from rl.concepts import labelled, sampled_states
from rl.networks import build

STATES, REPEATS = 20_000, 3
CONCEPTS = (
    "steps to goal",
    "steps to proxy",
    "turn to goal",
    "turn to proxy",
    "value of goal",
    "value of proxy",
    "goal rows below",
    "goal columns right",
    "goal row",
    "goal column",
)


def probes_vs_scikit_learn() -> Row:
    """Ten concepts and their shuffled controls at every layer of one small network, in probes a second.

    Ours also gives the intervals; both choose the penalty by leaving out one sample at a time. Twenty such networks are
    the snapshots of one training.
    """
    maze = world("cheese", size=9, rand_region=63, limit=100)
    network = build("small-conv", shape=(2, 13, 13), actions=4, seed=0)
    subject = as_subject(network, maze, view="window", name="bench")
    state = sampled_states(maze, STATES, seed=0)
    concepts = labelled(maze, state, CONCEPTS)
    layers = capture(subject, see(maze, state, "window"), list(leaves(subject)))
    count = 2 * len(concepts) * len(layers)
    samples = split(STATES, None, seed=0)
    others = donors(samples.index, seed=0)
    targets = [columns(one).values for one in concepts.values()]
    wanted = np.concatenate([*targets, *(one[others] for one in targets)], 1)

    def ours() -> float:
        start = time.perf_counter()
        probes(layers, concepts, seed=0)
        return count / (time.perf_counter() - start)

    def theirs() -> float:
        start = time.perf_counter()
        for value in layers.values():
            features = value.flatten(1).numpy().astype(np.float64)
            features /= np.sqrt(features[samples.fitted].var(0).mean())
            model = RidgeCV(PENALTIES, alpha_per_target=True).fit(
                features[samples.fitted], wanted[samples.fitted]
            )
            model.predict(features[~samples.fitted])
        return count / (time.perf_counter() - start)

    mine, peer = alternate(ours, theirs, repeats=REPEATS)
    told = (
        f"{len(concepts)} concepts and controls, {len(layers)} layers of a small-conv, {STATES:,} states, CPU"
    )
    return Row(
        "probes-vs-scikit-learn", "probes/s", mine, peer, mine / peer, REPEATS, "scikit-learn RidgeCV", told
    )
