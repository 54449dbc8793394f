"""use_of(): whether a network's answer changes when what it knows of a concept is erased or swapped.

What can be wrong with the verdict: two concepts that go together in the data share directions, and one that the
network ignores then looks used because erasing it takes some of the other with it; a concept may be held in several
layers or places at once, so that one edit is made up for by what flows around it; a layer hardly wider than the answer
is used in all its directions, and chance is no lower than the effect there; an answer that is always the same
cannot change; and an effect well above chance may still be too small to matter, which ``least`` says and no
statistic can. An edit shows what the answer does with the direction in which a linear map reads the concept; knowledge
in another form is left alone. So "not used" means: not through this direction, at this layer, on these inputs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from core.activations import capture
from core.errors import UnknownName
from core.interventions.edits import patch
from core.interventions.intervened import intervened
from core.probing.erasure import Erasure, Layer, covaried, erasure
from core.probing.labelled import Labelled, check, columns
from core.probing.layers import INPUT
from core.probing.result import ProbeResult
from core.probing.splits import Split, donors, split
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject, run
from core.uncertainty import Interval, bootstrap_interval

Answers = Mapping[str, Tensor]
WAYS = ("swap", "erase")


@dataclass(frozen=True)
class How:
    """How use is asked about.

    ``way``: "swap" makes every sample read as one of another group, "erase" as the mean, by least-squares concept
    erasure [belrose2023]. ``random``: directions that chance is drawn from; ``least``: the smallest effect that
    matters.
    """

    way: str = "swap"
    random: int = 20
    least: float = 0.02
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Use:
    """How far the answer's probabilities move (mean total variation, 0 to 1) when a concept is swapped or erased.

    ``chance``: the mean over random directions of the layer, changed by as much, and between which they lie.
    ``choice``: the mean change of a score of the answers, if one was given.
    """

    concept: str
    layer: str
    effect: Interval
    chance: Interval
    choice: Interval | None
    provenance: Provenance = field(repr=False)
    least: float = How.least

    @property
    def used(self) -> bool:
        """Whether the effect is beyond chance, and large enough to matter."""
        return self.effect.low > self.chance.high and self.effect.estimate >= self.least


@dataclass(frozen=True, eq=False)
class _Trial:
    """A subject on the inputs that are scored, what it answers there, and how answers are told apart."""

    subject: Subject
    inputs: Float[Tensor, "n c h w"] = field(repr=False)
    samples: Split = field(repr=False)
    before: dict[str, Tensor] = field(repr=False)
    probabilities: Callable[[Answers], Tensor] = field(repr=False)
    choice: Callable[[Answers], Tensor] | None
    how: How


@dataclass(frozen=True, eq=False)
class _Site:
    """What a layer says of the inputs that are scored (n, ...), and of those that erasures are fitted to."""

    layer: str
    held: Tensor = field(repr=False)
    known: Layer = field(repr=False)


def use_of(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    results: Sequence[ProbeResult],
    concepts: Mapping[str, Labelled],
    *,
    head: str | Callable[[Answers], Tensor],
    groups: ArrayLike | None = None,
    choice: Callable[[Answers], Tensor] | None = None,
    how: How = How(),
    progress: Progress = silent,
) -> tuple[Use, ...]:
    """For every result but those at "input": what the answer does when the concept is changed at its layer.

    What is changed is fitted to the groups that probes are fitted to, and its effect measured on the others.
    ``head`` is a head whose softmax is the answer, or a function from the answers by head to probabilities (n, k);
    ``choice`` one to a score (n,).

    Raises
    ------
    UnknownName, BadInput
        if there is no such head, way or concept, or a concept cannot be probed.

    >>> from core.probing import probed_layers
    >>> from core.testing import knower
    >>> planted = knower(seed=0, used="second")
    >>> inputs, concepts = planted.drawn(400, seed=1)
    >>> results = probed_layers(planted.subject, inputs, concepts, layers=[planted.layer], untrained=False)
    >>> [use.used for use in use_of(planted.subject, inputs, results, concepts, head="policy")]
    [False, True, False, False]
    """
    if how.way not in WAYS:
        raise UnknownName("way of changing a concept", how.way, WAYS)
    wanted = [one for one in results if one.layer != INPUT]
    for one in wanted:
        if one.concept not in concepts:
            raise UnknownName("concept", one.concept, concepts)
    samples = split(len(inputs), groups, seed=how.seed)
    check(concepts, samples.index)
    trial = _trial(subject, inputs, samples, head, choice, how)
    found: dict[tuple[str, str], Use] = {}
    layers = list(dict.fromkeys(one.layer for one in wanted))
    for number, layer in enumerate(layers):
        progress(number, len(layers), "changing what layers say")
        activations = capture(subject, inputs, [layer])[layer].cpu()
        flat = activations.flatten(1).double().numpy()
        site = _Site(layer, activations[~torch.as_tensor(samples.fitted)], covaried(flat[samples.fitted]))
        for concept in dict.fromkeys(one.concept for one in wanted if one.layer == layer):
            found[concept, layer] = _use(trial, site, concept, concepts[concept])
    progress(len(layers), len(layers), "changing what layers say")
    return tuple(found[one.concept, one.layer] for one in wanted)


def _trial(
    subject: Subject,
    inputs: Tensor,
    samples: Split,
    head: str | Callable[[Answers], Tensor],
    choice: Callable[[Answers], Tensor] | None,
    how: How,
) -> _Trial:
    if isinstance(head, str) and head not in subject.heads:
        raise UnknownName(f"head of {subject.name}", head, subject.heads)

    def softmax(answers: Answers) -> Tensor:
        return answers[str(head)].flatten(1).softmax(1)

    held = inputs[~torch.as_tensor(samples.fitted)]
    with torch.no_grad():
        before = run(subject, held)
    return _Trial(subject, held, samples, before, softmax if isinstance(head, str) else head, choice, how)


def _use(trial: _Trial, site: _Site, concept: str, labelled: Labelled) -> Use:
    labels, how = columns(labelled).values[trial.samples.fitted], trial.how
    change = _change(site, erasure(site.known, labels), trial)
    moved, chosen = _effect(trial, site, change)
    size, rng = np.square(change).sum(), np.random.default_rng((how.seed, 2))
    chance = []
    for _ in range(how.random):
        # A concept that is nothing but noise has a direction drawn from the layer's own covariance.
        other = _change(site, erasure(site.known, rng.normal(size=labels.shape)), trial)
        other *= np.sqrt(size / max(np.square(other).sum(), 1e-300))
        chance.append(float(_effect(trial, site, other)[0].mean()))
    groups, n = trial.samples.held, int(trial.samples.held.max()) + 1
    low, high = np.quantile(chance, [0.025, 0.975])
    about = provenance(
        subject=trial.subject.fingerprint,
        data=fingerprint(trial.inputs, labels),
        seed=how.seed,
        way=how.way,
        random=how.random,
        groups=n,
    )
    return Use(
        concept,
        site.layer,
        bootstrap_interval(moved, groups=groups, seed=how.seed),
        Interval(float(np.mean(chance)), float(low), float(high), how.random),
        None if chosen is None else bootstrap_interval(chosen, groups=groups, seed=how.seed),
        about,
        how.least,
    )


def _change(site: _Site, gone: Erasure, trial: _Trial) -> NDArray:
    """What is added to the layer's activations (n, d)."""
    flat = site.held.flatten(1).double().numpy()
    if trial.how.way == "erase":
        return gone.erased(flat)
    return gone.swapped(flat, donors(trial.samples.held, seed=trial.how.seed))


def _effect(trial: _Trial, site: _Site, change: NDArray) -> tuple[NDArray, NDArray | None]:
    """How far each answer's probabilities move, and its score."""
    changed = site.held + torch.as_tensor(change).view(site.held.shape).to(site.held)
    with intervened(trial.subject, patch(site.layer, changed)) as other, torch.no_grad():
        after = run(other, trial.inputs)
    apart = (trial.probabilities(after) - trial.probabilities(trial.before)).abs().sum(1) / 2
    if trial.choice is None:
        return apart.cpu().double().numpy(), None
    chosen = trial.choice(after).double() - trial.choice(trial.before).double()
    return apart.cpu().double().numpy(), chosen.cpu().numpy()
