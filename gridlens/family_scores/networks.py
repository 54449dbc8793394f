"""The real networks on which two methods are held against each other, and where their files lie in a data folder."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, UnknownName


@dataclass(frozen=True)
class Network:
    """A network by its name, the layers to be searched, and those of them where families of turns are expected."""

    model: str
    layers: tuple[str, ...]
    early: tuple[str, ...]
    pictures: str

    @property
    def weights(self) -> str:
        """Where its weights lie in the data folder."""
        return f"weights/{self.model}.safetensors"


PHOTOGRAPHS, CIFAR = "images/photos_500.tar", "images/cifar10_test_lossless.npz"

NETWORKS: Mapping[str, Network] = {
    each.model: each
    for each in (
        Network(
            "bvlc_googlenet",
            ("relu2", "inception_3a", "inception_3b", "inception_4a"),
            ("relu2", "inception_3a", "inception_3b"),
            PHOTOGRAPHS,
        ),
        Network(
            "squeezenet1_1",
            ("features.1", "features.3", "features.4", "features.6"),
            ("features.1", "features.3", "features.4"),
            PHOTOGRAPHS,
        ),
        Network("cifar10_resnet20", ("relu", "layer1", "layer2"), ("relu", "layer1"), CIFAR),
        Network("cifar10_resnet32", ("relu", "layer1", "layer2"), ("relu", "layer1"), CIFAR),
    )
}
"""Networks whose weights anybody may fetch; ``relu2`` is what conv2_3x3 says."""

DATA = "GRIDLENS_TEST_DATA"
"""The environment's name for the data folder, where --data does not give it."""


def data_folder(given: Path | None) -> Path | None:
    """The folder that is given, or the environment's; None if there is neither.

    Raises
    ------
    BadInput
        if it is not there.
    """
    held = os.environ.get(DATA)
    folder = given or (Path(held) if held else None)
    if folder is not None and not folder.is_dir():
        raise BadInput(f"no data folder {str(folder)!r}; it holds weights/NETWORK.safetensors and images/")
    return folder


def chosen(models: Sequence[str]) -> tuple[Network, ...]:
    """The networks of those names; all without names.

    Raises
    ------
    UnknownName
        with the nearest.

    >>> [network.model for network in chosen(["squeezenet1_1"])]
    ['squeezenet1_1']
    """
    for name in models:
        if name not in NETWORKS:
            raise UnknownName("network with known layers", name, NETWORKS)
    return tuple(NETWORKS[name] for name in models or NETWORKS)


def missing(network: Network, folder: Path) -> str | None:
    """The first of the network's files that is not in the data folder."""
    return next((file for file in (network.weights, network.pictures) if not (folder / file).exists()), None)
