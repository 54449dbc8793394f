"""Which of the numbers that a foreign agent sees its layers still hold: probes of its own inputs, by name."""

from collections.abc import Sequence

from core.errors import BadInput, UnknownName
from core.probing import Labelled, ProbeResult, probed_layers
from core.progress import Progress, silent
from core.subject import Subject
from rl.foreign.playing import moments

EPISODES = 64
"""Episodes that are played; a probe is scored on those that it was not fitted to."""


def probe_inputs(
    subject: Subject,
    env_id: str,
    concepts: Sequence[str] = (),
    *,
    samples: int = 2000,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[ProbeResult, ...]:
    """Each named input (all of them, without ``concepts``) at the input and every layer, on moments of its own play.

    Raises
    ------
    UnknownName
        if the subject sees nothing of that name; the nearest is named.
    BadInput
        if it sees pictures, whose numbers have no names, or an input does not vary in its play.
    """
    if subject.spec.shape[1:] != (1, 1):
        raise BadInput(
            f"{subject.name} sees pictures of shape {subject.spec.shape}; probes outside of Gridlens' own worlds "
            "are of named numbers that an agent sees"
        )
    names = subject.spec.channels
    for concept in concepts:
        if concept not in names:
            raise UnknownName(f"input of {subject.name}", concept, names)
    seen, episode = moments(
        subject, env_id, episodes=EPISODES, each=-(-samples // EPISODES), seed=seed, progress=progress
    )
    labels = {
        name: Labelled("continuous", seen[:, names.index(name), 0, 0].numpy()) for name in concepts or names
    }
    return probed_layers(subject, seen, labels, groups=episode, seed=seed, progress=progress)
