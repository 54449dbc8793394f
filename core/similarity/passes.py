"""One pass over many inputs, in which sums grow batch by batch: kept on disk, so that a killed pass goes on."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from core.artifacts import read_metadata, read_tensors, write_tensors
from core.store.images import Images

EVERY = 256
"""Inputs between two times that sums are kept, at least: the most that a killed pass repeats, but for one batch."""

Answers = tuple[Mapping[str, Tensor], Mapping[str, Tensor]]
"""The maps (n, c, h, w) by layer of one side and of the other, for the same batch of inputs."""

Sums = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Both:
    """What two sides answer to the same inputs: ``batches(start)`` gives it from that input on, the same every time.

    ``sources`` are where the inputs come from, if they are not in memory.
    """

    batches: Callable[[int], Iterator[Answers]] = field(repr=False)
    sources: tuple[Images, ...] = ()


def gone_through(
    both: Both, add: Callable[[Answers, int, Sums], None], *, path: str | Path | None = None
) -> tuple[Sums, int]:
    """All inputs once: ``add(answers, first, sums)`` puts each batch's part, from input ``first`` on, into the sums.

    Gives the sums, and how many inputs there were. With ``path``, a safetensors file, sums are kept there every few
    hundred inputs, and a pass that was broken off goes on from it.

    >>> import torch
    >>> both = Both(lambda start: iter([({"a": torch.ones(3, 1, 1, 1)}, {})]))
    >>> def add(answers, first, sums): sums["total"] = sums.get("total", torch.zeros(())) + answers[0]["a"].sum()
    >>> gone_through(both, add)
    ({'total': tensor(3.)}, 3)
    """
    sums, done = _resumed(both, path)
    kept = done
    for answers in both.batches(done):
        add(answers, done, sums)
        done += len(next(iter(answers[0].values())))
        if path is not None and done - kept >= EVERY:
            _keep(both, path, sums, done)
            kept = done
    if path is not None and done > kept:
        _keep(both, path, sums, done)
    return sums, done


def _keep(both: Both, path: str | Path, sums: Sums, done: int) -> None:
    known = [
        {"skipped": dict(getattr(source, "skipped", {})), "met": getattr(source, "met", done)}
        for source in both.sources
    ]
    write_tensors(path, sums, {"about": json.dumps({"done": done, "sources": known})})


def _resumed(both: Both, path: str | Path | None) -> tuple[Sums, int]:
    if path is None or not Path(path).exists():
        return {}, 0
    about = json.loads(read_metadata(path)["about"])
    for source, known in zip(both.sources, about["sources"], strict=True):
        if hasattr(source, "recall"):
            source.recall(known["skipped"], known["met"])
    return dict(read_tensors(path)), int(about["done"])
