"""Whether a map of what mattered is true: metrics, sanity checks, and judge(), which ranks methods beside controls."""

from core.attribution.methods import CONTROLS
from core.faithfulness.baselines import Baseline, replaced
from core.faithfulness.case import Case, case_of
from core.faithfulness.curves import Curve, deletion, insertion
from core.faithfulness.effects import Effects, effects, squares, subsets
from core.faithfulness.explaining import Asking, Method, OverParts, explain
from core.faithfulness.infidelity import Infidelity, infidelity
from core.faithfulness.judge import judge
from core.faithfulness.maps import read_maps
from core.faithfulness.max_sensitivity import max_sensitivity, neighbours
from core.faithfulness.measured import Measured, completeness, sparsity
from core.faithfulness.metrics import METRICS, Metric
from core.faithfulness.random_logit import RandomLogit, random_logit
from core.faithfulness.randomisation import Randomisation, randomisation, randomised
from core.faithfulness.sanity import CHECKS
from core.faithfulness.sensitivity_n import SensitivityN, sensitivity_n
from core.faithfulness.verdicts import SanityCheck, Verdict, Verdicts

__all__ = [
    "CHECKS",
    "CONTROLS",
    "METRICS",
    "Asking",
    "Baseline",
    "Case",
    "Curve",
    "Effects",
    "Infidelity",
    "Measured",
    "Method",
    "Metric",
    "OverParts",
    "RandomLogit",
    "Randomisation",
    "SanityCheck",
    "SensitivityN",
    "Verdict",
    "Verdicts",
    "case_of",
    "completeness",
    "deletion",
    "effects",
    "explain",
    "infidelity",
    "insertion",
    "judge",
    "max_sensitivity",
    "neighbours",
    "random_logit",
    "randomisation",
    "randomised",
    "read_maps",
    "replaced",
    "sensitivity_n",
    "sparsity",
    "squares",
    "subsets",
]
