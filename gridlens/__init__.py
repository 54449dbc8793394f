"""The face of Gridlens: ``import gridlens as gl`` gives the public names, each loaded when first touched."""

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.activations import capture as capture
    from core.artifacts import read_tensors as read_tensors
    from core.artifacts import write_tensors as write_tensors
    from core.attribution import attribute as attribute
    from core.attribution import grad_cam as grad_cam
    from core.attribution import integrated_gradients as integrated_gradients
    from core.errors import GridlensError as GridlensError
    from core.probing import probe as probe
    from core.subject import InputSpec as InputSpec
    from core.subject import Subject as Subject
    from core.subject import run as run
    from core.subject import wrap as wrap
    from core.targets import Direction as Direction
    from core.targets import Output as Output
    from core.targets import Unit as Unit
    from core.targets import parse as parse
    from core.targets import score as score
    from envs.pictures.films import film as film
    from envs.registry import register_envs as register_envs
    from envs.registry import world as world
    from feature_viz.accentuation import accentuate as accentuate
    from feature_viz.accentuation import caricatures as caricatures
    from feature_viz.cppn import cppn as cppn
    from feature_viz.feature_image import FeatureImage as FeatureImage
    from feature_viz.lucent_render import lucent_render as lucent_render
    from feature_viz.maco import maco as maco
    from feature_viz.objectives import channel as channel
    from feature_viz.objectives import direction as direction
    from feature_viz.objectives import diversity as diversity
    from feature_viz.objectives import layer_energy as layer_energy
    from feature_viz.objectives import neuron as neuron
    from feature_viz.objectives import output as output
    from feature_viz.optimize import render as render
    from feature_viz.parametrize import fourier as fourier
    from feature_viz.parametrize import pixels as pixels
    from feature_viz.recipes import RECIPES as RECIPES
    from feature_viz.recipes import Recipe as Recipe
    from feature_viz.spectrum import measure_spectrum as measure_spectrum
    from feature_viz.spectrum import read_spectrum as read_spectrum
    from feature_viz.spectrum import write_spectrum as write_spectrum
    from gridlens.galleries import gallery as gallery
    from gridlens.opened import open_agent as open_agent
    from rl.agents import load as load_agent
    from rl.organism import organism as organism
    from rl.organism import organisms as organisms
    from vision.datasets import open_images as open_images
    from vision.models import load as load_classifier


_HOMES = {
    "Direction": "core.targets",
    "FeatureImage": "feature_viz.feature_image",
    "GridlensError": "core.errors",
    "InputSpec": "core.subject",
    "Output": "core.targets",
    "RECIPES": "feature_viz.recipes",
    "Recipe": "feature_viz.recipes",
    "Subject": "core.subject",
    "Unit": "core.targets",
    "accentuate": "feature_viz.accentuation",
    "attribute": "core.attribution",
    "capture": "core.activations",
    "caricatures": "feature_viz.accentuation",
    "channel": "feature_viz.objectives",
    "cppn": "feature_viz.cppn",
    "direction": "feature_viz.objectives",
    "diversity": "feature_viz.objectives",
    "film": "envs.pictures.films",
    "fourier": "feature_viz.parametrize",
    "gallery": "gridlens.galleries",
    "grad_cam": "core.attribution",
    "integrated_gradients": "core.attribution",
    "layer_energy": "feature_viz.objectives",
    "load_agent": "rl.agents",
    "load_classifier": "vision.models",
    "lucent_render": "feature_viz.lucent_render",
    "maco": "feature_viz.maco",
    "measure_spectrum": "feature_viz.spectrum",
    "neuron": "feature_viz.objectives",
    "open_agent": "gridlens.opened",
    "open_images": "vision.datasets",
    "organism": "rl.organism",
    "organisms": "rl.organism",
    "output": "feature_viz.objectives",
    "parse": "core.targets",
    "pixels": "feature_viz.parametrize",
    "probe": "core.probing",
    "read_tensors": "core.artifacts",
    "read_spectrum": "feature_viz.spectrum",
    "register_envs": "envs.registry",
    "render": "feature_viz.optimize",
    "run": "core.subject",
    "score": "core.targets",
    "world": "envs.registry",
    "wrap": "core.subject",
    "write_spectrum": "feature_viz.spectrum",
    "write_tensors": "core.artifacts",
}
"""Public name to the module that is its home."""

_THERE = {"load_agent": "load", "load_classifier": "load"}
"""What a name is called in its home, where that differs."""

_FOLDERS = ("core", "feature_viz", "vision", "envs", "rl", "reports")

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(
            f"module 'gridlens' has no attribute {name!r}; it has {', '.join(sorted(_HOMES))}"
        )
    home = importlib.import_module(_HOMES[name])
    return getattr(home, _THERE.get(name, name))


def __dir__() -> list[str]:
    return sorted(_HOMES)


def _refuse_shadows() -> None:
    """Our folders have common names; say which foreign one stands in front instead of failing later."""
    root = Path(__file__).resolve().parent.parent
    for name in _FOLDERS:
        spec = importlib.util.find_spec(name)
        found = Path(spec.origin).parent if spec and spec.origin else None
        if found is None or found.resolve() != root / name:
            where = (
                found or next(iter(spec.submodule_search_locations or ["nowhere"]), "nowhere")
                if spec
                else "nowhere"
            )
            raise ImportError(
                f"gridlens needs its own folder {str(root / name)!r}, but Python finds {name!r} in {str(where)!r}: "
                f"rename that folder, or start Python with -P so that the script's folder is not searched first"
            )


_refuse_shadows()
