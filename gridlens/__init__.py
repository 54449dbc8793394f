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
    from core.concept_vectors import concept_vector as concept_vector
    from core.decomposition import atoms_as_units as atoms_as_units
    from core.decomposition import fit as decompose
    from core.decomposition import read_dictionary as read_dictionary
    from core.decomposition import stability as stability
    from core.decomposition import write_dictionary as write_dictionary
    from core.errors import GridlensError as GridlensError
    from core.faithfulness import judge as judge
    from core.interventions import ablate as ablate
    from core.interventions import attribution_patching as attribution_patching
    from core.interventions import clamp as clamp
    from core.interventions import compensation as compensation
    from core.interventions import edited as edited
    from core.interventions import intervened as intervened
    from core.interventions import patch as patch
    from core.interventions import patch_effects as patch_effects
    from core.interventions import projected as projected
    from core.interventions import steer as steer
    from core.probing import Labelled as Labelled
    from core.probing import known_unused as known_unused
    from core.probing import probe as probe
    from core.probing import probed_layers as probed_layers
    from core.probing import probes as probes
    from core.probing import use_of as use_of
    from core.similarity import best_buddies as best_buddies
    from core.similarity import cka as cka
    from core.similarity import cka_matrix as cka_matrix
    from core.similarity import match_units as match_units
    from core.store import collect as collect
    from core.store import open_store as open_store
    from core.subject import InputSpec as InputSpec
    from core.subject import Subject as Subject
    from core.subject import run as run
    from core.subject import wrap as wrap
    from core.symmetry import likenesses as likenesses
    from core.symmetry import sheets as sheets
    from core.targets import Difference as Difference
    from core.targets import Direction as Direction
    from core.targets import Output as Output
    from core.targets import Unit as Unit
    from core.targets import parse as parse
    from core.targets import score as score
    from core.tcav import tcav as tcav
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
    from feature_viz.senses import senses as senses
    from feature_viz.spectrum import measure_spectrum as measure_spectrum
    from feature_viz.spectrum import read_spectrum as read_spectrum
    from feature_viz.spectrum import write_spectrum as write_spectrum
    from gridlens.families.result import find_families as find_families
    from gridlens.families.result import read_families as read_families
    from gridlens.galleries import gallery as gallery
    from gridlens.opened import open_agent as open_agent
    from rl.agents import load as load_agent
    from rl.concepts import labelled as labelled
    from rl.concepts import sampled_states as sampled_states
    from rl.fields import field_of as field_of
    from rl.fields import path_probabilities as path_probabilities
    from rl.fields import stories_of as stories_of
    from rl.learning import learning as learning
    from rl.learning import through_training as through_training
    from rl.organism import organism as organism
    from rl.organism import organisms as organisms
    from rl.symmetry import policy_equivariance as policy_equivariance
    from rl.symmetry import turned_states as turned_states
    from vision.datasets import open_images as open_images
    from vision.models import load as load_classifier
    from vision.tuning import tuning as tuning


_HOMES = {
    "Difference": "core.targets",
    "Direction": "core.targets",
    "FeatureImage": "feature_viz.feature_image",
    "GridlensError": "core.errors",
    "InputSpec": "core.subject",
    "Labelled": "core.probing",
    "Output": "core.targets",
    "RECIPES": "feature_viz.recipes",
    "Recipe": "feature_viz.recipes",
    "Subject": "core.subject",
    "Unit": "core.targets",
    "ablate": "core.interventions",
    "accentuate": "feature_viz.accentuation",
    "atoms_as_units": "core.decomposition",
    "attribute": "core.attribution",
    "attribution_patching": "core.interventions",
    "best_buddies": "core.similarity",
    "capture": "core.activations",
    "caricatures": "feature_viz.accentuation",
    "channel": "feature_viz.objectives",
    "cka": "core.similarity",
    "cka_matrix": "core.similarity",
    "clamp": "core.interventions",
    "collect": "core.store",
    "compensation": "core.interventions",
    "concept_vector": "core.concept_vectors",
    "cppn": "feature_viz.cppn",
    "decompose": "core.decomposition",
    "direction": "feature_viz.objectives",
    "diversity": "feature_viz.objectives",
    "edited": "core.interventions",
    "field_of": "rl.fields",
    "film": "envs.pictures.films",
    "find_families": "gridlens.families.result",
    "fourier": "feature_viz.parametrize",
    "gallery": "gridlens.galleries",
    "grad_cam": "core.attribution",
    "integrated_gradients": "core.attribution",
    "intervened": "core.interventions",
    "judge": "core.faithfulness",
    "known_unused": "core.probing",
    "labelled": "rl.concepts",
    "layer_energy": "feature_viz.objectives",
    "learning": "rl.learning",
    "likenesses": "core.symmetry",
    "load_agent": "rl.agents",
    "load_classifier": "vision.models",
    "lucent_render": "feature_viz.lucent_render",
    "maco": "feature_viz.maco",
    "match_units": "core.similarity",
    "measure_spectrum": "feature_viz.spectrum",
    "neuron": "feature_viz.objectives",
    "open_agent": "gridlens.opened",
    "open_images": "vision.datasets",
    "open_store": "core.store",
    "organism": "rl.organism",
    "organisms": "rl.organism",
    "output": "feature_viz.objectives",
    "parse": "core.targets",
    "patch": "core.interventions",
    "patch_effects": "core.interventions",
    "path_probabilities": "rl.fields",
    "pixels": "feature_viz.parametrize",
    "policy_equivariance": "rl.symmetry",
    "probe": "core.probing",
    "probed_layers": "core.probing",
    "probes": "core.probing",
    "projected": "core.interventions",
    "read_dictionary": "core.decomposition",
    "read_families": "gridlens.families.result",
    "read_spectrum": "feature_viz.spectrum",
    "read_tensors": "core.artifacts",
    "register_envs": "envs.registry",
    "render": "feature_viz.optimize",
    "run": "core.subject",
    "sampled_states": "rl.concepts",
    "score": "core.targets",
    "senses": "feature_viz.senses",
    "sheets": "core.symmetry",
    "stability": "core.decomposition",
    "steer": "core.interventions",
    "stories_of": "rl.fields",
    "tcav": "core.tcav",
    "through_training": "rl.learning",
    "tuning": "vision.tuning",
    "turned_states": "rl.symmetry",
    "use_of": "core.probing",
    "world": "envs.registry",
    "wrap": "core.subject",
    "write_dictionary": "core.decomposition",
    "write_spectrum": "feature_viz.spectrum",
    "write_tensors": "core.artifacts",
}
"""Public name to the module that is its home."""

_THERE = {"decompose": "fit", "load_agent": "load", "load_classifier": "load"}
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
