"""``gridlens sweep``: many agents trained and evaluated, on all cores or on a cluster, into one table and one page."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gridlens.bars import bars


def sweep(
    file: Annotated[
        Path, typer.Argument(help="Sweep file (TOML); docs/sweeps.md says what may stand in it.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder of the sweep; default runs/sweep-NAME.")] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Agents trained at a time on this machine; default: one a core.", min=1)
    ] = None,
    ray: Annotated[
        str | None, typer.Option(help="Address of a Ray cluster to train on, as in auto or host:6379.")
    ] = None,
) -> None:
    """Train and evaluate agents by the dozen: worlds x dials x algorithms x seeds, as a file asks for.

    Broken off, or with agents that failed, the same command does what is missing. Exit code 1 says that agents failed.
    """
    from gridlens.sweeps.evidence import sweep_evidence
    from reports.html import write
    from reports.sweeps.page import sweep_report
    from rl.sweeps import read, run

    asked = read(file)
    folder = out or Path("runs") / f"sweep-{asked.name}"
    with bars() as progress:
        swept = run(asked, folder, jobs=jobs, ray=ray, progress=progress)
    page = write(sweep_report(sweep_evidence(asked, swept, folder)), folder / "index.html")
    print(folder / "table.parquet")
    print(page)
    for one in swept.failures:
        sys.stderr.write(f"failed: {one.task.name}: {one.why} (log: {one.log})\n")
    if swept.failures:
        sys.stderr.write(
            f"gridlens: {len(swept.failures)} of {len(asked.tasks)} agents failed; the same command tries them again\n"
        )
        raise typer.Exit(1)
