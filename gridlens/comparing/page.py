"""The page of classifiers compared: question, finding, evidence in the order that it is asked for, caveats."""

from gridlens.comparing.behaviour_page import behaviour_section
from gridlens.comparing.classifiers import Found
from gridlens.comparing.disagreement_page import disagreement_section
from gridlens.comparing.inside_page import knowledge_section, representation_section, use_section
from gridlens.comparing.lineup import procedural, square_rgb
from gridlens.matching.family_page import families_section
from reports.comparing.correction import correction_section
from reports.comparing.doubts import (
    always,
    derived,
    failed_sanity,
    few_inputs,
    few_seeds,
    low_power,
    miscalibrated,
    poorer_than_chance,
)
from reports.comparing.verdict import verdict
from reports.sections import Report, Section


def page(found: Found, *, command: str) -> Report:
    """All that was found, as a report."""
    names = found.lineup.names
    return Report(
        kind="Comparison of classifiers",
        title=" and ".join([", ".join(names[:-1]), names[-1]]),
        question="What is different between these classifiers: what they answer, what they know, how they go about it?",
        approach=_approach(found),
        finding=verdict(found.tests, aside=_aside(found)) if found.tests else _untested(found),
        evidence=_evidence(found),
        caveats=_caveats(found),
        reproduce=[command],
        provenance={f"{one.one} and {one.other}": one.cka.provenance for one in found.alike},
    )


def _evidence(found: Found) -> list[Section]:
    sections = [behaviour_section(found), disagreement_section(found)]
    sections += [knowledge_section(found)] if found.knowledge else []
    sections += [use_section(found)] if found.uses else []
    sections.append(representation_section(found))
    sections += [] if found.kin is None else families_section(found.kin)
    if found.tests:
        sections.append(correction_section(found.tests, over="images"))
    return sections


def _approach(found: Found) -> str:
    lineup = found.lineup
    sizes = {name: source.size for name, source in lineup.images.items()}
    shown = " x ".join(map(str, next(iter(sizes.values()))))
    if len({*sizes.values()}) > 1:
        shown = ", ".join(f"{height} x {width} for {name}" for name, (height, width) in sizes.items())
    kind = "procedural images of known classes" if procedural(found.settings) else "images"
    return (
        f"All saw the same {len(lineup.source):,} {kind} ({shown} pixels), and their answers are set beside each other "
        f"image by image over the {len(lineup.classes)} classes that all of them have. Every difference is tested by "
        "permutation over images and corrected for the number of tests. Inside, linear probes read known factors off "
        "every layer, layers are compared by CKA, and units matched one by one, each beside what chance gives."
    )


def _aside(found: Found) -> str:
    """What is plain without a test: that two are one network, or where those of one build part."""
    if len(found.lineup.names) != 2 or not found.alike or found.alike[0].build is None:
        return ""
    build = found.alike[0].build
    if build.same:
        return "their weights are the same to the last bit"
    first = build.first
    if first is None:
        return "their weights differ, but no unit's answer does"
    if build.altered:
        which = f"unit {first.differing[0]}" if first.count == 1 else f"{first.count} of {first.units} units"
        return (
            f"{len(build.weights)} of {build.tensors} weight tensors differ, and answers part first in {first.layer} "
            f"({which})"
        )
    return ""


def _untested(found: Found) -> str:
    if not found.agreements:
        return (
            "The classifiers have no class in common, so their answers cannot be compared; what they are like inside "
            "is set out below."
        )
    from reports.figures import percent

    least = min(found.agreements, key=lambda one: one.share.estimate)
    aside = _aside(found)
    return (
        f"{least.one} and {least.other} agree on {percent(least.share)} of these images; none is labelled with their "
        f"classes, so nothing can be said of who is right{'; ' + aside if aside else ''}."
    )


def _caveats(found: Found) -> list[str]:
    lineup = found.lineup
    skills = found.skills
    labelled = min((one.accuracy.n for one in skills.values()), default=0)
    lists = {subject.heads["class"] for subject in lineup.subjects.values()}
    return derived(
        few_seeds(1, of="recipe", redrawn="images"),
        few_inputs(labelled or len(lineup.source)),
        _classes(found) if len(lists) > 1 else "",
        "" if skills or not lineup.classes else _unlabelled(found),
        low_power(found.tests),
        [poorer_than_chance(name, one.accuracy, 1 / len(lineup.classes)) for name, one in skills.items()],
        [
            miscalibrated(
                name, one.calibration.error, one.calibration.chance, confident=one.calibration.lean > 0
            )
            for name, one in skills.items()
        ],
        failed_sanity(found.method.failed, method=found.method.name) if found.method else [],
        _unprobed(found),
        ""
        if procedural(found.settings) or not found.knowledge
        else ("Probes are of the procedural images, whose factors are known, not of the images given."),
        always(),
    )


def _classes(found: Found) -> str:
    shared = len(found.lineup.classes)
    if not shared:
        return (
            "The classifiers have no class of the same name, so neither their answers nor their mistakes can be "
            "compared: only what they are like inside."
        )
    return (
        f"The classifiers were trained on different classes; answers are compared over the {shared} that all have by "
        "name, each network's probabilities taken over these alone."
    )


def _unlabelled(found: Found) -> str:
    if procedural(found.settings):
        return (
            "The procedural images are of none of these networks' classes: give images of their own with --images "
            "(folders named by class, an index.tsv, or an .npz with labels) to learn who is right."
        )
    return "The images have no labels that are these networks' classes: only agreement can be told, not who is right."


def _unprobed(found: Found) -> str:
    left = [name for name, subject in found.lineup.subjects.items() if not square_rgb(subject)]
    if not left:
        return ""
    return f"{', '.join(left)} takes no square RGB pictures, so nothing was probed there."
