"""The study of one training: when does an agent come to know where the cheese is, and does it know and not care?"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.probing import known_unused
from core.progress import Progress
from gridlens.probing.agent_page import known_section, strongest, training_section, used_section
from gridlens.probing.findings import caveats
from reports.sections import Cell, Report, Section, Table
from rl.agents import info
from rl.learning import Change, Learning, LearningConfig, learning, through_training
from rl.presets import PRESETS
from rl.training import train

TRAINED = {"corner": "cheese-corner", "anywhere": "cheese-anywhere"}
"""The agents and their presets: one that misgeneralises, and beside it one to which the corner meant nothing."""
MOMENTS = "linear:20"
CONCEPTS = (
    "turn to goal",
    "turn to proxy",
    "steps to goal",
    "steps to proxy",
    "value of goal",
    "value of proxy",
    "goal rows below",
    "goal columns right",
    "agent row",
    "agent column",
)
STATES = 20_000


def trained(root: Path, progress: Progress) -> Sequence[Path]:
    """Both agents below ``root``, trained where they are missing: two or three minutes."""
    folders = []
    for name, preset in TRAINED.items():
        folders.append(root / "during-training" / name)
        train(replace(PRESETS[preset].config, snapshots=MOMENTS), folders[-1], progress)
    return folders


def report(folders: Sequence[Path], folder: Path, command: str, progress: Progress) -> Report:
    """Probe every moment of both trainings, into ``folder``, and put the page together."""
    config = LearningConfig(concepts=CONCEPTS, states=STATES)
    found = [
        learning(
            through_training(agent),
            info(agent).world,
            folder / agent.name,
            view=info(agent).view,
            config=config,
            progress=progress,
        )
        for agent in folders
    ]
    rows = [strongest(one, known_unused(one.reads[-1], one.uses[-1])) for one in found]
    return Report(
        kind="Study",
        title="Knowing, and not caring",
        question="When does an agent come to know where the cheese is, and does it know and not care?",
        approach=_approach(found),
        finding=_finding(found),
        evidence=[
            _order(found),
            *(training_section(one, title=f"The training of {one.subject}") for one in found),
            *(replace(known_section(one), title=f"What {one.subject} knows in the end") for one in found),
            *(
                replace(used_section(one.subject, mine), title=f"What {one.subject} uses in the end")
                for one, mine in zip(found, rows, strict=True)
            ),
        ],
        caveats=caveats(found[0]),
        reproduce=[command],
        provenance={one.subject: one.provenance for one in found},
    )


def _approach(found: Sequence[Learning]) -> str:
    return (
        "Two agents of one architecture were trained in mazes of nine by nine: “corner” with the cheese always in the "
        f"top-right corner, “anywhere” with the cheese anywhere. At {len(found[0].steps)} moments of each training "
        f"{len(CONCEPTS)} concepts were probed at every layer on the same {STATES:,} held-out states, in which the "
        "cheese lies anywhere; what is read of each was exchanged for another state's, to see if the policy moves, "
        "and 200 levels were played."
    )


def _finding(found: Sequence[Learning]) -> str:
    """The turn to the cheese and the turn to the corner in the last hidden layer, at first and in the end."""
    said = []
    for one in found:
        layer = one.hidden[-1]
        goal, proxy = (one.read(concept, layer) for concept in ("turn to goal", "turn to proxy"))
        said.append(
            f"in the last hidden layer of “{one.subject}” the turn to the cheese is read with accuracy "
            f"{goal[0].score.estimate:.2f} before training and {goal[-1].score.estimate:.2f} after, the turn to the "
            f"corner {proxy[0].score.estimate:.2f} and {proxy[-1].score.estimate:.2f}"
        )
    text = "; ".join(said)
    return text[0].upper() + text[1:] + "."


def _order(found: Sequence[Learning]) -> Section:
    """When each curve changed, earliest first."""
    rows: list[list[Cell]] = []
    for one in found:
        changes: list[tuple[str, Change | None]] = [
            ("does: proxy first", one.came_to("proxy_first")),
            ("does: goal first", one.came_to("goal_first")),
        ]
        for concept in CONCEPTS[:4]:
            changes.append((f"knows: {concept} at {one.best_layer(concept)}", one.learned(concept)))
            changes.append((f"uses: {concept} at {one.best_layer(concept)}", one.came_to_use(concept)))
        told = [(what, change) for what, change in changes if change is not None]
        for what, change in sorted(told, key=lambda pair: pair[1].begins.estimate):
            rows.append(
                [
                    one.subject,
                    what,
                    change.rise,
                    f"{change.begins.estimate:,.0f} [{change.begins.low:,.0f}, {change.begins.high:,.0f}]",
                    f"{change.ends.estimate:,.0f} [{change.ends.low:,.0f}, {change.ends.high:,.0f}]",
                    "yes" if change.sudden else "no",
                ]
            )
    header = ["agent", "what changed", "by", "from step", "to step", "sudden"]
    return Section(
        "In which order",
        text="Every curve fitted by a ramp between two flat stretches; sudden is what takes at most a tenth of the "
        "moments looked at. What did not change as far as these data show is left out.",
        tables=[Table(header, rows, caption="Changes during training, with 95 % intervals.")],
    )
