"""Families of both networks matched as families, layer pair by layer pair; kept in the run folder."""

from collections.abc import Sequence
from pathlib import Path

from core.artifacts import read_json, write_json
from core.errors import BadInput
from core.progress import Progress
from core.similarity import Shown
from core.similarity.correlating import LayerPair
from core.subject import Subject
from core.symmetry.across import Side, across
from core.symmetry.counterparts import counterparts
from feature_viz.examples.crops import folder_name
from gridlens.matching.actions import action_of
from gridlens.matching.asked import Asked
from gridlens.matching.family_pair import FamilyPair, document_of, pair_of
from gridlens.matching.measuring import Compared
from gridlens.matching.searched import group_in, layers_in, refuse_another_network
from gridlens.matching.views import DRAWN, fitting, views_of
from vision.families.records import families_of, read_found
from vision.families.searching import Search, search
from vision.views.actions import Action, parse
from vision.views.actions import refuse_unfitting as refuse_action
from vision.views.by_layer import suiting


def refuse_unfitting(a: Subject, b: Subject, asked: Asked, pairs: Sequence[LayerPair]) -> None:
    """Raise where families are asked for that cannot be had, before anything is computed.

    Raises
    ------
    BadInput, UnknownName, Unreadable
        if the group does not act on both networks' pictures, or the folders are no searches of these networks under
        one group.
    """
    if asked.group is not None and asked.families is not None:
        raise BadInput("families are searched under --group or taken from --families; give one of them")
    action = _action(asked)
    if action is None:
        return
    for subject in (a, b):
        refuse_action(action, subject)
    if asked.families is not None:
        for folder, subject in zip(asked.families, (a, b), strict=True):
            refuse_another_network(folder, subject)
        groups = [group_in(folder) for folder in asked.families]
        if groups[0].labels != groups[1].labels:
            raise BadInput(
                f"families are matched under one group; {str(asked.families[0])!r} has {groups[0].name} "
                f"({len(groups[0])} elements), {str(asked.families[1])!r} {groups[1].name} ({len(groups[1])})"
            )
        held = [layers_in(folder) for folder in asked.families]
        if not any(one in held[0] and other in held[1] for one, other in pairs):
            raise BadInput(
                f"none of the layer pairs was searched in both runs, which hold {', '.join(held[0])} and "
                f"{', '.join(held[1])}"
            )


def _action(asked: Asked) -> Action | None:
    if asked.group is not None:
        return parse(asked.group)
    return None if asked.families is None else action_of(group_in(asked.families[0]))


def families_matched(
    a: Shown, b: Shown, asked: Asked, pairs: Sequence[Compared], folder: Path, *, progress: Progress
) -> list[FamilyPair]:
    """Families of the layer pairs that are looked at closely; a layer pair that is done is read back."""
    action = _action(asked)
    if action is None:
        return []
    folders = asked.families or _searched(a, b, asked, pairs, folder, progress=progress)
    held = [set(layers_in(path)) for path in folders]
    pairs = [one for one in pairs if one.a in held[0] and one.b in held[1]]
    found = []
    for done, one in enumerate(pairs):
        path = folder / f"{folder_name(one.a)}--{folder_name(one.b)}.json"
        if not path.exists():

            def told(at: int, total: int, label: str, done: int = done) -> None:
                progress(done * total + at, len(pairs) * total, label)

            write_json(path, document_of(_matched(a, b, (one.a, one.b), folders, asked, told)))
        found.append(pair_of(read_json(path), action.group))
    return found


def _searched(
    a: Shown, b: Shown, asked: Asked, pairs: Sequence[Compared], folder: Path, *, progress: Progress
) -> tuple[Path, Path]:
    """Both networks searched as ``gridlens families`` does, each in a run of its own; their folders."""
    action, how = parse(asked.group or ""), Search(tuning=False, weights=False, seed=asked.seed)
    folders = folder / "a", folder / "b"
    sides = ((a, [one.a for one in pairs]), (b, [one.b for one in pairs]))
    for path, (shown, named) in zip(folders, sides, strict=True):
        layers = list(dict.fromkeys(named))
        images = shown.images if asked.images is not None else None
        views = suiting(shown.subject, layers, images, action, count=asked.count or DRAWN, seed=asked.seed)
        search(shown.subject, layers, views, how, out=path, progress=progress)
    return folders


def _matched(
    a: Shown,
    b: Shown,
    layers: tuple[str, str],
    folders: tuple[Path, Path],
    asked: Asked,
    progress: Progress,
) -> FamilyPair:
    views = views_of(a, asked, action_of(group_in(folders[0])))
    sides = [
        Side(shown.subject, layer, fitting(views, shown.subject))
        for shown, layer in zip((a, b), layers, strict=True)
    ]
    both = across(sides[0], sides[1], seed=asked.seed, progress=progress)
    one, other = (
        families_of(read_found(folder, layer), both.group)
        for folder, layer in zip(folders, layers, strict=True)
    )
    found = counterparts(both, one, other, seed=asked.seed)
    return FamilyPair(*layers, one, other, found, both.one.inputs)
