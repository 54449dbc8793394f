"""What is to be matched: two networks, the pairs of their layers, the images, and how much is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput
from core.similarity.correlating import LayerPair
from core.subject import Subject, layer_named
from feature_viz.gallery.selection import chosen_layers
from gridlens.matching.searched import layers_in
from gridlens.patching.measuring import usual_layers

MOST_BYTES = 4 * 10**9
"""Memory that the sums of all layer pairs may take."""


@dataclass(frozen=True)
class Asked:
    """Layers as text, or pairs of them as "a=b"; how many unit pairs of each layer pair get pictures.

    ``group`` is the action whose families are searched in both, as in ``rotation:45``; ``families`` two finished runs
    of ``gridlens families`` to take them from instead; ``galleries`` folders to take pictures from.
    """

    layers: tuple[str | None, str | None] = (None, None)
    pairs: tuple[str, ...] = ()
    images: Path | None = None
    count: int | None = None
    top: int = 1
    show: int = 8
    steps: int | None = None
    seed: int = 0
    group: str | None = None
    families: tuple[Path, Path] | None = None
    galleries: tuple[Path | None, Path | None] = (None, None)


def layer_pairs(one: Subject, other: Subject, asked: Asked) -> list[LayerPair]:
    """The pairs that were named; otherwise every layer of the one list with every one of the other.

    Without names, those whose families were searched, or six layers spread over the depth of each network.

    Raises
    ------
    UnknownName
        if a layer is not its network's.
    BadInput
        if a pair is not of the form a=b, is given beside lists, or there are more pairs than fit into memory.

    >>> from core.testing import planted_classifier
    >>> net = planted_classifier(seed=0)
    >>> layer_pairs(net, net, Asked(("conv,relu", "relu")))
    [('conv', 'relu'), ('relu', 'relu')]
    """
    if asked.pairs and any(asked.layers):
        raise BadInput("name layers by --pair, or by --layers-a and --layers-b, not by both")
    if asked.pairs:
        found = [_named(one, other, text) for text in asked.pairs]
    else:
        searched = asked.families or (None, None)
        sides = zip((one, other), asked.layers, searched, strict=True)
        lists = [_list(subject, text, folder) for subject, text, folder in sides]
        found = [(a, b) for a in lists[0] for b in lists[1]]
    found = list(dict.fromkeys(found))
    _refuse_too_many(one, other, found)
    return found


def _list(subject: Subject, text: str | None, searched: Path | None) -> Sequence[str]:
    if text is None and searched is not None:
        return [layer_named(subject, name).name for name in layers_in(searched)]
    return usual_layers(subject) if text is None else chosen_layers(subject, text)


def _named(one: Subject, other: Subject, text: str) -> LayerPair:
    a, equals, b = (part.strip() for part in text.partition("="))
    if not equals or not a or not b:
        raise BadInput(
            f"a pair of layers is of the form LAYER_A=LAYER_B, as in conv1=features.0; got {text!r}"
        )
    return layer_named(one, a).name, layer_named(other, b).name


def _refuse_too_many(one: Subject, other: Subject, pairs: Sequence[LayerPair]) -> None:
    """Two matrices of double precision for each pair and for its control."""
    cells = sum(one.layers[a].channels * other.layers[b].channels for a, b in pairs)
    if (needed := 32 * cells) > MOST_BYTES:
        raise BadInput(
            f"{len(pairs)} layer pairs need {needed / 1e9:.1f} GB of memory at once, at most "
            f"{MOST_BYTES / 1e9:.0f} GB are taken; name fewer layers"
        )
