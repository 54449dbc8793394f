"""Attribution beside planted truth: patterns that classes look for, units that they read, switches."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.attribution import CONTROLS, METHODS, Parts, attribute, factored, squares
from core.layers import Axes
from core.selftest.check import Check, Scores
from core.subject import Subject
from core.targets import Difference, Output
from core.testing.classifier import planted_classifier
from core.testing.seeker import PATTERNS, SLOT, Sought, seeker, sought
from core.testing.switches import SHARES, switches

PICTURES, NETWORKS = 8, 4
HITS = "share of maps whose highest point lies on it"

_GREY = {"baseline": "grey"}
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "integrated-gradients": _GREY,
    "occlusion": {"side": 3, "stride": 1, **_GREY},
    "feature-ablation": _GREY,
    "shapley": {"permutations": 4, **_GREY},
    "deeplift": _GREY,
}


def _options(method: str, pictures: Tensor) -> dict[str, Any]:
    parts: dict[str, Parts] = (
        {"parts": squares(pictures, SLOT)} if method in ("feature-ablation", "shapley") else {}
    )
    return {**_OPTIONS.get(method, {}), **parts}


def _truth(method: str, scene: Sought) -> Bool[Tensor, "n k h w"]:
    """The pattern's pixels; for methods that see no finer than a square or a window, the square that it lies in."""
    if method not in ("occlusion", "feature-ablation", "shapley"):
        return scene.places
    pooled = torch.nn.functional.max_pool2d(scene.places.float(), SLOT)
    return torch.nn.functional.interpolate(pooled, scale_factor=SLOT).bool()


def _hits(maps: Float[Tensor, "n h w"], truth: Bool[Tensor, "n h w"]) -> float:
    """The share of maps whose highest point lies on the truth; a map without a highest point hits nothing."""
    flat = maps.flatten(1)
    top = flat.argmax(1, keepdim=True)
    lit = flat.amax(1) > flat.amin(1)
    return float((truth.flatten(1).gather(1, top)[:, 0] & lit).float().mean())


def _pattern_hits(subject: Subject, scene: Sought, method: str) -> float:
    truth, options = _truth(method, scene), _options(method, scene.pictures)
    found = [
        _hits(
            attribute(subject, scene.pictures, Output("class", k), method=method, **options).heatmap(),
            truth[:, k],
        )
        for k in range(PATTERNS)
    ]
    return sum(found) / PATTERNS


def _beside_strangers(measure: Callable[[Subject, Sought], float], seed: int, axes: Axes = "chw") -> Scores:
    """A measure of the planted network, and its mean over random ones: one alone may prefer a pattern by chance."""
    few = sought(PICTURES // 2, seed=seed)
    strangers = [seeker(seed=NETWORKS * seed + k, axes=axes, randomised=True) for k in range(NETWORKS)]
    nulls = [measure(subject, few) for subject in strangers]
    return Scores(measure(seeker(seed=seed, axes=axes), sought(PICTURES, seed=seed)), sum(nulls) / NETWORKS)


def _finds_patterns(method: str, axes: Axes = "chw") -> Callable[[int], Scores]:
    def run(seed: int) -> Scores:
        return _beside_strangers(lambda subject, scene: _pattern_hits(subject, scene, method), seed, axes)

    return run


def _unit_hits(subject: Subject, scene: Sought, method: str) -> float:
    """How often the unit with most of the attribution is the one that the class reads."""
    found = []
    for k in range(PATTERNS):
        maps = attribute(subject, scene.pictures, Output("class", k), method=method, at="block").maps()
        found.append((maps.abs().sum((2, 3)).argmax(1) == k).float().mean())
    return float(torch.stack(found).mean())


def _finds_units(method: str, axes: Axes) -> Callable[[int], Scores]:
    def run(seed: int) -> Scores:
        return _beside_strangers(lambda subject, scene: _unit_hits(subject, scene, method), seed, axes)

    return run


def _tells_apart(seed: int) -> Scores:
    """Of a difference of two classes, the one's pattern is highest and the other's lowest."""
    target = Difference(Output("class", 0), Output("class", 1))

    def hits(subject: Subject, scene: Sought) -> float:
        maps = attribute(subject, scene.pictures, target, method="integrated-gradients", **_GREY).heatmap()
        return min(_hits(maps, scene.places[:, 0]), _hits(-maps, scene.places[:, 1]))

    return _beside_strangers(hits, seed)


def _gap(method: str, **options: Any) -> Callable[[int], Scores]:
    """The largest completeness gap by the largest change of score."""

    def run(seed: int) -> Scores:
        subject = planted_classifier(seed=seed)
        pictures = torch.rand(PICTURES, *subject.spec.shape, generator=torch.Generator().manual_seed(seed))
        made = attribute(subject, pictures, Output("class", 1), method=method, **options)
        gap = made.completeness_gap
        if gap is None:
            return Scores(float("nan"))
        change = made.values.flatten(1).sum(1) - gap
        return Scores(float(gap.abs().max() / change.abs().max()))

    return run


def _shares(count: int, permutations: int) -> Callable[[int], Scores]:
    """The largest error of the Shapley values of switches."""
    truth = torch.zeros(count, dtype=torch.float64)
    truth[: len(SHARES)] = torch.tensor(SHARES, dtype=torch.float64)

    def error(subject: Subject, seed: int) -> float:
        inputs = torch.ones(1, count, 1, 1)
        made = attribute(
            subject, inputs, Output("value"), method="shapley", permutations=permutations, seed=seed
        )
        return float("nan") if made.part_values is None else float((made.part_values[0] - truth).abs().max())

    def run(seed: int) -> Scores:
        return Scores(
            error(switches(count=count), seed), error(switches(count=count, randomised=True, seed=seed), seed)
        )

    return run


def _groups(seed: int) -> Scores:
    """Of all classes' attributions at "block" together: how nearly the factors are the units that the classes read."""

    def cosine(subject: Subject, scene: Sought) -> float:
        made = [
            attribute(subject, scene.pictures, Output("class", k), method="input-x-gradient", at="block")
            for k in range(PATTERNS)
        ]
        whole = replace(made[0], values=torch.cat([each.values for each in made]))
        return float(factored(whole, k=PATTERNS, seed=seed).atoms[:, :PATTERNS].amax(0).mean())

    return _beside_strangers(cosine, seed)


def _of_patterns() -> Sequence[Check]:
    truth = "the pattern that a class looks for, among others of its contrast"
    found = [
        Check(method, truth, HITS, _finds_patterns(method), bar=0.95, null_bar=0.65)
        for method in METHODS
        if method not in CONTROLS
    ]
    kinds: Mapping[Axes, str] = {"tc": "tokens", "hwc": "maps with channels last"}
    found += [
        Check(
            "grad-cam",
            f"the same, by {kind}",
            HITS,
            _finds_patterns("grad-cam", axes),
            bar=0.95,
            null_bar=0.65,
        )
        for axes, kind in kinds.items()
    ]
    blind = [Check(name, truth, HITS, _finds_patterns(name), bar=0.5, sense="at most") for name in CONTROLS]
    return [*found, *blind]


def _of_units() -> Sequence[Check]:
    asked: Sequence[tuple[str, Axes]] = [
        ("integrated-gradients", "chw"),
        ("shapley", "chw"),
        ("feature-ablation", "tc"),
        ("input-x-gradient", "hwc"),
    ]
    kinds: Mapping[Axes, str] = {
        "chw": "maps",
        "tc": "tokens",
        "hwc": "maps with channels last",
        "c": "a vector",
    }
    measure = "share of pictures in which it has most"
    return [
        Check(
            method,
            f"the unit that a class reads, in {kinds[axes]}",
            measure,
            _finds_units(method, axes),
            bar=0.95,
            null_bar=0.6,
        )
        for method, axes in asked
    ]


CHECKS: tuple[Check, ...] = (
    *_of_patterns(),
    *_of_units(),
    Check(
        "integrated-gradients", "one pattern for, another against", HITS, _tells_apart, 0.95, null_bar=0.65
    ),
    Check(
        "integrated-gradients",
        "parts sum to the change",
        "largest gap",
        _gap("integrated-gradients", steps=128),
        0.02,
        "at most",
    ),
    Check("deeplift", "parts sum to the change", "largest gap", _gap("deeplift"), 1e-4, "at most"),
    Check(
        "shapley", "parts sum to the change", "largest gap", _gap("shapley", permutations=4), 1e-5, "at most"
    ),
    Check(
        "shapley",
        "switches that count together, all orders",
        "largest error",
        _shares(8, 4),
        1e-5,
        "at most",
        0.05,
    ),
    Check(
        "shapley", "the same among twelve, 32 orders", "largest error", _shares(12, 32), 0.35, "at most", 0.35
    ),
    Check("factored", "the units that classes read", "mean cosine", _groups, 0.95, null_bar=0.8),
)
