"""Linear probes of every kind of concept with their controls; and whether what is known is used."""

from core.probing.knowledge import Knowledge, known_unused
from core.probing.labelled import MIN_GROUPS, Labelled, unfit
from core.probing.layers import probed_layers
from core.probing.probe import probe, probes
from core.probing.result import MEASURES, Kind, ProbeResult, best_layer
from core.probing.use import How, Use, use_of

__all__ = [
    "MEASURES",
    "MIN_GROUPS",
    "How",
    "Kind",
    "Knowledge",
    "Labelled",
    "ProbeResult",
    "Use",
    "best_layer",
    "known_unused",
    "probe",
    "probed_layers",
    "probes",
    "unfit",
    "use_of",
]
