"""atoms_as_units(): a subject with one more layer, whose units are a dictionary's atoms."""

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from core.decomposition.dictionary import Dictionary, encode, on_device
from core.errors import BadInput
from core.layers import LayerInfo
from core.provenance import fingerprint
from core.subject import Subject, layer_named

ATOMS = "atoms"
"""What the new layer is called, below the layer that it belongs to."""


def atoms_as_units(subject: Subject, dictionary: Dictionary) -> Subject:
    """A copy of a subject with the layer ``f"{layer}.atoms"``: k channels of codes, arranged as the layer's positions.

    All other layers keep their names, and the network computes what it did: what the atoms do not explain is carried
    past them. A change of a code (ablation, steering, a patch) changes the layer's output along that atom.

    Raises
    ------
    UnknownName
        if the subject has no such layer.
    BadInput
        if the layer is of another width, or has atoms already.

    >>> from core.activations import capture
    >>> from core.decomposition import as_rows, fit
    >>> from core.testing import planted_classifier
    >>> subject, images = planted_classifier(seed=0), torch.rand(20, 3, 12, 12)
    >>> rows = as_rows(capture(subject, images, ["relu"])["relu"], subject.layers["relu"])
    >>> taken_apart = atoms_as_units(subject, fit(rows, layer="relu", method="nmf", k=3))
    >>> taken_apart.layers["relu.atoms"].shape, list(taken_apart.layers)
    ((3, 12, 12), ['conv', 'relu', 'relu.atoms', 'pool', 'head'])
    """
    info = layer_named(subject, dictionary.layer)
    name = f"{info.name}.{ATOMS}"
    if info.channels != dictionary.channels:
        raise BadInput(
            f"layer {info.name!r} of {subject.name} has {info.channels} channels and the dictionary is for "
            f"{dictionary.channels}; it was fitted to another layer or network"
        )
    module = copy.deepcopy(subject.module)
    before = module.get_submodule(info.name)
    if ATOMS in before._modules:
        raise BadInput(f"layer {info.name!r} of {subject.name} has a part called {ATOMS!r} already")
    spliced = _Spliced(before, on_device(dictionary, subject.device), info)
    parent, _, leaf = info.name.rpartition(".")
    module.get_submodule(parent)._modules[leaf] = spliced.eval().requires_grad_(False)
    shape = list(info.shape)
    shape[0 if info.axes in ("chw", "c") else -1] = len(dictionary)
    layers: dict[str, LayerInfo] = {}
    for known, about in subject.layers.items():
        layers[known] = about
        if known == info.name:
            layers[name] = replace(about, name=name, kind="Atoms", shape=tuple(shape))
    return replace(
        subject,
        module=module,
        layers=layers,
        fingerprint=fingerprint(subject.fingerprint, dictionary.fingerprint),
    )


class _Atoms(nn.Module):
    """Hands codes on: the place where they are read, and changed, as a layer's output."""

    def forward(self, codes: Tensor) -> Tensor:
        return codes.clone()


class _Spliced(nn.Module):
    """A layer with its atoms behind it, under the layer's name; else it is as the layer was.

    Codes are found after the layer's own hooks have run, so that they see what was changed there. The parts of the
    layer are this module's too, which is how they keep their names; it must not run them itself.
    """

    def __init__(self, layer: nn.Module, dictionary: Dictionary, info: LayerInfo) -> None:
        super().__init__()
        self.__dict__["_layer"] = layer
        self.__dict__["_parameters"], self.__dict__["_buffers"] = layer._parameters, layer._buffers
        self.__dict__["_modules"] = {**layer._modules, ATOMS: _Atoms()}
        self.__dict__["_dictionary"] = dictionary
        self.__dict__["_axis"] = 1 if info.axes in ("chw", "c") else -1

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.__dict__["_layer"], name)

    def train(self, mode: bool = True) -> "_Spliced":
        self._layer.train(mode)
        super().train(mode)
        return self

    def forward(self, *inputs: Any, **options: Any) -> Any:
        return self._layer(*inputs, **options)

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        said = super().__call__(*inputs, **options)
        codes = encode(self._dictionary, said.movedim(self._axis, -1))
        answered = self.get_submodule(ATOMS)(codes.movedim(-1, self._axis)).movedim(self._axis, -1)
        if torch.equal(codes, answered) and not answered.requires_grad:
            return said
        # Nothing is added, but gradients of what follows reach the codes; those of the input stay what they were.
        changed = (answered - codes) @ on_device(self._dictionary, codes.device).atoms
        return said + changed.movedim(-1, self._axis)
