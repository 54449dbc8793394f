"""A small image source for the tests of exemplars and galleries."""

import pytest
import torch


class Noise:
    """``count`` random images, some of them equal, so that scores tie."""

    fingerprint = "noise"

    def __init__(self, count=23, size=12, channels=3):
        self.images = torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(5))
        if count:
            self.images[count // 2] = self.images[0]
        self.size = (size, size)
        self.labels = tuple(f"image <{i}>" for i in range(count))

    def __len__(self):
        return len(self.images)

    def batches(self, batch_size, *, start=0):
        yield from self.images[start:].split(batch_size) if start < len(self) else ()


@pytest.fixture(scope="session")
def noise():
    return Noise
