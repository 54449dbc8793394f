"""The enquiry: pairs found, measured into a run folder, and put together as a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.artifacts import write_csv
from core.errors import BadInput
from core.pairs import Pair
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.runs import running
from core.subject import Subject, layer_named
from envs.spec import World
from gridlens.opened import Opened
from gridlens.patching import evidence
from gridlens.patching.compensating import Compensated, by_compensation, compensated
from gridlens.patching.examples import by_site
from gridlens.patching.measuring import Measured, kept, measured, usual_layers
from gridlens.patching.summary import layers_of, rows, summary
from gridlens.patching.words import caveats, example_layer, example_places, finding
from reports.exports import export
from reports.html import write
from reports.sections import Report
from rl.goals import goals_of, parted
from vision.datasets import ImageSource, open_images

TABLE, PAGE = "table.csv", "index.html"


@dataclass(frozen=True)
class Asked:
    """What is to be measured; without ``kinds`` all, without ``layers`` six spread over the depth.

    ``pairs``: of every kind. ``units``: of a layer that are patched alone (of wider ones as many, half of them the
    strongest by gradient, half drawn at random).
    """

    kinds: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    pairs: int = 4
    units: int = 128
    images: Path | None = None
    seed: int = 0


def patching(
    opened: Opened, asked: Asked, folder: Path, *, command: str, progress: Progress = silent
) -> Path:
    """Measure, go on with, or show again a patching run; returns the page.

    Beside it lie ``table.csv``, every number of every pair, and ``data``, the figures and tables as files.

    Raises
    ------
    BadInput
        if the subject plays where no level can be edited, or its answer does not turn between enough pairs.
    RunConflict
        if the folder holds another run.
    """
    subject = opened.subject
    layers = asked.layers or usual_layers(subject)
    for layer in layers:
        layer_named(subject, layer)
    source = _source(opened, asked.images)
    with running(
        folder,
        kind="patching",
        parameters={"kinds": asked.kinds, "layers": layers, "pairs": asked.pairs, "units": asked.units},
        seeds={"patching": asked.seed},
        subject=subject.fingerprint,
        data=source.fingerprint if isinstance(source, ImageSource) else fingerprint(repr(source.describe())),
    ):
        pairs = kept(folder, lambda: _pairs(opened, source, asked, progress))
        found = measured(
            subject,
            pairs,
            layers,
            folder,
            units=asked.units,
            seed=asked.seed,
            progress=progress,
        )
        write_csv(folder / TABLE, rows(found))
        shown = example_layer([summary(found, layer) for layer in layers_of(found)]).layer
        removed = compensated(subject, found, layers, shown, folder, seed=asked.seed, progress=progress)
        report = _report(opened, found, asked, source, removed, command)
        export(report, folder / "data")
        return write(report, folder / PAGE)


def _source(opened: Opened, images: Path | None) -> ImageSource | World:
    """Photographs, or the world whose levels are edited: as trained, or where goal and proxy lie apart."""
    if opened.env_id is not None:
        raise BadInput(
            f"pairs are made by editing levels of our own worlds; {opened.subject.name} plays {opened.env_id!r}, "
            "whose states cannot be edited"
        )
    if opened.agent is None:
        height, width = opened.subject.spec.shape[1:]
        return open_images(images or "shapes", size=(height, width))
    world = opened.agent.world
    return world if goals_of(world).places is None else parted(world)


def _pairs(opened: Opened, source: ImageSource | World, asked: Asked, progress: Progress) -> tuple[Pair, ...]:
    from rl.pairs import pairs as of_states
    from vision.pairs import KINDS
    from vision.pairs import pairs as of_images

    if isinstance(source, ImageSource):
        kinds = asked.kinds or tuple(KINDS)
        return of_images(
            opened.subject, source, kinds=kinds, each=asked.pairs, seed=asked.seed, progress=progress
        )
    assert opened.agent is not None, "worlds come from agents"
    return of_states(
        opened.subject,
        source,
        view=opened.agent.view,
        kinds=asked.kinds,
        each=asked.pairs,
        seed=asked.seed,
        progress=progress,
    )


def _report(
    opened: Opened,
    found: Sequence[Measured],
    asked: Asked,
    source: ImageSource | World,
    removed: Compensated,
    command: str,
) -> Report:
    subject = opened.subject
    layers = [summary(found, layer) for layer in layers_of(found)]
    shown = example_layer(layers).layer
    return Report(
        kind="Activation patching",
        title=f"What carries the answers of {subject.name}",
        question=f"Which layers, units and places of {subject.name} carry the answer, and does patching tell?",
        approach=_approach(found, source),
        finding=finding(subject.name, layers),
        evidence=[
            evidence.by_layer(found, layers),
            evidence.by_criteria(layers),
            evidence.by_share(found, layers),
            by_site(subject, found, shown, example_places(layers)),
            evidence.by_gradient(found, layers),
            by_compensation(removed),
            evidence.by_answer(found, layers),
            evidence.by_kind(found, shown),
        ],
        caveats=caveats(found, layers, [] if asked.kinds else _missing(found, source)),
        reproduce=[command],
        provenance={subject.name: _origin(subject, source, asked)},
    )


def _approach(found: Sequence[Measured], source: ImageSource | World) -> str:
    pairs = list({id(one.pair): one.pair for one in found}.values())
    kinds = "; ".join(
        f"{kind}: {_meaning(kind, source)}" for kind in dict.fromkeys(pair.kind for pair in pairs)
    )
    return (
        f"{len(pairs)} pairs of inputs between which the answer turns ({kinds}). The network runs on the corrupted one "
        "while part of one layer is taken over from its run on the clean one. What comes back of the logit difference "
        "between the two answers is the effect: 0 none, 1 all of it.\n\n"
        "Sites are ranked by what each brings back alone (where not all were patched alone, by the mean gradient on "
        "the way), the best are patched together, and beside them as many at random, and the same ones from a third "
        "input that has to do with neither."
    )


def _meaning(kind: str, source: ImageSource | World) -> str:
    from rl.pairs import edits_of
    from vision.pairs import KINDS

    return KINDS[kind].meaning if isinstance(source, ImageSource) else edits_of(source)[kind].meaning


def _missing(found: Sequence[Measured], source: ImageSource | World) -> list[str]:
    """Edits that were not asked for by name, and that turn the answer too rarely."""
    from rl.pairs import edits_of

    there = {one.pair.kind for one in found}
    return [] if isinstance(source, ImageSource) else [kind for kind in edits_of(source) if kind not in there]


def _origin(subject: Subject, source: ImageSource | World, asked: Asked) -> Provenance:
    data = source.fingerprint if isinstance(source, ImageSource) else repr(source.describe())
    return provenance(
        subject=subject.fingerprint, data=data, seed=asked.seed, pairs=asked.pairs, units=asked.units
    )
