"""Training of the embedded classifier on the procedural set; a killed run goes on to the same final bytes.

Every image is seen once: step ``k`` takes images ``k * batch`` onwards of the data seed. Nothing is drawn at random
after the weights' first values, so weights, optimiser state and step number are all there is to a checkpoint.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.artifacts import read_json, read_metadata, read_tensors, write_csv, write_json, write_tensors
from core.errors import BadInput, NotFinite
from core.progress import Progress, silent
from core.provenance import code_version, versions
from core.runs import running
from core.subject import normalise
from core.uncertainty import Interval, bootstrap_interval
from vision import shapes
from vision.networks import SHAPES_INPUT, shapes_cnn

WEIGHTS = "shapes_cnn.safetensors"
RESULT = "shapes_cnn.json"
_CHECKPOINT = "checkpoint.safetensors"
_BLOCK = 2048  # images drawn at a time


@dataclass(frozen=True)
class ClassifierConfig:
    """How the classifier is trained: AdamW, one warm-up and one cosine descent of the learning rate."""

    steps: int = 2000
    batch: int = 128
    learning_rate: float = 4e-3
    weight_decay: float = 0.5
    seed: int = 0
    data_seed: int = 0
    test_images: int = 8000
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "test_images", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} is {getattr(self, name)}; expected a whole number from 1")
        if self.steps * self.batch > shapes.TEST_START:
            raise BadInput(
                f"{self.steps} steps of {self.batch} images reach into the test images, "
                f"which start at {shapes.TEST_START}"
            )


@dataclass(frozen=True)
class TrainedClassifier:
    """A finished training run: the weights' file and the share of held-out images that they classify rightly."""

    weights: Path
    accuracy: Interval
    by_class: dict[str, float]
    seconds: float


def train_classifier(
    config: ClassifierConfig, out: str | Path, *, progress: Progress = silent
) -> TrainedClassifier:
    """Train the embedded classifier into the run folder ``out``; goes on where a killed run stopped.

    Writes the weights (with their input scaling as metadata), a result (accuracy, command, versions) and the
    losses. With the same number of threads, the same configuration gives the same bytes.

    Raises
    ------
    RunConflict
        if ``out`` holds a different run.
    NotFinite
        if the loss is NaN or infinite; says at which step and why.

    >>> import tempfile
    >>> config = ClassifierConfig(steps=2, batch=8, test_images=32)
    >>> train_classifier(config, tempfile.mkdtemp()).weights.name
    'shapes_cnn.safetensors'
    """
    seeds = {"seed": config.seed, "data_seed": config.data_seed}
    parameters = {name: value for name, value in asdict(config).items() if name not in seeds}
    with running(out, kind="train-classifier", parameters=parameters, seeds=seeds) as run:
        if not run.finished:
            _train(config, run.folder, progress)
    return read_result(Path(out) / RESULT)


def read_result(path: Path) -> TrainedClassifier:
    """What a result file says of the weights beside it."""
    held = read_json(path)
    return TrainedClassifier(
        path.parent / WEIGHTS, Interval(**held["accuracy"]), held["by_class"], held["seconds"]
    )


@dataclass
class _State:
    """All that a checkpoint keeps."""

    network: nn.Module
    optimiser: torch.optim.Optimizer
    losses: list[float]
    seconds: float


def _train(config: ClassifierConfig, folder: Path, progress: Progress) -> None:
    state = _start(config)
    _load_checkpoint(state, folder / _CHECKPOINT)
    while len(state.losses) < config.steps:
        begun = time.monotonic()
        stop = min(len(state.losses) + config.checkpoint_every, config.steps)
        for images, labels in _batches(config, len(state.losses), stop):
            state.losses.append(_step(state, config, images, labels))
            progress(len(state.losses), config.steps, "training the classifier")
        state.seconds += time.monotonic() - begun
        _save_checkpoint(state, folder / _CHECKPOINT)
    _finish(state, config, folder, progress)


def _start(config: ClassifierConfig) -> _State:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = shapes_cnn(len(shapes.CLASSES)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=config.weight_decay)
    return _State(network.train(), optimiser, [], 0.0)


def _batches(config: ClassifierConfig, start: int, stop: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The images and labels of steps ``start`` to ``stop``."""
    at_once = max(1, _BLOCK // config.batch)
    for first in range(start, stop, at_once):
        last = min(first + at_once, stop)
        block = shapes.generate(config.data_seed, range(first * config.batch, last * config.batch))
        yield from zip(block.images.split(config.batch), block.labels.split(config.batch), strict=True)


def _step(state: _State, config: ClassifierConfig, images: Tensor, labels: Tensor) -> float:
    rate = learning_rate(config, len(state.losses))
    for group in state.optimiser.param_groups:
        group["lr"] = rate
    state.optimiser.zero_grad()
    loss = F.cross_entropy(_logits(state.network, images), labels)
    if not math.isfinite(loss.item()):
        raise NotFinite(
            f"the loss is {loss.item()} at step {len(state.losses)} of {config.steps} "
            f"(learning rate {rate:.3g}): {_cause(state.network)}; try a lower learning rate"
        )
    loss.backward()
    state.optimiser.step()
    return loss.item()


def learning_rate(config: ClassifierConfig, step: int) -> float:
    """A linear rise over the first tenth of the steps, then half a cosine down to 0.

    >>> [round(learning_rate(ClassifierConfig(steps=100), step), 4) for step in (0, 9, 55, 99)]
    [0.0004, 0.004, 0.002, 0.0]
    """
    warm = max(1, config.steps // 10)
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, config.steps - warm)))


def _logits(network: nn.Module, images: Tensor) -> Tensor:
    return network(normalise(SHAPES_INPUT, images).contiguous(memory_format=torch.channels_last))


def _cause(network: nn.Module) -> str:
    for name, tensor in network.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            return f"{name} is the first tensor that is not finite"
    return "the weights are finite but the outputs overflow"


def _save_checkpoint(state: _State, path: Path) -> None:
    tensors = {f"network.{name}": tensor for name, tensor in state.network.state_dict().items()}
    for index, moments in state.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": tensor for name, tensor in moments.items()}
    tensors["losses"] = torch.tensor(state.losses, dtype=torch.float64)
    write_tensors(path, tensors, {"seconds": str(state.seconds)})


def _load_checkpoint(state: _State, path: Path) -> None:
    if not path.exists():
        return
    tensors = read_tensors(path)
    state.losses, state.seconds = tensors.pop("losses").tolist(), float(read_metadata(path)["seconds"])
    held = {part: _under(tensors, part) for part in ("network.", "optimiser.")}
    state.network.load_state_dict(held["network."])
    for index, parameter in enumerate(state.network.parameters()):
        moments = _under(held["optimiser."], f"{index}.")
        for name in ("exp_avg", "exp_avg_sq"):  # in the parameter's own memory order, as before the stop
            moments[name] = torch.empty_like(parameter).detach().copy_(moments[name])
        state.optimiser.state[parameter] = moments


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _finish(state: _State, config: ClassifierConfig, folder: Path, progress: Progress) -> None:
    right, labels = judge(state.network, config, progress)
    metadata = {
        "model": "shapes (Gridlens)",
        "input": "RGB 0..1, mean (.5, .5, .5) std (.25, .25, .25), 48x48",
        "outputs": ", ".join(shapes.CLASSES),
        "licence": "Apache-2.0",
    }
    write_tensors(folder / WEIGHTS, state.network.state_dict(), metadata)
    write_csv(folder / "losses.csv", [{"step": k, "loss": loss} for k, loss in enumerate(state.losses)])
    result = {
        "command": command_of(config),
        "config": asdict(config),
        "accuracy": asdict(bootstrap_interval(right.double().numpy(), seed=0)),
        "by_class": {
            name: right[labels == k].double().mean().item() for k, name in enumerate(shapes.CLASSES)
        },
        "seconds": round(state.seconds, 1),
        "threads": torch.get_num_threads(),
        "versions": versions(),
        "code": code_version(),
    }
    write_json(folder / RESULT, result)
    (folder / _CHECKPOINT).unlink(missing_ok=True)


def judge(network: nn.Module, config: ClassifierConfig, progress: Progress = silent) -> tuple[Tensor, Tensor]:
    """Whether the network is right about each held-out image (n,), and the images' labels (n,)."""
    network.eval()
    right, labels = [], []
    for start in range(0, config.test_images, _BLOCK):
        stop = min(start + _BLOCK, config.test_images)
        block = shapes.generate(config.data_seed, range(shapes.TEST_START + start, shapes.TEST_START + stop))
        with torch.no_grad():
            guesses = torch.cat([_logits(network, images).argmax(1) for images in block.images.split(256)])
        right.append(guesses == block.labels)
        labels.append(block.labels)
        progress(stop, config.test_images, "testing the classifier")
    return torch.cat(right), torch.cat(labels)


def command_of(config: ClassifierConfig) -> str:
    """The command line that trains so.

    >>> command_of(ClassifierConfig(data_seed=3))
    'gridlens train-classifier --data-seed 3 --out runs/shapes_cnn'
    """
    options = [
        f"--{field.name.replace('_', '-')} {getattr(config, field.name)}"
        for field in fields(config)
        if getattr(config, field.name) != field.default
    ]
    return " ".join(["gridlens train-classifier", *options, "--out runs/shapes_cnn"])
