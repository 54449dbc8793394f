"""Picture files' bytes to pixels of one size; whatever cannot be decoded says why."""

import io
import struct
import warnings

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import Unreadable

LARGEST_FILE = 64 * 2**20
"""Bytes; a larger file is no picture that a classifier is shown."""
LARGEST_PICTURE = 50_000_000
"""Pixels; a small file that unpacks to more is taken for a decompression bomb."""

Pixels = UInt8[np.ndarray, "h w 3"]


def decode(content: bytes, size: tuple[int, int]) -> Pixels:
    """A picture file's pixels, fitted to ``size`` (height, width).

    Raises
    ------
    Unreadable
        with the reason, if the bytes are no whole picture or one of absurd size.

    >>> file = io.BytesIO()
    >>> Image.new("L", (6, 9), 200).save(file, "png")
    >>> decode(file.getvalue(), (4, 4))[0, 0].tolist()
    [200, 200, 200]
    """
    if len(content) > LARGEST_FILE:
        raise Unreadable(f"more than {LARGEST_FILE} bytes")
    try:
        # Not catch_warnings, which several threads may not enter at once; the check below is stricter than Pillow's.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > LARGEST_PICTURE:
                raise Unreadable(f"{picture.width} x {picture.height} pixels; at most {LARGEST_PICTURE}")
            return fit(ImageOps.exif_transpose(picture).convert("RGB"), size)
    except UnidentifiedImageError as error:
        raise Unreadable("of no picture format that is known here") from error
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError) as error:
        raise Unreadable(str(error) or type(error).__name__) from error


def fit(picture: Image.Image, size: tuple[int, int]) -> Pixels:
    """Scale until the shorter side fits ``size`` (height, width), then cut out the middle.

    >>> fit(Image.new("RGB", (20, 10)), (5, 5)).shape
    (5, 5, 3)
    """
    height, width = size
    scale = max(height / picture.height, width / picture.width)
    if scale != 1:
        scaled = max(width, round(picture.width * scale)), max(height, round(picture.height * scale))
        picture = picture.resize(scaled, Image.Resampling.BILINEAR)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return np.array(picture.crop((left, top, left + width, top + height)))
