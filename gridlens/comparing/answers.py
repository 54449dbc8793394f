"""What each classifier answers to every image, kept in the run folder; confidence, choice and how far two part."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from core.artifacts import read_tensors, write_tensors
from core.errors import NotFinite
from core.progress import Progress
from core.subject import Subject, run
from gridlens.comparing.lineup import Lineup, folder_of
from vision.datasets import ImageSource

BATCH = 64


@dataclass(frozen=True, eq=False)
class Answers:
    """Probabilities (n, k) of the common classes, from the softmax over them alone."""

    probabilities: Float[NDArray, "n k"] = field(repr=False)

    @property
    def choice(self) -> Int[NDArray, "n"]:
        """The class answered."""
        found: NDArray = self.probabilities.argmax(1)
        return found

    @property
    def confidence(self) -> Float[NDArray, "n"]:
        """Its probability."""
        found: NDArray = self.probabilities.max(1).clip(0, 1)
        return found


def answers(found: Lineup, folder: Path, *, progress: Progress) -> dict[str, Answers]:
    """Every subject's answers to every image; read back where they are there.

    Raises
    ------
    NotFinite
        if an answer is NaN or infinite.
    """
    made = {}
    for number, (name, subject) in enumerate(found.subjects.items()):
        path = folder_of(folder, name, number) / "logits.safetensors"
        if not path.exists():
            write_tensors(path, {"logits": logits(subject, found.images[name], progress)})
        kept = read_tensors(path)["logits"][:, found.columns[name]]
        made[name] = Answers(kept.double().softmax(1).numpy())
    return made


def logits(subject: Subject, images: ImageSource, progress: Progress) -> Float[Tensor, "n k"]:
    """The head's outputs for all images."""
    parts, done = [], 0
    with torch.no_grad():
        for batch in images.batches(BATCH):
            parts.append(run(subject, batch)["class"].flatten(1).float().cpu())
            done += len(batch)
            progress(done, max(done, len(images)), f"{subject.name}: answering")
    found = torch.cat(parts)
    if not torch.isfinite(found).all():
        raise NotFinite(
            f"{subject.name} answers {int((~torch.isfinite(found)).any(1).sum())} images with NaN or infinity"
        )
    return found


def total_variation(one: Answers, other: Answers) -> Float[NDArray, "n"]:
    """Half the summed difference of two softmaxes: 0 the same, 1 nothing in common.

    >>> import numpy as np
    >>> total_variation(Answers(np.array([[1.0, 0.0]])), Answers(np.array([[0.0, 1.0]]))).tolist()
    [1.0]
    """
    found: NDArray = abs(one.probabilities - other.probabilities).sum(1) / 2
    return found


def agree(one: Answers, other: Answers) -> Bool[NDArray, "n"]:
    """Whether two give the same answer."""
    found: NDArray = one.choice == other.choice
    return found
