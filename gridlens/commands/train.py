"""``gridlens train``: an agent learns a world, into a folder that can be resumed."""

from pathlib import Path
from typing import Annotated

import typer

from gridlens.assignments import assignments
from gridlens.bars import bars
from gridlens.options import Dials, Seed


def train(
    world: Annotated[str, typer.Argument(help="World to train in: a name, or a file (.py).")] = "cheese",
    dial: Dials = None,
    steps: Annotated[int | None, typer.Option(help="Environment steps; default: the preset's.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A training setting, as in network=mlp or gamma=0.97; may be repeated."),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="Settings known to learn; default: the world's own.")
    ] = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Agent folder; default runs/agent-WORLD.")] = None,
) -> None:
    """Train an agent by PPO (stable-baselines3), with snapshots and evaluation on held-out levels.

    The defaults are a preset that is known to learn. A run that is broken off goes on from its last checkpoint
    when the same command is given again, and ends with the same weights.
    """
    from gridlens.settings import configured
    from rl.training import train

    config = configured(
        preset,
        world=world,
        dials=assignments(dial or [], option="--dial"),
        settings=assignments(setting or [], option="--set"),
        steps=steps,
        seed=seed,
    )
    folder = out or Path("runs") / f"agent-{Path(world).stem}"
    with bars() as progress:
        trained = train(config, folder, progress)
    last = trained.curve[-1]
    print(", ".join(f"{name} {value:g}" for name, value in last.items()))
    print(trained.path)
