"""Random numbers as a pure function of (seed, image, draw): no state, so any image can be drawn first."""

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniforms(seed: int, indices: Int64[np.ndarray, "n"], draws: int) -> Float[np.ndarray, "n draws"]:
    """Uniform numbers in [0, 1), ``draws`` for each index, by SplitMix64's finaliser [steele2014].

    >>> both, later = uniforms(0, np.array([4, 9]), 3), uniforms(0, np.array([9]), 5)
    >>> bool((both[1] == later[0, :3]).all())
    True
    """
    with np.errstate(over="ignore"):
        stream = _mix(_keys(seed, indices))[:, None]
        bits = _mix(stream + _GOLDEN * np.arange(1, draws + 1, dtype=np.uint64))
    return (bits >> np.uint64(11)) * 2.0**-53


def pixel_noise(seed: int, indices: Int64[np.ndarray, "n"], size: int) -> Float32[Tensor, "n 1 size size"]:
    """One uniform number for each pixel, mean 0 and standard deviation 1, by a 32-bit finaliser [wellons2018].

    >>> noise = pixel_noise(0, np.arange(50), 16)
    >>> abs(float(noise.mean())) < 0.02 and abs(float(noise.std()) - 1) < 0.02
    True
    """
    with np.errstate(over="ignore"):
        stream = _mix(_keys(seed, indices) ^ _GOLDEN).astype(np.uint32)[:, None]
        bits = stream + np.uint32(0x9E3779B9) * np.arange(size * size, dtype=np.uint32)
        for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
            bits ^= bits >> np.uint32(shift)
            bits *= np.uint32(factor)
        bits ^= bits >> np.uint32(16)
    centred = torch.from_numpy(bits.view(np.int32)).to(torch.float32)  # uniform in [-2^31, 2^31)
    return centred.mul_(12**0.5 * 2.0**-32).view(-1, 1, size, size)


def _keys(seed: int, indices: Int64[np.ndarray, "n"]) -> np.ndarray:
    return _mix(np.array([seed], np.int64).view(np.uint64) + _GOLDEN) + _GOLDEN * indices.astype(np.uint64)


def _mix(bits: np.ndarray) -> np.ndarray:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
