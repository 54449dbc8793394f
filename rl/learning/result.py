"""Learning: what an agent knows and does at every moment of its training, concept by concept and layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jaxtyping import Int, UInt8
from numpy import ndarray

from core.probing import ProbeResult, Use
from core.provenance import Provenance
from core.uncertainty import Interval
from rl.learning.changes import Change, change
from rl.misgeneralisation import Outcome


@dataclass(frozen=True, eq=False)
class Misread:
    """States in which a concept is read worst at one layer, at one moment of training: the worst first.

    ``truth`` and ``reading`` are what it is there and what the probe says of states it was not fitted to; of classes
    their names, of a grid nothing but how many cells are wrong. ``notation`` is each state as ``envs.editing`` reads
    it, ``frames`` their pictures, ``cells`` where the agents stand.
    """

    concept: str
    layer: str
    steps: int
    truth: tuple[str, ...]
    reading: tuple[str, ...]
    notation: tuple[str, ...] = field(repr=False)
    cells: Int[ndarray, "k 2"] = field(repr=False)
    frames: UInt8[ndarray, "k y x 3"] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Learning:
    """Probes, behaviour and what probes misread, at each of the moments ``steps`` of one agent's training.

    ``given`` are the probes of the raw input, ``untrained`` those of the network with random weights; ``reads`` those
    of each moment, of all concepts at all ``layers``. ``uses`` is what the policy of each moment does when what is
    read of a concept is exchanged for another state's: at the layer where training added most to it, at the last
    moment at all layers. ``outcomes`` is what the agent then does in levels in which goal and proxy part, ``misread``
    what the probes of the last moment misread most. ``alike`` are pairs of concepts that go together in the states,
    with their correlation. ``hidden`` are the layers before the outputs.
    """

    subject: str
    steps: tuple[int, ...]
    concepts: tuple[str, ...]
    layers: tuple[str, ...]
    hidden: tuple[str, ...]
    given: tuple[ProbeResult, ...] = field(repr=False)
    untrained: tuple[ProbeResult, ...] = field(repr=False)
    reads: tuple[tuple[ProbeResult, ...], ...] = field(repr=False)
    uses: tuple[tuple[Use, ...], ...] = field(repr=False)
    outcomes: tuple[Outcome, ...] = field(repr=False)
    misread: tuple[Misread, ...] = field(repr=False)
    alike: tuple[tuple[str, str, float], ...]
    provenance: Provenance = field(repr=False)

    def read(self, concept: str, layer: str) -> tuple[ProbeResult, ...]:
        """One concept at one layer, moment by moment."""
        return tuple(
            one for moment in self.reads for one in moment if (one.concept, one.layer) == (concept, layer)
        )

    def input(self, concept: str) -> ProbeResult:
        """The concept read off the raw input."""
        return next(one for one in self.given if one.concept == concept)

    def best_layer(self, concept: str) -> str:
        """The layer at which training added most to the reading of the concept; see ``most_learned``."""
        return most_learned(self.reads[-1], concept, self.hidden)

    def used(self, concept: str) -> tuple[Use, ...]:
        """What exchanging the concept changes, moment by moment."""
        return tuple(one for moment in self.uses for one in moment if one.concept == concept)

    def measure(self, name: str) -> tuple[Interval, ...]:
        """A measure of behaviour at every moment; where nothing was ever reached an interval from 0 to 1."""
        unknown = Interval(0.5, 0.0, 1.0, 0)
        return tuple(one.measures.get(name, unknown) for one in self.outcomes)

    def learned(self, concept: str, layer: str | None = None) -> Change | None:
        """When the concept came to be known at a layer (the best if none is named), if it did."""
        scores = [one.score for one in self.read(concept, layer or self.best_layer(concept))]
        return change(self.steps, scores)

    def came_to_use(self, concept: str) -> Change | None:
        """When the policy came to rest on the concept, or ceased to."""
        layer = self.best_layer(concept)
        return change(self.steps, [one.effect for one in self.used(concept) if one.layer == layer])

    def came_to(self, measure: str) -> Change | None:
        """When a measure of behaviour changed, if it did."""
        return change(self.steps, self.measure(measure))


def most_learned(results: Sequence[ProbeResult], concept: str, layers: Sequence[str]) -> str:
    """Of these layers the one at which a concept is read best beyond its controls, the untrained network among them.

    What a window shows plainly is read off any random layer; the plain score would always choose the first. Outputs are
    no place to look: whatever is changed there changes the answer.
    """
    mine = [one for one in results if one.concept == concept and one.layer in layers]
    return max(mine, key=lambda one: one.beyond).layer
