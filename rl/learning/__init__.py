"""What-when-where: what an agent came to know during training, when, at which layer, and whether it used it."""

from rl.learning.changes import Change, change
from rl.learning.enquiry import LearningConfig, learning
from rl.learning.result import Learning, Misread
from rl.learning.trained import through_training

__all__ = ["Change", "Learning", "LearningConfig", "Misread", "change", "learning", "through_training"]
