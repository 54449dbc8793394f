"""score(): families found in one layer of InceptionV1 beside everything that the Circuits thread published of it."""

from dataclasses import dataclass

from core.symmetry.families import Families
from vision.published.beside import Beside, beside
from vision.published.mirrors import Mirrors, mirrors
from vision.published.ordering import GridScore, OrderScore, grids, orders
from vision.published.partition import Partition, partition
from vision.published.reading import Lists, inceptionv1


@dataclass(frozen=True)
class PublishedScore:
    """How families that were found under ``group`` agree with what is published of their layer.

    ``complete`` says whether all units of the layer are in a published group; where they are not, nothing found is
    counted as false.
    """

    layer: str
    group: str
    complete: bool
    partition: Partition
    orders: tuple[OrderScore, ...]
    grids: tuple[GridScore, ...]
    mirrors: Mirrors | None
    beside: tuple[Beside, ...]


def score(families: Families, *, lists: Lists | None = None, seed: int = 0) -> PublishedScore:
    """Families of a layer of InceptionV1 beside the Circuits thread's [olah2020b], [olah2020c].

    Raises
    ------
    UnknownName
        if nothing is published of the layer.
    BadInput
        if the layer has another number of units than the lists say.
    """
    lists = lists or inceptionv1()
    return PublishedScore(
        families.layer,
        families.group.name,
        families.layer in lists.complete,
        partition(families, lists=lists, seed=seed),
        orders(families, lists=lists, seed=seed),
        grids(families, lists=lists, seed=seed),
        mirrors(families, lists=lists),
        beside(families, lists=lists),
    )
