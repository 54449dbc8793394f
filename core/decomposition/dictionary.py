"""Dictionary: a layer's activations as sums of atoms; each atom a direction, each row has its codes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from core.artifacts import read_metadata, read_tensors, write_tensors
from core.decomposition.encoders import codes_of
from core.decomposition.quality import Quality, quality_of
from core.errors import BadInput, Unreadable
from core.provenance import Provenance, fingerprint
from core.targets import Direction
from core.uncertainty import Interval


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Activations of ``layer`` are about ``bias + codes @ atoms``; ``code`` names how codes are found (ENCODERS).

    Rows of ``atoms`` (k, c) have length 1, so codes are in the layer's own units. ``parts`` is what the encoder
    needs: ``bias`` (c,) and, by kind, ``encoder`` (k, c), ``encoder_bias`` (k,), ``threshold`` (k,), ``lengths`` (k,).
    """

    layer: str
    method: str
    code: str
    atoms: Float[Tensor, "k c"] = field(repr=False)
    parts: Mapping[str, Tensor] = field(repr=False)
    quality: Quality
    provenance: Provenance = field(repr=False)

    def __len__(self) -> int:
        return len(self.atoms)

    @property
    def channels(self) -> int:
        """Width of the layer."""
        return int(self.atoms.shape[1])

    @property
    def fingerprint(self) -> str:
        """Of the atoms and of how codes are found."""
        pieces = [piece for name in sorted(self.parts) for piece in (name, self.parts[name])]
        return fingerprint(self.layer, self.code, self.atoms, *pieces)

    def direction(self, index: int) -> Direction:
        """An atom as a target of its layer.

        Raises
        ------
        BadInput
            if there is no such atom.
        """
        if not 0 <= index < len(self):
            raise BadInput(
                f"dictionary of {self.layer!r} has atoms 0 to {len(self) - 1}; {index} is not among them "
                f"(nearest: {min(max(index, 0), len(self) - 1)})"
            )
        return Direction(self.layer, self.atoms[index], f"{self.method}:{index}")


def encode(dictionary: Dictionary, activations: Float[Tensor, "*n c"]) -> Float[Tensor, "*n k"]:
    """Codes of activations whose last axis is the layer's channels; gradients flow where a code is not 0.

    Raises
    ------
    BadInput
        if the layer is of another width.

    >>> from core.decomposition import fit
    >>> rows = torch.randn(200, 6, generator=torch.Generator().manual_seed(0))
    >>> found = fit(rows, layer="fc", method="pca", k=2)
    >>> encode(found, rows).shape, torch.allclose(decode(found, encode(found, rows)), rows)
    (torch.Size([200, 2]), False)
    """
    if activations.shape[-1] != dictionary.channels:
        raise BadInput(
            f"activations of {activations.shape[-1]} channels do not fit the dictionary of layer "
            f"{dictionary.layer!r}, which takes {dictionary.channels}"
        )
    placed = on_device(dictionary, activations.device)
    return codes_of(activations.to(torch.float32), placed.atoms, placed.code, placed.parts)


def decode(dictionary: Dictionary, codes: Float[Tensor, "*n k"]) -> Float[Tensor, "*n c"]:
    """Activations that codes stand for."""
    placed = on_device(dictionary, codes.device)
    return codes @ placed.atoms + placed.parts["bias"]


def measured(dictionary: Dictionary, rows: Float[Tensor, "n c"], *, group: int = 1, seed: int = 0) -> Quality:
    """Quality on other rows than those that the dictionary was fitted to, ``group`` of them after one another a sample.

    Raises
    ------
    BadInput
        if the layer is of another width.
    """
    if rows.shape[1] != dictionary.channels:
        encode(dictionary, rows[:0])
    parts = dictionary.parts
    return quality_of(rows, dictionary.atoms, dictionary.code, parts, held_out=True, group=group, seed=seed)


def on_device(dictionary: Dictionary, device: torch.device) -> Dictionary:
    """The dictionary with its tensors on a device; itself if they are there."""
    if dictionary.atoms.device == device:
        return dictionary
    parts = {name: values.to(device) for name, values in dictionary.parts.items()}
    return replace(dictionary, atoms=dictionary.atoms.to(device), parts=parts)


def write_dictionary(path: str | Path, dictionary: Dictionary) -> None:
    """A dictionary as one safetensors file; what is not a tensor is JSON in its metadata.

    >>> import tempfile
    >>> from core.decomposition import fit
    >>> found = fit(torch.eye(4).repeat(20, 1), layer="fc", method="k-means", k=4)
    >>> path = Path(tempfile.mkdtemp()) / "d.safetensors"
    >>> write_dictionary(path, found)
    >>> read_dictionary(path).fingerprint == found.fingerprint
    True
    """
    quality = dictionary.quality
    about = {
        "layer": dictionary.layer,
        "method": dictionary.method,
        "code": dictionary.code,
        "r2": asdict(quality.r2),
        "l0": asdict(quality.l0),
        "rows": quality.rows,
        "held_out": quality.held_out,
        "provenance": asdict(dictionary.provenance),
    }
    parts = {f"parts.{name}": values for name, values in dictionary.parts.items()}
    tensors = {"atoms": dictionary.atoms, "firing": quality.firing, "strength": quality.strength}
    write_tensors(path, tensors | parts, {"dictionary": json.dumps(about, sort_keys=True)})


def read_dictionary(path: str | Path) -> Dictionary:
    """A dictionary as ``write_dictionary`` left it.

    Raises
    ------
    Unreadable
        if the file is missing, cut short, or holds no dictionary.
    """
    tensors, metadata = read_tensors(path), read_metadata(path)
    if "dictionary" not in metadata or "atoms" not in tensors:
        raise Unreadable(
            f"{str(path)!r} is safetensors but holds no dictionary; gridlens decompose writes them"
        )
    about = json.loads(metadata["dictionary"])
    quality = Quality(
        Interval(**about["r2"]),
        Interval(**about["l0"]),
        tensors["firing"],
        tensors["strength"],
        about["rows"],
        about["held_out"],
    )
    parts = {
        name.removeprefix("parts."): values for name, values in tensors.items() if name.startswith("parts.")
    }
    said = Provenance(**about["provenance"])
    return Dictionary(about["layer"], about["method"], about["code"], tensors["atoms"], parts, quality, said)
