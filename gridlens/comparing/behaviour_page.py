"""The first section: how often each classifier is right, of which classes, and how well it knows how sure to be."""

from gridlens.comparing.classifiers import Found
from reports.comparing.by_class import class_dots
from reports.comparing.correction import Tested, exact
from reports.comparing.reliability import reliability
from reports.figures import Proportion, proportions
from reports.sections import Cell, Figure, Section, Table

MOST_CLASSES = 24
"""Classes drawn; of more, those that differ most."""


def behaviour_section(found: Found) -> Section:
    """Accuracy, by class, and calibration; without labels only that there are none."""
    title = "What they answer"
    if not found.skills:
        return Section(
            title, "None of the images is labelled with a class of these networks: see where they agree."
        )
    figures = [_accuracy(found), _classes(found), _calibration(found)]
    return Section(title, _text(found), figures=figures, tables=[_table(found)])


def _text(found: Found) -> str:
    pairs = [test for test in found.tests if not test.part]
    return " ".join(map(_said, pairs)) if len(pairs) <= 6 else ""


def _said(test: Tested) -> str:
    if test.claimed:
        return f"{test.sentence()}."
    values = (
        f"{test.what[:1].upper()}{test.what[1:]}: {test.one} {test.amount(test.values[0])}, {test.other} "
    )
    return f"{values}{test.amount(test.values[1])}; no difference is claimed."


def _accuracy(found: Found) -> Figure:
    rows = [
        Proportion("Right, of labelled images", f"{one.accuracy.n:,} images", name, one.accuracy)
        for name, one in found.skills.items()
    ]
    return proportions(
        rows, title="Accuracy", caption="Share of images answered rightly, with 95 % intervals."
    )


def _classes(found: Found) -> Figure:
    values = {name: dict(one.by_class) for name, one in found.skills.items()}
    classes = list(next(iter(values.values())))
    claimed = {test.what.removeprefix("accuracy on ") for test in found.tests if test.claimed}
    caption = "Share of each class's images answered rightly, with 95 % intervals."
    if marked := [name for name in classes if name in claimed]:
        caption += " Framed: a difference is claimed."
    if len(classes) > MOST_CLASSES:
        gaps = {
            name: max(each[name].estimate for each in values.values())
            - min(each[name].estimate for each in values.values())
            for name in classes
        }
        kept = sorted(classes, key=lambda name: -gaps[name])[:MOST_CLASSES]
        caption += f" The {MOST_CLASSES} of {len(classes)} classes that differ most: chance alone parts some."
        values = {name: {label: each[label] for label in kept} for name, each in values.items()}
    return class_dots(values, marked=marked, title="Class by class", caption=caption)


def _calibration(found: Found) -> Figure:
    return reliability(
        {name: one.calibration for name, one in found.skills.items()},
        title="Are they as often right as they are sure?",
        caption="On the dotted line, probabilities are true. Bars: 95 % intervals; grey: where chance would put a "
        "perfectly calibrated classifier. Below the line: overconfident.",
    )


def _table(found: Found) -> Table:
    header = [
        "classifier",
        "images",
        "right",
        "calibration error",
        "by chance",
        "confidence less accuracy",
    ]
    rows: list[list[Cell]] = [
        [
            name,
            one.accuracy.n,
            exact(one.accuracy),
            exact(one.calibration.error),
            f"{100 * one.calibration.chance[0]:.1f} to {100 * one.calibration.chance[1]:.1f} %",
            f"{100 * one.calibration.lean:+.1f} points".replace("-", "−"),
        ]
        for name, one in found.skills.items()
    ]
    caption = (
        "Calibration error: expected calibration error over 15 steps of confidence; by chance: the middle 95 % of what "
        "a perfectly calibrated classifier would show."
    )
    return Table(header, rows, caption=caption)
