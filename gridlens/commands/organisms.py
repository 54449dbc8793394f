"""``gridlens organisms``: the trained agents that ship, and what each does."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
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
    for table in tables(one.measured):
        print(f"\n{table.title}")
        show(table.lines)
