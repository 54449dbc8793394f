"""Linear probes of every kind of concept with their controls; and whether what is known is used."""

from core.probing.labelled import MIN_GROUPS, Labelled, unfit
from core.probing.layers import probed_layers
from core.probing.probe import probe, probes
from core.probing.result import MEASURES, Kind, ProbeResult, best_layer

__all__ = [
    "MEASURES",
    "MIN_GROUPS",
    "Kind",
    "Labelled",
    "ProbeResult",
    "best_layer",
    "probe",
    "probed_layers",
    "probes",
    "unfit",
]
