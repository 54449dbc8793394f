"""TensorBoard logs of a training run, through stable-baselines3's logger; after a resume no point is there twice."""

import shutil
from pathlib import Path

from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat
from torch.utils.tensorboard import SummaryWriter

LOGS = "tensorboard"
POINTS = 500
"""A curve has about so many points, however long the training."""


class ResumedTensorBoard(TensorBoardOutputFormat):
    """SB3's TensorBoard writer that declares what was written from ``step`` on, before a kill, to be void."""

    def __init__(self, folder: str, step: int) -> None:
        self.writer = SummaryWriter(log_dir=folder, purge_step=step)
        self._is_closed = False


def logger(folder: Path, *, resumed_at: int | None) -> Logger:
    """A logger into the agent's folder: from scratch, or going on from a checkpoint of step ``resumed_at``."""
    path = folder / LOGS
    if resumed_at is None:
        shutil.rmtree(path, ignore_errors=True)
        return Logger(str(path), [TensorBoardOutputFormat(str(path))])
    return Logger(str(path), [ResumedTensorBoard(str(path), resumed_at + 1)])
