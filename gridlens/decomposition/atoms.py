"""What every atom is: inputs that fire it, a picture made for it, its nearest unit, what outputs lose with it."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.artifacts import read_tensors, write_tensors
from core.decomposition import Dictionary, atoms_as_units
from core.interventions import ablate, intervened
from core.progress import Progress
from core.receptive import ReceptiveField
from core.subject import Subject, run
from core.targets import Unit
from feature_viz.examples.crops import pictures
from feature_viz.examples.exemplars import (
    Exemplars,
    ImageSource,
    exemplars,
    maps_of,
    read_exemplars,
    write_exemplars,
)
from feature_viz.gallery.picture_size import picture_size
from feature_viz.objectives import direction
from feature_viz.optimize import render

TOP = 16
"""Inputs that fire an atom most, on which its effect is measured; some of them are shown."""

TOGETHER = 8
"""Pictures made between two times that they are written down: the most that a killed run repeats."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """For every atom the unit that it comes nearest to, and the cosine between the two: 1 means that it is that unit.

    ``by_chance`` is the mean cosine of random directions of the same layer with their nearest units.
    """

    unit: Int[Tensor, "k"] = field(repr=False)
    cosine: Float[Tensor, "k"] = field(repr=False)
    by_chance: float


def nearest_units(atoms: Float[Tensor, "k c"], *, seed: int = 0, draws: int = 1000) -> Nearest:
    """The unit of the largest weight, which of a vector of length 1 is the cosine; up to sign.

    >>> found = nearest_units(torch.tensor([[0.0, -1.0], [0.6, 0.8]]))
    >>> found.unit.tolist(), [round(value, 2) for value in found.cosine.tolist()]
    ([1, 1], [1.0, 0.8])
    """
    best = atoms.abs().max(1)
    drawn = torch.randn(draws, atoms.shape[1], generator=torch.Generator().manual_seed(seed))
    chance = drawn.abs().amax(1) / drawn.norm(dim=1)
    return Nearest(best.indices, best.values, float(chance.mean()))


def order(dictionary: Dictionary) -> Int[Tensor, "k"]:
    """Atoms, those that carry most of the activations first."""
    return shares(dictionary).argsort(descending=True, stable=True)


def shares(dictionary: Dictionary) -> Float[Tensor, "k"]:
    """The mean square of every atom's codes as a share of that of all."""
    energy = dictionary.quality.strength.square()
    scaled: Tensor = energy / energy.sum().clamp_min(1e-12)
    return scaled


def atoms_layer(dictionary: Dictionary) -> str:
    """The layer that ``atoms_as_units`` adds."""
    return f"{dictionary.layer}.atoms"


def found_examples(
    subject: Subject, dictionary: Dictionary, source: ImageSource, *, folder: Path, progress: Progress
) -> Exemplars:
    """Exemplars of the atoms as units."""
    layer, path = atoms_layer(dictionary), folder / "examples.safetensors"
    taken = atoms_as_units(subject, dictionary)
    if not path.exists():
        unfinished = folder / "unfinished"
        found = exemplars(taken, source, [layer], k=TOP, checkpoint=unfinished, progress=progress)[layer]
        write_exemplars(path, found)
        shutil.rmtree(unfinished, ignore_errors=True)
    return read_exemplars(path, layer, taken, source)


def made_pictures(
    subject: Subject,
    dictionary: Dictionary,
    chosen: Sequence[int],
    seen: ReceptiveField,
    *,
    folder: Path,
    steps: int | None,
    seed: int,
    progress: Progress,
) -> Mapping[int, Float[Tensor, "c h w"]]:
    """Pictures that raise some atoms' directions, and not whatever else correlates with them [carter2019]."""
    made: dict[int, Tensor] = {}
    size = picture_size(subject, seen)
    for first in range(0, len(chosen), TOGETHER):
        some = list(chosen[first : first + TOGETHER])
        path = folder / f"{first:05d}.safetensors"
        if not path.exists():

            def told(done: int, total: int, label: str, first: int = first, count: int = len(some)) -> None:
                each = total // count
                progress(first * each + done, len(chosen) * each, label)

            wanted = [direction(dictionary.direction(atom), cosine_power=1.0) for atom in some]
            found = render(subject, wanted, seed=seed, steps=steps, size=size, progress=told)
            write_tensors(path, {str(atom): each.image for atom, each in zip(some, found, strict=True)})
        made |= {int(name): image for name, image in read_tensors(path).items()}
    return made


def effects(
    subject: Subject,
    dictionary: Dictionary,
    chosen: Sequence[int],
    source: ImageSource,
    found: Exemplars,
    *,
    path: Path,
    progress: Progress,
) -> Float[Tensor, "k o"]:
    """What every output loses, on the inputs that fire an atom most, if that atom is put to nothing there."""
    if path.exists():
        return read_tensors(path)["effects"]
    layer = atoms_layer(dictionary)
    taken = atoms_as_units(subject, dictionary)
    rows = []
    for done, atom in enumerate(chosen):
        inputs = torch.stack([one for _, one in pictures(source, found.top.index[:, atom].tolist())])
        with torch.no_grad():
            clean = outputs(taken, inputs)
            with intervened(taken, ablate(Unit(layer, atom))) as without:
                rows.append((clean - outputs(without, inputs)).mean(0))
        progress(done + 1, len(chosen), "ablating atoms")
    write_tensors(path, {"effects": torch.stack(rows)})
    return torch.stack(rows)


def outputs(subject: Subject, inputs: Float[Tensor, "n c h w"]) -> Float[Tensor, "n o"]:
    """All heads' outputs side by side, in the order of ``output_names``."""
    said = run(subject, inputs)
    return torch.cat([said[head].flatten(1).cpu() for head in subject.heads], 1)


def output_names(subject: Subject) -> list[str]:
    """What the outputs are called: labels of a classifier's one head; of agents' with their head.

    >>> from core.testing import spotlight
    >>> output_names(spotlight())
    ['policy first', 'policy second', 'value']
    """
    if len(subject.heads) == 1:
        return [str(label) for labels in subject.heads.values() for label in labels]
    return [
        head if len(labels) == 1 else f"{head} {label}"
        for head, labels in subject.heads.items()
        for label in labels
    ]


def heat(subject: Subject, layer: str, unit: int, inputs: Float[Tensor, "n c h w"]) -> Float[Tensor, "n h w"]:
    """How strongly a unit (or atom) fires at every place of some inputs, as a share of its peak there."""
    maps = maps_of(subject, inputs, [layer])[layer][:, unit].clone().clamp_min(0).cpu()
    scaled: Tensor = maps / maps.amax((1, 2), keepdim=True).clamp_min(1e-12)
    return scaled
