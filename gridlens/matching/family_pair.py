"""FamilyPair: the families of two layers, and which are each other's counterpart; as JSON, and back."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from core.provenance import Provenance
from core.symmetry.counterparts import Counterpart, Counterparts, Couple
from core.symmetry.families import Families
from core.symmetry.groups import Group
from core.uncertainty import Interval
from vision.families.records import families_document, families_of


@dataclass(frozen=True, eq=False)
class FamilyPair:
    """The families of a layer of A and of one of B, and which are each other's counterpart."""

    a: str
    b: str
    one: Families = field(repr=False)
    other: Families = field(repr=False)
    found: Counterparts
    inputs: int

    @property
    def name(self) -> str:
        """Both layers as one text."""
        return f"{self.a} | {self.b}"

    def units(self, side: int, count: int) -> Iterator[tuple[str, int]]:
        """The layer and number of every member, on one side, of the first so many families that have a counterpart."""
        layer, families = ((self.a, self.one), (self.b, self.other))[side]
        for each in self.found.found[:count]:
            for member in families.families[(each.one, each.other)[side]].members:
                yield layer, member.unit

    def rows(self) -> list[dict[str, Any]]:
        """A row for every counterpart."""
        labels = self.found.group.labels
        return [
            {
                "layer_a": self.a,
                "family_a": each.one,
                "units_a": _text(self.one, each.one),
                "layer_b": self.b,
                "family_b": each.other,
                "units_b": _text(self.other, each.other),
                "offset": labels[each.offset],
                "score": each.score.estimate,
                "low": each.score.low,
                "high": each.score.high,
                "elsewhere": each.elsewhere,
                "chance": each.chance,
                "sure": each.sure,
                "first_half": each.halves[0],
                "second_half": each.halves[1],
            }
            for each in self.found.found
        ]


def _text(families: Families, number: int) -> str:
    labels = families.group.labels
    return " ".join(f"{each.unit}@{labels[each.place]}" for each in families.families[number].members)


def document_of(pair: FamilyPair) -> dict[str, Any]:
    """A pair as JSON's own kinds; the group stands elsewhere."""
    found = pair.found
    return {
        "a": pair.a,
        "b": pair.b,
        "inputs": pair.inputs,
        "one": families_document(pair.one),
        "other": families_document(pair.other),
        "found": [asdict(each) for each in found.found],
        "scores": found.scores,
        "offsets": found.offsets,
        "thresholds": found.thresholds,
        "provenance": asdict(found.provenance),
    }


def pair_of(document: Mapping[str, Any], group: Group) -> FamilyPair:
    """The pair that ``document_of`` wrote."""
    one, other = (families_of(document[side], group) for side in ("one", "other"))
    shape = len(one.families), len(other.families)
    tables = {
        name: np.array(document[name], float).reshape(shape) for name in ("scores", "offsets", "thresholds")
    }
    stamp = Provenance(**document["provenance"])
    found = Counterparts(
        tuple(_counterpart(each) for each in document["found"]),
        tables["scores"],
        tables["offsets"].astype(int),
        tables["thresholds"],
        group,
        stamp,
    )
    return FamilyPair(
        document["a"],
        document["b"],
        replace(one, provenance=stamp),
        replace(other, provenance=stamp),
        found,
        document["inputs"],
    )


def _counterpart(held: Mapping[str, Any]) -> Counterpart:
    return Counterpart(
        **dict(held)
        | {
            "score": Interval(**held["score"]),
            "halves": (held["halves"][0], held["halves"][1]),
            "couples": tuple(Couple(**each) for each in held["couples"]),
        }
    )
