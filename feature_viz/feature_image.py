"""FeatureImage: a picture made for a target, that shows itself in a notebook."""

import base64
import html
import io
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from core.artifacts import as_pixels
from core.provenance import Provenance


@dataclass(frozen=True, eq=False)
class FeatureImage:
    """An image made for a target.

    ``activation`` is the objective's value on the clean image, ``fired`` whether that is anything but zero
    everywhere; ``trace`` (steps,) its values on the way, under transforms. ``copy`` counts the images of a
    target that asks for several. Where the image had to settle on a possible input, ``relaxed`` is what the mixture
    before it reached, which is none.
    """

    target: str
    image: Float[Tensor, "c h w"] = field(repr=False)
    activation: float
    fired: bool
    trace: Float[Tensor, "steps"] = field(repr=False)
    seed: int
    provenance: Provenance = field(repr=False)
    copy: int = 0
    relaxed: float | None = None

    def _repr_png_(self) -> bytes:
        return png(self.image)

    def _repr_html_(self) -> str:
        data = base64.b64encode(png(self.image)).decode()
        text = html.escape(f"{self.target}: {self.activation:.3g}" + ("" if self.fired else " (never fired)"))
        style = "image-rendering:pixelated;width:192px"
        picture = f'<img style="{style}" alt="{html.escape(self.target)}" src="data:image/png;base64,{data}">'
        return f"<figure>{picture}<figcaption>{text}</figcaption></figure>"


def png(image: Float[Tensor, "c h w"]) -> bytes:
    """A picture in [0, 1] as the bytes of a PNG file; channels that are no colours stand side by side, in grey."""
    from PIL import Image

    shown = image if len(image) in (1, 3) else torch.cat([*image], 1)[None]
    buffer = io.BytesIO()
    Image.fromarray(as_pixels(shown)).save(buffer, format="png")
    return buffer.getvalue()
