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
    algo: Annotated[
        str | None, typer.Option(help="ppo, a2c, dqn, qrdqn or recurrent-ppo; default: the preset's.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Environment steps; default: the preset's.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the algorithm, as in gamma=0.97; may be repeated."),
    ] = None,
    network: Annotated[str | None, typer.Option(help="Architecture: small-conv, mlp, ...")] = None,
    view: Annotated[
        str | None, typer.Option(help="What the agent sees: window, grid, rgb or the world's own.")
    ] = None,
    snapshots: Annotated[
        str | None,
        typer.Option(help="Weights kept on the way: log:20, linear:10 or at:1000,5000; default log:8."),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="Settings known to learn; default: the world's own.")
    ] = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Agent folder; default runs/agent-WORLD.")] = None,
) -> None:
    """Train an agent by an algorithm of stable-baselines3, with snapshots and evaluation on held-out levels.

    The defaults are a preset that is known to learn. A run that is broken off goes on from its last checkpoint
    when the same command is given again, and ends with the same weights.
    """
    from rl.configuring import configured
    from rl.training import train

    config = configured(
        preset,
        world=world,
        dials=assignments(dial or [], option="--dial"),
        settings=assignments(setting or [], option="--set"),
        algorithm=algo,
        steps=steps,
        seed=seed,
        network=network,
        view=view,
        snapshots=snapshots,
    )
    folder = out or Path("runs") / f"agent-{Path(world).stem}"
    with bars() as progress:
        trained = train(config, folder, progress)
    last = trained.curve[-1]
    print(", ".join(f"{name} {value:g}" for name, value in last.items()))
    print(trained.path)
