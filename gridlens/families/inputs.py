"""What a subject is shown, transformed: photographs or drawn stimuli for a classifier, turned states for an agent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import BadInput, UnknownName
from core.progress import Progress, silent
from core.symmetry.groups import Group
from core.symmetry.views import Views
from gridlens.families.asked import Request, Taken
from rl.goals import parted
from rl.symmetry import turned_states
from vision.datasets import open_images
from vision.grey import suited
from vision.views.actions import Action, parse, refuse_unfitting
from vision.views.by_layer import drawn, photographed
from vision.views.leaves import leaves
from vision.views.waves import waves

STIMULI: Mapping[str, Callable[..., Any]] = {"leaves": leaves, "waves": waves}
"""Stimuli that are drawn transformed, by name; the first is what is taken unless images are given."""

DRAWN, STATES = 192, 512
"""Stimuli drawn, and states of an agent, unless another number is asked for."""

SQUARE = "square"
"""The one group that acts on what agents see."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """What each layer is shown, what that is called, whether it was drawn for the purpose, and what the group does.

    ``action`` is None where the group acts on no pictures.
    """

    views: Mapping[str, Views] = field(repr=False)
    called: str
    drawn: bool
    action: Action | None = field(default=None, repr=False)

    @property
    def group(self) -> Group:
        return next(iter(self.views.values())).group


def inputs_of(subject: Taken, request: Request, *, progress: Progress = silent) -> Inputs:
    """The inputs that are asked for, or those that suit the subject.

    Raises
    ------
    BadInput, UnknownName, Unreadable
        if the group does not act on what the subject sees, or images and stimuli do not go together with it.

    >>> from gridlens.families.asked import taken
    >>> from gridlens.opened import open_subject
    >>> request = Request(layers="relu1,relu4", group="rotation:90", count=16)
    >>> made = inputs_of(taken(open_subject("shapes"), request), request)
    >>> made.called, len(made.group), made.views["relu1"].size, made.views["relu4"].size
    ('leaves', 4, (48, 48), (48, 48))
    """
    opened, images, stimuli = subject.opened, request.images, request.stimuli
    if opened.agent is not None or opened.env_id is not None:
        return _states(subject, request)
    if images is not None and stimuli is not None:
        raise BadInput(f"give either --images or --stimuli; got {str(images)!r} and {stimuli!r}")
    if stimuli is not None and stimuli not in STIMULI:
        raise UnknownName("kind of stimuli", stimuli, STIMULI)
    if request.group == SQUARE:
        raise BadInput("'square' is the group of agents' views; the nearest for pictures is 'dihedral:90'")
    action = parse(request.group or "rotation")
    refuse_unfitting(action, subject.subject)
    if images is None:
        name = stimuli or next(iter(STIMULI))
        return Inputs(_drawn(subject, name, action, request), name, True, action)
    height, width = subject.subject.spec.shape[1:]
    source = open_images(images, size=(height, width), count=request.count, progress=progress)
    seen = suited(source, subject.subject.spec)
    views = photographed(subject.subject, subject.layers, seen, action, seed=request.seed)
    return Inputs(views, "images", False, action)


def _drawn(subject: Taken, name: str, action: Action, request: Request) -> dict[str, Views]:
    """Stimuli as large as what a unit sees, many of them on a sheet; of the input's size for units that see much."""
    channels = subject.subject.spec.shape[0]

    def draw(size: tuple[int, int], count: int) -> Views:
        made: Views = STIMULI[name](action, count=count, size=size, seed=request.seed, channels=channels)
        return made

    return drawn(subject.subject, subject.layers, draw, count=request.count or DRAWN)


def _states(subject: Taken, request: Request) -> Inputs:
    opened, name = subject.opened, subject.subject.name
    if opened.agent is None:
        raise BadInput(
            f"{name} plays {opened.env_id}; symmetries are known of agents in worlds of ours alone"
        )
    if other := request.images or request.stimuli:
        raise BadInput(f"{name} is an agent, which is shown states; given {str(other)!r}")
    if request.group not in (None, SQUARE):
        raise BadInput(
            f"{request.group!r} does not act on what {name} sees; the symmetries of the square do: {SQUARE!r}"
        )
    count = request.count or STATES
    views = turned_states(parted(opened.agent.world), opened.agent.view, count=count, seed=request.seed)
    return Inputs(dict.fromkeys(subject.layers, views), "states", drawn=False)
