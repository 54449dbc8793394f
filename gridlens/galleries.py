"""gallery(): the gallery of a network and its pages, as the command of the same name makes them."""

from pathlib import Path
from typing import TypedDict, Unpack

from core.errors import BadInput
from core.progress import Progress, silent
from core.subject import Subject
from feature_viz.examples.exemplars import ImageSource
from feature_viz.gallery.gallery import GalleryResult, read_gallery
from feature_viz.gallery.gallery import gallery as make_gallery
from feature_viz.gallery.plan import Request
from feature_viz.gallery.views import Making
from feature_viz.recipes import Way, as_recipe
from gridlens.agent_galleries import shown
from gridlens.families.linking import link_found
from gridlens.opened import Opened, open_subject
from reports.gallery.pages import write_gallery
from vision.datasets import open_images
from vision.grey import suited
from vision.models import load

EMBEDDED_LAYERS = "relu1,relu2,relu3,relu4"


def usual_judge(subject: Subject) -> Subject | None:
    """The classifier that ships with Gridlens, for all networks but itself."""
    return None if subject.name == "shapes" else load("shapes")


class Made(TypedDict, total=False):
    """How many images or states are shown, and how the pictures are made; see ``feature_viz.gallery.views.Making``."""

    count: int | None
    steps: int | None
    seed: int
    recipe: Way
    engine: str
    judge: Subject | None


def gallery(
    model: str | Path | Subject | Opened = "shapes",
    images: str | Path | ImageSource | None = None,
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

    ``model`` is a Subject, what ``load_classifier`` knows, an agent's folder, an organism, or an ``Opened``;
    ``images`` a source, or what ``open_images`` takes (made grey for networks of one channel), the first ``count``
    of them. An agent is shown ``count`` states of its world (``gridlens.agent_galleries``). What is to be shown -
    ``layers``, ``units``, ``views``, ``only_missing``, ``redo`` - is told by ``feature_viz.gallery.plan.Request``;
    how pictures are made - ``steps``, ``seed``, ``recipe``, ``engine``, ``judge`` - by
    ``feature_viz.gallery.views.Making``. Broken off and called again it goes on where it was. The result shows
    itself in a notebook.

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
    opened = _opened(model)
    subject = opened.subject
    source, making = _asked(opened, images, progress=progress, **made)
    wanted = layers or (EMBEDDED_LAYERS if subject.name == "shapes" else "all")
    folder = Path(out) if out else Path("runs") / f"gallery-{subject.name}"
    make_gallery(
        subject,
        source,
        Request(wanted, units, views, only_missing, redo),
        making=making,
        out=folder,
        layer_made=write_gallery,
        progress=progress,
    )
    if not (folder / "index.html").exists():  # made before by ``feature_viz.gallery.gallery`` alone
        write_gallery(folder)
    link_found(folder)
    return read_gallery(folder)


def _opened(model: str | Path | Subject | Opened) -> Opened:
    if isinstance(model, Opened):
        return model
    return Opened(model) if isinstance(model, Subject) else open_subject(str(model))


def _asked(
    opened: Opened,
    images: str | Path | ImageSource | None,
    *,
    progress: Progress,
    **made: Unpack[Made],
) -> tuple[ImageSource, Making]:
    """What the units are shown, and how pictures of them are made."""
    subject, count = opened.subject, made.get("count")
    if opened.agent is None and opened.env_id is None:
        if images is None or isinstance(images, str | Path):
            if set(subject.heads) & {"policy", "q"} and images is None:
                raise BadInput(
                    f"{subject.name} is an agent whose world is not known; give its folder, its name, or what "
                    "gridlens.opened.open_subject returns"
                )
            height, width = subject.spec.shape[1:]
            found = open_images(images or "shapes", size=(height, width), count=count, progress=progress)
            images = suited(found, subject.spec)
        return images, _making(subject, **made)
    if images is not None:
        raise BadInput(f"{subject.name} is an agent, which is shown states; given images {str(images)!r}")
    if made.get("engine", "gridlens") != "gridlens":
        raise BadInput(
            f"engine {made['engine']!r} makes pictures for classifiers; for agents there is 'gridlens'"
        )
    recipe = made.get("recipe", "default")
    states = shown(
        opened,
        count=count,
        steps=made.get("steps"),
        seed=made.get("seed", 0),
        recipe=recipe if isinstance(recipe, str) else str(as_recipe(recipe)),
        progress=progress,
    )
    return states.source, states.making


def _making(subject: Subject, **made: Unpack[Made]) -> Making:
    judge = made["judge"] if "judge" in made else usual_judge(subject)
    return Making(
        made.get("steps"),
        made.get("seed", 0),
        as_recipe(made.get("recipe", "default")),
        made.get("engine", "gridlens"),
        judge,
    )
