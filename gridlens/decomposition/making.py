"""decomposed(): a layer's activations collected, taken apart, and every atom looked at; kept in a run folder."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from core.artifacts import write_csv
from core.decomposition import METHODS, refuse_too_few
from core.decomposition.sparse.room import refuse_too_wide
from core.decomposition.sparse.settings import settings
from core.errors import BadInput, UnknownName
from core.progress import Progress, silent
from core.receptive import ReceptiveField, receptive_fields
from core.runs import running
from core.store import collect
from core.subject import layer_named
from feature_viz.examples.exemplars import Exemplars
from gridlens.decomposition.atoms import (
    Nearest,
    effects,
    found_examples,
    made_pictures,
    nearest_units,
    order,
    shares,
)
from gridlens.decomposition.fitting import Fits, default_atoms, fitted, is_sparse, refuse_unfitting
from gridlens.decomposition.inputs import Inputs, many
from gridlens.opened import Opened

POSITIONS = 64
"""Places of every input's map that are kept, at most, unless asked for: neighbours say nearly the same."""


@dataclass(frozen=True)
class Request:
    """What is taken apart, by which method, on what; ``show`` atoms get pictures, those that carry most.

    ``options`` are settings of a sparse autoencoder. None: what suits the method, the layer or the subject.
    """

    layer: str
    method: str = "nmf"
    atoms: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    images: Path | None = None
    count: int | None = None
    positions: int | None = None
    show: int = 24
    steps: int | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Found:
    """All that was computed of a layer; ``chosen`` are the atoms shown, ``effects`` and ``made`` theirs alone."""

    inputs: Inputs
    rows: int
    fits: Fits
    chosen: Sequence[int]
    examples: Exemplars = field(repr=False)
    seen: ReceptiveField
    nearest: Nearest
    made: Mapping[int, Float[Tensor, "c h w"]] = field(repr=False)
    effects: Float[Tensor, "shown o"] = field(repr=False)


def decomposed(opened: Opened, request: Request, *, out: Path, progress: Progress = silent) -> Found:
    """Collect, fit, look; given again for the same folder, go on where it was broken off.

    Raises
    ------
    BadInput, UnknownName, Unreadable
        if layer, method, settings or inputs do not fit the subject: before anything is computed or written.
    RunConflict
        if the folder holds a different run.
    """
    subject = opened.subject
    info = layer_named(subject, request.layer)
    if request.method not in METHODS:
        raise UnknownName("method of decomposition", request.method, METHODS)
    refuse_unfitting(request.method, request.options)
    k = request.atoms or default_atoms(request.method, info.channels)
    _refuse_more_atoms_than(info.channels, request.method, k)
    if is_sparse(request.method):
        asked = settings(k, dict(request.options))
        refuse_too_wide(k, info.channels, asked.batch_size, asked.device)
    inputs = many(opened, images=request.images, count=request.count, seed=request.seed, progress=progress)
    refuse_too_few(len(inputs.source) * _positions(info.grid, request.positions), k)
    with running(
        out,
        kind="decomposition",
        parameters=_parameters(request, k),
        seeds={"seed": request.seed},
        subject=subject.fingerprint,
        data=inputs.source.fingerprint,
    ) as run:
        return _found(opened, request, inputs, k, folder=run.folder, progress=progress)


def _refuse_more_atoms_than(channels: int, method: str, k: int) -> None:
    if method in ("pca", "ica", "nmf") and k > channels:
        raise BadInput(
            f"{method} finds at most as many atoms as the layer has channels, {channels}; {k} were asked for "
            "(a sparse autoencoder can have more)"
        )


def _parameters(request: Request, k: int) -> dict[str, Any]:
    """What makes another run."""
    return {
        "layer": request.layer,
        "method": request.method,
        "atoms": k,
        "options": dict(request.options),
        "images": request.images,
        "count": request.count,
        "positions": request.positions,
        "show": request.show,
        "steps": request.steps,
    }


def _found(
    opened: Opened, request: Request, inputs: Inputs, k: int, *, folder: Path, progress: Progress
) -> Found:
    subject, layer, source = opened.subject, request.layer, inputs.source
    store = collect(
        subject,
        source,
        [layer],
        folder / "activations",
        positions=_positions(subject.layers[layer].grid, request.positions),
        seed=request.seed,
        progress=progress,
    )[layer]
    fits = fitted(
        store,
        method=request.method,
        k=k,
        seed=request.seed,
        options=request.options,
        folder=folder / "dictionaries",
        progress=progress,
    )
    shutil.rmtree(folder / "dictionaries" / "unfinished", ignore_errors=True)
    dictionary = fits.dictionary
    examples = found_examples(subject, dictionary, source, folder=folder, progress=progress)
    chosen = [atom for atom in order(dictionary).tolist() if dictionary.quality.firing[atom] > 0][
        : request.show
    ]
    seen = receptive_fields(subject, [layer], size=source.size)[layer]
    made: Mapping[int, Tensor] = {}
    if inputs.world is None and inputs.drawable:
        made = made_pictures(
            subject,
            dictionary,
            chosen,
            seen,
            folder=folder / "pictures",
            steps=request.steps,
            seed=request.seed,
            progress=progress,
        )
    lost = effects(
        subject, dictionary, chosen, source, examples, path=folder / "effects.safetensors", progress=progress
    )
    near = nearest_units(dictionary.atoms, seed=request.seed)
    _write_table(folder / "atoms.csv", fits, near)
    return Found(inputs, len(store), fits, chosen, examples, seen, near, made, lost)


def _positions(grid: tuple[int, int], asked: int | None) -> int:
    return min(asked or POSITIONS, grid[0] * grid[1])


def _write_table(path: Path, fits: Fits, near: Nearest) -> None:
    """Every atom, those that get no picture too."""
    dictionary, matched = fits.dictionary, fits.stable
    carried = shares(dictionary)
    rows = [
        {
            "atom": atom,
            "share": float(carried[atom]),
            "firing": float(dictionary.quality.firing[atom]),
            "strength": float(dictionary.quality.strength[atom]),
            "nearest_unit": int(near.unit[atom]),
            "nearest_cosine": float(near.cosine[atom]),
            "twin_cosine": float(matched.cosine[atom]),
        }
        for atom in order(dictionary).tolist()
    ]
    write_csv(path, rows)
