"""The scores of a batch of units, from their pictures as the folder holds them and the crops of their best images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from core.subject import Subject
from core.targets import Unit
from feature_viz.examples.crops import bottom_cells, crops, top_cells, window
from feature_viz.examples.exemplars import ImageSource
from feature_viz.gallery.unit_entries import LayerWork, Row
from feature_viz.truth.judge import Judge, judge_by
from feature_viz.truth.scores import picture_scores

NATURAL = 100
"""Images that a judge gets used to."""


def judge_of(judging: Subject | None, images: ImageSource) -> Judge | None:
    """A judge that sees with a network and knows the first images."""
    return None if judging is None else judge_by(judging, next(iter(images.batches(NATURAL))))


def scored(
    subject: Subject,
    images: ImageSource,
    work: LayerWork,
    rows: Sequence[Row],
    *,
    folder: Path,
    seed: int,
) -> list[Row]:
    """UNITs of one batch with ``scores.picture_scores`` among their scores.

    Units are compared with the others of the batch.
    """
    side = window(work.seen, 0, 0).side
    units = [row["channel"] for row in rows]
    again = all("seed" in row["views"] for row in rows)
    found = picture_scores(
        subject,
        [Unit(work.layer, unit) for unit in units],
        _pictures(subject, [row["picture"] for row in rows], folder),
        _pictures(subject, [row["views"]["seed"]["picture"] for row in rows], folder) if again else None,
        crops(images, [top_cells(work.seen, work.found, unit) for unit in units], size=side),
        crops(images, [bottom_cells(work.seen, work.found, unit) for unit in units], size=side),
        judge=work.judge,
        seed=seed,
    )
    return [row | {"scores": row["scores"] | scores} for row, scores in zip(rows, found, strict=True)]


def _pictures(subject: Subject, paths: Sequence[str], folder: Path) -> Float[Tensor, "n c h w"]:
    return torch.stack([_picture(folder / path, subject.spec.shape[0]) for path in paths])


def _picture(path: Path, channels: int) -> Float[Tensor, "c h w"]:
    """A picture as it is shown; channels that are no colours stand side by side in it."""
    with Image.open(path) as image:
        pixels: Any = np.asarray(image.convert("RGB" if channels == 3 else "L"))
    values = torch.from_numpy(pixels.astype(np.float32) / 255)
    if channels == 3:
        return values.permute(2, 0, 1)
    return torch.stack(values.chunk(channels, 1))
