"""Found families beside published ones: which are known, which are candidates for new ones; or why nobody can say."""

from collections.abc import Mapping
from typing import Any

from core.symmetry.families import Families
from vision.published.beside import beside
from vision.published.reading import NETWORKS, Lists, Published, lists_of


def published_of(model: str, families: Families) -> dict[str, Any]:
    """{known, why, rows, said, families}: families maps a number to {name} of the published family that it is.

    >>> from core.symmetry.groups import cyclic
    >>> from core.provenance import Provenance
    >>> none = Families("relu1", cyclic("rotation", 4), 3, (), (), (), (), 0.9, 0.0, "", Provenance())
    >>> published_of("shapes", none)["known"]
    False
    """
    lists = lists_of(model)
    if lists is None:
        named = " and ".join(NETWORKS)
        return _unknown(
            f"Families were published of one network, InceptionV1 as the Circuits thread used it ({named} here); unit "
            f"numbers of {model} mean nothing there, so which of these are new cannot be said."
        )
    if families.layer not in lists.sizes:
        return _unknown(f"Nothing was published of the units of {families.layer}.")
    told = beside(families, lists=lists)
    new = sum(one.known is None for one in told)
    return {
        "known": True,
        "why": "",
        "rows": _rows(families, lists),
        "said": f"{new} of {len(told)} families found here are in no published one: candidates for new ones.",
        "families": {str(one.family + 1): one.known and {"name": one.known} for one in told},
    }


def _unknown(why: str) -> dict[str, Any]:
    return {"known": False, "why": why, "rows": [], "said": "", "families": {}}


def _rows(families: Families, lists: Lists) -> list[Mapping[str, Any]]:
    """Every published family of the layer under this group with the one found that shares most of it."""
    return [_nearest(group, families) for group in lists.families(families.layer, *families.group.axes)]


def _nearest(group: Published, families: Families) -> Mapping[str, Any]:
    labels, units = families.labels, list(group.units)
    best, shared, f1 = None, 0, 0.0
    for number in range(len(families.families)):
        both = int((labels[units] == number).sum())
        score = 2 * both / (len(units) + int((labels == number).sum()))
        if score > f1:
            best, shared, f1 = number + 1, both, score
    return {"name": group.name, "units": len(units), "family": best, "shared": shared, "f1": f1}
