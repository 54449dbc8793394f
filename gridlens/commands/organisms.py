"""``gridlens organisms``: the trained agents that ship, and what each does."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rl.misgeneralisation import Evaluation
    from rl.organism import Organism


def organisms(
    name: Annotated[str | None, typer.Argument(help="Tell all of this one.")] = None,
) -> None:
    """List the agents that ship; of one by name, its numbers, snapshots, size and the command that made it.

    Wherever a command takes an agent folder it takes an organism's name as well.
    """
    from rl.organism import about, organisms

    if name is not None:
        _tell(about(name))
        return
    for one in organisms().values():
        print(f"{one.name:20} {one.says}")
    print("\nNumbers, snapshots and command of one: gridlens organisms NAME")


def _tell(one: "Organism") -> None:
    from gridlens.outcomes import tables
    from gridlens.tables import show
    from rl.agents import info

    known = info(one.folder)
    settings = {name: value for name, value in known.world.describe().items() if name != "name"}
    print(one.name, one.says, sep="\n")
    print("world    ", known.world.name, ", ".join(f"{name}={value}" for name, value in settings.items()))
    print("made by  ", one.command)
    print("measured ", one.measured_by)
    print("snapshots", ", ".join(f"{step:,}" for step in one.snapshots) or "none", "(steps of training)")
    print(f"size      {one.size / 1e6:.2f} MB in {one.folder}")
    for table in tables([(known, _evaluation(one))]):
        show([{name: said for name, said in row.items() if name != "agent"} for row in table])


def _evaluation(one: "Organism") -> "Evaluation":
    """The numbers that ship with it, as ``rl.misgeneralisation.evaluate`` gave them."""
    from core.provenance import provenance
    from core.uncertainty import Interval
    from rl.misgeneralisation import Evaluation, Outcome

    found: dict[tuple[str, str], Outcome] = {}
    for row in one.measured:
        outcome = found.setdefault(
            (row["where"], row["player"]), Outcome(row["player"], row["where"], {}, 0, {})
        )
        event = row["measure"].removeprefix("event:")
        held: Any = outcome.measures if event == row["measure"] else outcome.others
        held[event] = Interval(row["estimate"], row["low"], row["high"], row["n"])
    return Evaluation(one.name, tuple(found.values()), provenance(seed=one.evaluated["seed"]))
