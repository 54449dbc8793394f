"""Faithfulness beside Quantus: the same maps, the same metric, the same numbers, on a ResNet-20.

Quantus is imported only when a row runs, and only by this file and the tests of core.faithfulness.
"""

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.rows import PeerMissing, Row, alternate
from core.faithfulness import case_of, deletion, effects
from core.faithfulness.case import with_maps
from core.faithfulness.sensitivity_n import pearson
from core.subject import InputSpec, Subject, wrap
from core.targets import Output
from vision.resnet_cifar import resnet_cifar

IMAGES, METHODS, SUBSETS, VALUES = 4, 14, 30, 691
"""Images; maps of each, as many as an attribution page compares; subsets of each image; values in each, a tenth."""

SIDE, STEPS, REPEATS, AGREE = 48, 48, 5, 1e-4


def faithfulness_vs_quantus() -> Row:
    """Faithfulness correlation [bhatt2020] of every method's map of every image, in maps a second.

    How far the score falls under a subset does not depend on the map, so that here the network runs once for all
    methods. Both take the same subsets out.
    """
    metric = _quantus().FaithfulnessCorrelation(
        nr_runs=SUBSETS, subset_size=VALUES, perturb_baseline=0.0, return_aggregate=False, **_as_given()
    )
    subject, images, maps = _subject(), _drawn(IMAGES, 3, SIDE, SIDE), _drawn(METHODS, IMAGES, SIDE, SIDE)

    def theirs() -> np.ndarray:
        return np.array([_asked(metric, subject, images, one[:, None].numpy()) for one in maps])

    def ours() -> np.ndarray:
        return _correlations(subject, images, maps)

    told = f"{METHODS} maps of each of {IMAGES} images, {SUBSETS} subsets of {VALUES} values"
    return _row("faithfulness-vs-quantus", METHODS * IMAGES, ours, theirs, told)


def flipping_vs_quantus() -> Row:
    """Pixel flipping [bach2015], which is deletion, of one map of one image, in maps a second.

    No two maps share a perturbed image here; what is left to gain is that all steps go through the network together.
    """
    metric = _quantus().PixelFlipping(
        features_in_step=3 * SIDE**2 // STEPS, perturb_baseline=0.0, **_as_given()
    )
    subject, images, maps = _subject(), _drawn(1, 3, SIDE, SIDE), _drawn(1, SIDE, SIDE)
    place = maps.flatten(1).argsort(1).argsort(1).view(1, 1, SIDE, SIDE)
    in_turn = (
        (3 * place + torch.tensor([2, 1, 0]).view(1, 3, 1, 1)).float().numpy()
    )  # a pixel's channels together

    def theirs() -> np.ndarray:
        return np.array(_asked(metric, subject, images, in_turn))

    def ours() -> np.ndarray:
        found = deletion(subject, images, Output("class", 1), maps, baseline="black", steps=STEPS)
        return found.scores[:, 1:].numpy()

    return _row("flipping-vs-quantus", 1, ours, theirs, f"one map of one image, {STEPS} steps")


def _row(
    name: str, maps: int, ours: Callable[[], np.ndarray], theirs: Callable[[], np.ndarray], told: str
) -> Row:
    """Both timed in turns; refused where their answers differ."""
    answers: dict[str, np.ndarray] = {}

    def timed(whose: str, answer: Callable[[], np.ndarray]) -> Callable[[], float]:
        def measure() -> float:
            start = time.perf_counter()
            answers[whose] = answer()
            return maps / (time.perf_counter() - start)

        return measure

    rates = alternate(timed("ours", ours), timed("theirs", theirs), repeats=REPEATS)
    gap = float(np.abs(answers["ours"] - answers["theirs"]).max())
    if not gap <= AGREE:
        raise PeerMissing(f"Quantus measures something else here: the answers differ by {gap:.2g}")
    conditions = (
        f"{told}; ResNet-20 at {SIDE} x {SIDE}, {torch.get_num_threads()} threads; answers agree to {gap:.0e}"
    )
    return Row(
        name, "maps/s", *rates, rates[0] / rates[1], REPEATS, f"Quantus {version('quantus')}", conditions
    )


def _correlations(subject: Subject, images: Tensor, maps: Tensor) -> np.ndarray:
    masks, found = _subsets(len(images)), []
    for number in range(len(images)):
        image = images[number : number + 1]
        one = case_of(subject, image, Output("class", 1), maps[0, number : number + 1])
        every = with_maps(one, maps[:, number], torch.zeros(len(maps), dtype=torch.int64))
        falls = effects(every, masks[number], baseline="black")
        found.append(pearson(falls.promised(every), falls.falls.expand(len(maps), -1)))
    return torch.stack(found, 1).numpy()


def _subsets(images: int) -> Tensor:
    """The subsets that Quantus draws after ``np.random.seed(0)``, as masks (images, subsets, 3, SIDE, SIDE)."""
    draw = np.random.RandomState(0)
    masks = torch.zeros(SUBSETS, images, 3 * SIDE**2)
    for mask in masks.flatten(0, 1):
        mask[draw.choice(3 * SIDE**2, VALUES, replace=False)] = 1.0
    return masks.transpose(0, 1).reshape(images, SUBSETS, 3, SIDE, SIDE)


def _asked(metric: Any, subject: Subject, images: Tensor, maps: np.ndarray) -> list:
    np.random.seed(0)  # noqa: NPY002 - where Quantus draws from
    targets = np.full(len(images), 1)
    options = {"softmax": False, "device": "cpu", "batch_size": 64}
    answer: list = metric(
        model=subject.module, x_batch=images.numpy(), y_batch=targets, a_batch=maps, **options
    )
    return answer


def _as_given() -> dict[str, bool]:
    return {"normalise": False, "abs": False, "disable_warnings": True}


def _subject() -> Subject:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = resnet_cifar(20)
    spec = InputSpec((3, SIDE, SIDE), mean=(0.0,) * 3, std=(1.0,) * 3)
    return wrap(module, name="resnet20", spec=spec, heads={"class": tuple(map(str, range(10)))})


def _drawn(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def _quantus() -> Any:
    try:
        import quantus
    except ImportError as error:
        raise PeerMissing("these rows need Quantus: pip install gridlens[bench]") from error
    return quantus
