"""The attribution page of a classifier or an agent: the same methods, the same signature."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.attribution import Attribution, attribute, methods_for
from core.errors import BadInput
from core.subject import Subject, run
from core.targets import Output, Target, parse
from envs import engine
from envs.pictures.seen import picture
from gridlens.opened import Opened
from reports.contributions import Contribution, contribution_bars
from reports.maps import Overlay, attribution_overlays
from reports.sections import Figure, Report, Section, Table
from rl.agents import see
from rl.fields import shown_levels
from rl.foreign import moments
from rl.goals import parted
from vision.datasets import open_images
from vision.grey import suited


def attribution_page(
    opened: Opened,
    *,
    command: str,
    targets: Sequence[str] = (),
    methods: Sequence[str] = (),
    images: Path | None = None,
    count: int = 4,
    seed: int = 0,
) -> Report:
    """One section a method: every input's maps (or bars) for every target, and how nearly they add up.

    Without ``methods`` all that find a place to look at.
    """
    subject = opened.subject
    inputs, pictures = _inputs(opened, images, count, seed)
    asked = _targets(subject, inputs, targets)
    sections, rows = [], []
    for method in methods or methods_for(subject):
        made = [
            (i, _said(subject, one), attribute(subject, inputs[i : i + 1], one, method=method))
            for i, wanted in enumerate(asked)
            for one in wanted
        ]
        rows += [[each.method, i + 1, said, each.at, *_sums(each)] for i, said, each in made]
        name = made[0][2].method
        chart = _chart(subject, made, inputs, pictures)
        sections.append(Section(name[:1].upper() + name[1:], figures=[chart]))
    header = ["method", "input", "target", "at", "sum of the map", "completeness gap"]
    table = Table(
        header,
        rows,
        caption="A map that promises to add up to a change of score should: the gap says how nearly.",
    )
    return Report(
        kind="Attribution",
        title=f"What counts for {subject.name}",
        question="Which parts of an input decided the answer?",
        approach="Each method gives every part of the input, or of a layer's maps, its share in one number: a class "
        "logit, an action's logit, the value, a unit.",
        finding=_finding(rows),
        evidence=[*sections, Section("Do the parts add up?", tables=[table])],
        caveats=[
            "What an input counted for is told beside an input that is 0 everywhere.",
            "Grad-CAM promises no sum, and sees only as finely as the layer it looks at.",
            "A map says what the network was sensitive to along the method's own path, not what it would do without.",
        ],
        reproduce=[command],
        provenance={subject.name: made[0][2].provenance},
    )


def _chart(
    subject: Subject,
    made: Sequence[tuple[int, str, Attribution]],
    inputs: Tensor,
    pictures: Sequence[np.ndarray],
) -> Figure:
    """Maps over pictures; bars for inputs that are a list of numbers."""
    title = f"What counted, by {made[0][2].method}"
    if pictures:
        return attribution_overlays(
            [_overlay(subject, each, pictures[i], f"{i + 1}: {said}") for i, said, each in made],
            title=title,
            caption="Above: the input. Below: what spoke for the target (orange) and against it (blue).",
        )
    for _, _, each in made:
        if each.values.shape[1:] != inputs.shape[1:]:
            raise BadInput(f"{each.method} looks at {each.at}, but {subject.name} sees numbers, not maps")
    bars = [
        Contribution(
            subject.name,
            subject.spec.channels,
            inputs[i].flatten().cpu().numpy(),
            each.values.flatten().cpu().numpy(),
            f"{i + 1}: {said}",
        )
        for i, said, each in made
    ]
    caption = "The numbers of each input, and what each added to the target (orange) or took from it (blue)."
    return contribution_bars(bars, title=title, caption=caption)


def _inputs(opened: Opened, images: Path | None, count: int, seed: int) -> tuple[Tensor, list[np.ndarray]]:
    """Inputs and what they look like: pictures, or the states in which levels begin (that part goal and proxy).

    In an environment of gymnasium's: moments of one episode, without pictures where it shows a list of numbers.
    """
    if opened.env_id is not None:
        seen, _ = moments(opened.subject, opened.env_id, episodes=1, each=count, seed=seed)
        return seen, [] if seen.shape[2:] == (1, 1) else [_grey(one) for one in seen]
    if opened.agent is None:
        height, width = opened.subject.spec.shape[1:]
        source = open_images(images or "shapes", size=(height, width), count=count)
        batch = next(iter(suited(source, opened.subject.spec).batches(count)))
        return batch, [image.expand(3, -1, -1).permute(1, 2, 0).numpy() for image in batch]
    about = opened.agent
    broken = parted(about.world)
    state = engine.reset(broken, np.array(shown_levels(broken, count, seed=seed)))
    seen = see(broken, state, about.view)
    return seen, [picture(broken, one.numpy(), about.view) / 255 for one in seen]


def _grey(seen: Tensor) -> np.ndarray:
    """What a stranger's channels show, in grey: their mean, from its least to its most."""
    flat = seen.mean(0)
    low, high = flat.min(), flat.max()
    return ((flat - low) / (high - low).clamp(min=1e-6)).expand(3, -1, -1).permute(1, 2, 0).numpy()


def _targets(subject: Subject, inputs: Tensor, texts: Sequence[str]) -> list[list[Target]]:
    """For every input the targets asked for, or what the network chose and, if it has one, the value."""
    if texts:
        return [[parse(text, subject) for text in texts]] * len(inputs)
    first = next(iter(subject.heads))
    with torch.no_grad():
        chosen = run(subject, inputs)[first].argmax(1).tolist()
    value: list[Target] = [Output("value")] if "value" in subject.heads else []
    return [[Output(first, index), *value] for index in chosen]


def _said(subject: Subject, target: Target) -> str:
    if isinstance(target, Output) and len(subject.heads[target.head]) > 1:
        return f"{target.head}:{subject.heads[target.head][target.index]}"
    return "value" if target == Output("value") else str(target)


def _overlay(subject: Subject, made: Attribution, image: np.ndarray, note: str) -> Overlay:
    return Overlay(subject.name, image, made.heatmap()[0].cpu().numpy(), note)


def _sums(made: Attribution) -> list[float | None]:
    gap = made.completeness_gap
    return [float(made.values.sum()), None if gap is None else float(gap[0])]


def _finding(rows: Sequence[Sequence]) -> str:
    gaps = [abs(row[5]) / max(abs(row[4] - row[5]), 0.1) for row in rows if row[5] is not None]
    if not gaps:
        return "None of these methods promises that its parts add up, so the maps are to be read as hints."
    return f"The maps that promise to add up do so to within {100 * max(gaps):.1f} % of what they explain."
