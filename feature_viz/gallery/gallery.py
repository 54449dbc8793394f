"""gallery(): what every unit of some layers looks for, made and found, in a run folder that resumes and grows.

The folder holds, beside the run's manifest.json:

    gallery.json                   GALLERY
    layers/LAYER.json              LAYER, written once the layer is finished; for LAYER see ``crops.folder_name``
    units.csv                      one row per unit: the plain values and scores of UNIT
    pictures/LAYER/0017.webp       what raises unit 17; 0017-seed.webp from another seed, 0017-negative.webp what
                                   lowers it, 0017-diverse.webp several pictures that raise it, side by side
    examples/LAYER/0017.webp       its top images' crops in one strip, best first, square cells; 0017-range.webp its
                                   bottom images' and then one image's of every stretch of its activations;
                                   0017-why.webp what of its best images drives it
    wires/LAYER.json               [{in: [{unit, weight}], out}] of all the layer's units, see ``wiring.wires``
    exemplars/LAYER.safetensors    all units' exemplars, see ``exemplars.Exemplars``
    images.json                    names, labels, classes and count of the images, and those not decodable
    plan.json                      {layer: {units: "0-23,40", views}}: what the folder is to hold
    batches/LAYER/0001.json        the UNITs among channels 16 to 31, from which a broken-off run goes on

GALLERY
    schema      "gridlens.gallery/2"
    subject     {name, fingerprint, input: [c, h, w]}
    images      {count, fingerprint, skipped: {name: reason}}: what the top images were searched in
    render      {steps, seed, recipe, engine, judge: name or null}
    layers      [LAYER without its units] in execution order, those that are finished
    waiting     names of the layers that are not finished yet

LAYER
    name, kind, channels
    map         [h, w] or []
    field       [h, w] receptive field in pixels
    size        side of the pictures in pixels
    views       which of ``views.VIEWS`` its units have
    skipped     views that were asked for but show nothing there
    count, silent, more, scores, shown      see ``summary.summary``
    units       [UNIT], by channel

UNIT
    unit        text of the target, "features.3:17"
    layer, channel
    picture, objective, reached, fired      of the positive view, see ``views.make_view``
    best        the largest activation over all positions of all real images
    mean, sd    of the real images' largest activations over positions
    firing      share of the real images that fire the unit above zero
    strip, range_strip, why      paths of the strips of crops
    cell        side of one crop in the strips, in pixels
    top         [{index, name, label or null, activation, row, column, box}], best first. ``index`` counts
                the decodable images from 0; ``row, column`` is the place in the layer's map; ``box`` is the receptive
                field's [left, top, width, height] within the crop, as shares of its side in [0, 1]
    bottom      the same of the weakest images, weakest first: the first cells of the range strip
    range       the same, low to high, of one image from each stretch of the activations: its further cells
    histogram   {low, width, counts} of the images' largest activations over positions
    classes     [{label, mean, count}]: mean over the images of the classes that fire it most; [] without labels
    scores      {multiple: reached / best; sds: (reached - mean) / sd; and those of ``scores.SCORES``}, each a
                number, or null where it cannot be said
    views       {view: {picture, count, objective, reached, fired}}, see ``views.make_view``
    wires       its entry of wires/LAYER.json (put in when a layer is read)
"""

import base64
import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.artifacts import read_json
from core.errors import BadInput, Unreadable
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.runs import running
from core.subject import Subject
from feature_viz.examples.exemplars import ImageSource
from feature_viz.gallery.layer import layer_path, read_layers
from feature_viz.gallery.making import DOCUMENT, SCHEMA, LayerMade, Order, make
from feature_viz.gallery.plan import Request, agreed, forget, read_plan
from feature_viz.gallery.views import ENGINES, Making
from feature_viz.gallery.wires import wires_path

STRIP = 12
"""Pictures that a result shows in a notebook."""


@dataclass(frozen=True, eq=False)
class GalleryResult:
    """A gallery: its folder and the document GALLERY that the module's docstring describes."""

    folder: Path
    document: Mapping[str, Any] = field(repr=False)
    provenance: Provenance = field(repr=False)

    @property
    def layers(self) -> Iterator[Mapping[str, Any]]:
        """The finished layers with their UNITs, read one at a time."""
        return read_layers(self.folder, [layer["name"] for layer in self.document["layers"]])

    @property
    def units(self) -> Iterator[Mapping[str, Any]]:
        """Every UNIT, layer after layer."""
        return (unit for layer in self.layers for unit in layer["units"])

    def _repr_html_(self) -> str:
        layers = self.document["layers"]
        shown = [one["picture"] for layer in layers for one in layer["shown"]][:: max(1, len(layers))][:STRIP]
        style = "width:72px;height:72px;object-fit:cover;margin:0 4px 4px 0;border-radius:3px"
        pictures = "".join(
            f'<img alt="" style="{style}" src="data:image/webp;base64,{_base64(self.folder / name)}">'
            for name in shown
        )
        text = html.escape(f"What {self.document['subject']['name']} looks for")
        units = sum(layer["count"] for layer in layers)
        page = html.escape((self.folder / "index.html").as_posix())
        return f'<p>{pictures}</p><p><a href="{page}">{text}</a>: {units} units of {len(layers)} layers</p>'


def gallery(
    subject: Subject,
    images: ImageSource,
    request: Request = Request(),
    *,
    making: Making = Making(),
    out: str | Path,
    layer_made: LayerMade | None = None,
    progress: Progress = silent,
) -> GalleryResult:
    """Make, go on with, or add to the gallery of some layers in the run folder ``out``.

    Each layer's pictures are of a size that fits its receptive field. However often it is broken off, the files end
    with the same bytes as an unbroken run's on the same machine. Memory depends neither on the number of layers nor
    on that of images. ``names``, ``labels`` and ``skipped`` of the images are shown where the source has them.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such layers or units, there is no such view or engine, or there are no images.
    RunConflict
        if the folder holds something else; see ``Request``.
    NotFinite
        if an activation or an objective is NaN or infinite.

    >>> import tempfile
    >>> import torch
    >>> from core.testing import planted_classifier
    >>> from feature_viz.examples.tensor_source import TensorImages
    >>> images = TensorImages(torch.rand(5, 3, 12, 12))
    >>> result = gallery(planted_classifier(seed=0), images, Request("conv", "0-1"),
    ...                  making=Making(steps=2), out=tempfile.mkdtemp())
    >>> [unit["unit"] for unit in result.units]
    ['conv:0', 'conv:1']
    """
    if making.engine not in ENGINES:
        raise BadInput(f"there is no engine {making.engine!r}; there are {', '.join(ENGINES)}")
    folder = Path(out)
    held = read_plan(folder)
    plan = agreed(subject, held, request, folder, engine=making.engine)
    with running(
        folder,
        kind="gallery",
        parameters={
            "steps": making.step_count,
            "recipe": str(making.recipe),
            "engine": making.engine,
            "judge": making.judge and making.judge.fingerprint,
        },
        seeds={"seed": making.seed},
        subject=subject.fingerprint,
        data=images.fingerprint,
        again=plan != held or request.redo is not None,
    ) as run:
        if not run.finished:
            if request.redo is not None:
                forget(subject, plan, folder, request.redo)
            for layer in held:
                if held[layer] != plan[layer]:
                    layer_path(folder, layer).unlink(missing_ok=True)
                if list(held) != list(plan):  # a new layer may lie between those that a wire joined
                    wires_path(folder, layer).unlink(missing_ok=True)
            make(Order(subject, images, plan, making, folder), layer_made, progress)
    return read_gallery(out)


def read_gallery(folder: str | Path) -> GalleryResult:
    """A gallery from its folder; also one that is still being made, as far as it is.

    Raises
    ------
    Unreadable
        if the folder holds no gallery.
    """
    folder = Path(folder)
    document = read_json(folder / DOCUMENT)
    if document.get("schema") != SCHEMA:
        raise Unreadable(
            f"{str(folder / DOCUMENT)!r} has schema {document.get('schema')!r}; expected {SCHEMA!r}"
        )
    stamp = provenance(
        subject=document["subject"]["fingerprint"],
        data=document["images"]["fingerprint"],
        seed=document["render"]["seed"],
        steps=document["render"]["steps"],
    )
    return GalleryResult(folder, document, stamp)


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
