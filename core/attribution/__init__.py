"""How much each part of an input mattered: one function a method, one table of them."""

from core.attribution.ablation import feature_ablation, occlusion
from core.attribution.baselines import BASELINES, Baseline
from core.attribution.cam import grad_cam
from core.attribution.controls import edges, random
from core.attribution.factors import Factors, factored
from core.attribution.gradient import input_x_gradient, saliency, smoothgrad
from core.attribution.methods import CONTROLS, METHODS, attribute, methods_for, why_not
from core.attribution.parts import Parts, numbers, squares
from core.attribution.path import integrated_gradients
from core.attribution.relevance import lrp
from core.attribution.rescale import deeplift
from core.attribution.result import Attribution
from core.attribution.shapley import shapley

__all__ = [
    "BASELINES",
    "CONTROLS",
    "METHODS",
    "Attribution",
    "Baseline",
    "Factors",
    "Parts",
    "attribute",
    "deeplift",
    "edges",
    "factored",
    "feature_ablation",
    "grad_cam",
    "input_x_gradient",
    "integrated_gradients",
    "lrp",
    "methods_for",
    "numbers",
    "occlusion",
    "random",
    "saliency",
    "shapley",
    "smoothgrad",
    "squares",
    "why_not",
]
