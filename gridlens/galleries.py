"""gallery(): the gallery of a network and its pages, as the command of the same name makes them."""

from pathlib import Path
from typing import TypedDict, Unpack

from core.progress import Progress, silent
from core.subject import Subject
from feature_viz.examples.exemplars import ImageSource
from feature_viz.gallery.gallery import GalleryResult, read_gallery
from feature_viz.gallery.gallery import gallery as make_gallery
from feature_viz.gallery.plan import Request
from feature_viz.gallery.views import Making
from feature_viz.recipes import Way, as_recipe
from gridlens.families.linking import link_found
from reports.gallery.pages import write_gallery
from vision.datasets import open_images
from vision.grey import suited
from vision.models import load

EMBEDDED_LAYERS = "relu1,relu2,relu3,relu4"


def usual_judge(subject: Subject) -> Subject | None:
    """The classifier that ships with Gridlens, for all networks but itself."""
    return None if subject.name == "shapes" else load("shapes")


class Made(TypedDict, total=False):
    """How the pictures are made; see ``feature_viz.gallery.views.Making``."""

    steps: int | None
    seed: int
    recipe: Way
    engine: str
    judge: Subject | None


def gallery(
    model: str | Subject = "shapes",
    images: str | Path | ImageSource = "shapes",
    *,
    layers: str | None = None,
    units: str | None = None,
    views: str = "all",
    only_missing: bool = False,
    redo: str | None = None,
    out: str | Path | None = None,
    progress: Progress = silent,
    **made: Unpack[Made],
) -> GalleryResult:
    """What every unit of some layers looks for: a run folder with a site, ``out``/index.html, that opens offline.

    ``model`` is a Subject, or a name that ``load_classifier`` knows; ``images`` a source, or what ``open_images``
    takes (made grey for networks of one channel). What is to be shown - ``layers``, ``units``, ``views``,
    ``only_missing``, ``redo`` - is told by ``feature_viz.gallery.plan.Request``; how pictures are made - ``steps``,
    ``seed``, ``recipe``, ``engine``, ``judge`` - by ``feature_viz.gallery.views.Making``. Broken off and called
    again it goes on where it was. The result shows itself in a notebook.

    Raises
    ------
    UnknownName, BadInput, RunConflict, NotFinite
        as ``feature_viz.gallery.gallery.gallery``.

    >>> import tempfile
    >>> from core.testing import planted_classifier
    >>> images = open_images("shapes", size=(12, 12), count=5)
    >>> result = gallery(planted_classifier(seed=0), images, layers="conv", units="0", steps=2, out=tempfile.mkdtemp())
    >>> (result.folder / "index.html").exists(), next(result.units)["unit"]
    (True, 'conv:0')
    """
    subject = load(model) if isinstance(model, str) else model
    if isinstance(images, str | Path):
        height, width = subject.spec.shape[1:]
        images = suited(open_images(images, size=(height, width), progress=progress), subject.spec)
    wanted = layers or (EMBEDDED_LAYERS if subject.name == "shapes" else "all")
    folder = Path(out) if out else Path("runs") / f"gallery-{subject.name}"
    make_gallery(
        subject,
        images,
        Request(wanted, units, views, only_missing, redo),
        making=_making(subject, **made),
        out=folder,
        layer_made=write_gallery,
        progress=progress,
    )
    if not (folder / "index.html").exists():  # made before by ``feature_viz.gallery.gallery`` alone
        write_gallery(folder)
    link_found(folder)
    return read_gallery(folder)


def _making(subject: Subject, **made: Unpack[Made]) -> Making:
    judge = made["judge"] if "judge" in made else usual_judge(subject)
    return Making(
        made.get("steps"),
        made.get("seed", 0),
        as_recipe(made.get("recipe", "default")),
        made.get("engine", "gridlens"),
        judge,
    )
