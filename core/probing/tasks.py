"""Task: what one probe is fitted to and scored on - a concept, or its labels shuffled between groups."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from numpy.typing import NDArray

from core.errors import BadInput
from core.probing.labelled import Columns, Labelled, columns
from core.probing.result import Kind
from core.probing.splits import Split, donors


@dataclass(frozen=True, eq=False)
class Task:
    """A concept's ``labels`` (n, ...) and the ``columns`` that are regressed on; shuffled in a control task."""

    concept: str
    kind: Kind
    labels: NDArray = field(repr=False)
    columns: Columns = field(repr=False)


def tasks_of(concepts: Mapping[str, Labelled], samples: Split, *, seed: int) -> list[Task]:
    """Two tasks for every concept: itself, then its control.

    Raises
    ------
    BadInput
        if a concept does not vary among the samples that are fitted, or among those that are scored.

    >>> import numpy as np
    >>> from core.probing.splits import split
    >>> size = {"size": Labelled("continuous", np.arange(50.0))}
    >>> len(tasks_of(size, split(50, None, seed=0), seed=0))
    2
    """
    giver, tasks = donors(samples.index, seed=seed), []
    for name, labelled in concepts.items():
        known = columns(labelled)
        for part, what in ((samples.fitted, "fitted to"), (~samples.fitted, "scored on")):
            if (known.values[part] == known.values[part][:1]).all():
                raise BadInput(
                    f"concept {name!r} varies in too few groups: it is the same in all {part.sum()} samples that "
                    f"its probe is {what}; give more samples in which it differs"
                )
        mixed = Columns(known.values[giver], known.classes, known.cells)
        tasks.append(Task(name, labelled.kind, labelled.values, known))
        tasks.append(Task(name, labelled.kind, labelled.values[giver], mixed))
    return tasks
