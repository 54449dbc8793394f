"""SOURCES: every place that networks come from, in the order in which they are asked for a name."""

from collections.abc import Mapping

from vision.architecture import Source
from vision.sources import factory, lucent, own, timm, torchvision

SOURCES: Mapping[str, Source] = {
    "own": Source("", "networks that live here", own.names, own.find),
    "torchvision": Source("", "torchvision's classifiers", torchvision.names, torchvision.find),
    "timm": Source("timm:", "timm's classifiers (extra 'timm')", timm.names, timm.find),
    "lucent": Source("lucent:", "lucent's InceptionV1", lucent.names, lucent.find),
    "factory": Source("", "MODULE:FACTORY or FILE.py:FACTORY, a function of yours", lambda: (), factory.find),
}
