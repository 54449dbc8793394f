"""How methods and metrics are called on the page, and what each asks, in a sentence."""

from collections.abc import Mapping

CALLED: Mapping[str, str] = {
    "saliency": "saliency",
    "input-x-gradient": "input × gradient",
    "integrated-gradients": "integrated gradients",
    "smoothgrad": "SmoothGrad",
    "grad-cam": "Grad-CAM",
    "occlusion": "occlusion",
    "feature-ablation": "feature ablation",
    "shapley": "Shapley",
    "deeplift": "DeepLIFT",
    "lrp": "LRP",
    "random": "random",
    "edges": "edges",
}

ASKS: Mapping[str, str] = {
    "saliency": "how steeply the score changes with each pixel, here and now (gradient, sign lost)",
    "input-x-gradient": "the same gradient times the pixel: a first-order share",
    "integrated-gradients": "shares that add up, along a straight path from a baseline",
    "smoothgrad": "the gradient, averaged over noisy copies of the input",
    "grad-cam": "which places of a layer's maps carried evidence for the target (coarse, never negative)",
    "occlusion": "how much the score falls when a window is covered",
    "feature-ablation": "how much the score falls when a part or an object is taken away",
    "shapley": "a part's mean effect over random orders of taking parts away; shares that add up",
    "deeplift": "shares that add up, by differences from a baseline passed back layer by layer",
    "lrp": "the score passed back layer by layer by fixed rules",
    "random": "control: noise, the same whatever the network",
    "edges": "control: the edges of the picture, which know no network",
}

METRIC: Mapping[str, str] = {
    "deletion": "area under the score while what counts most is removed first; low if the map is right",
    "insertion": "area under the score while what counts most is put back first; high if the map is right",
    "infidelity": "share of what taking random squares out does to the score that the map, scaled at best, leaves "
    "unexplained",
    "max-sensitivity": "how much the map changes when the input hardly does. Not ranked: a map that looks at "
    "nothing stays the same too",
    "sensitivity-n": "correlation of the map's sum over random sets of places with the effect of removing them",
    "sparsity": "Gini index of the map: how few places hold it. Not ranked: short is not true",
    "completeness": "by what share the map's sum misses what the method promises. Not ranked: only some promise",
}


def called(name: str) -> str:
    """A method's name as people write it.

    >>> called("lrp"), called("my-own")
    ('LRP', 'my own')
    """
    return CALLED.get(name, name.replace("-", " "))


def metric_words(name: str) -> str:
    """What a metric asks; the longest known name that it begins with decides.

    >>> metric_words("deletion-blur")[:10]
    'area under'
    """
    known = [key for key in METRIC if name.startswith(key)]
    return METRIC[max(known, key=len)] if known else ""


def listed(names: list[str]) -> str:
    """Names as prose.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)
