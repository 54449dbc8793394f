"""``gridlens selftest``: does every method find what is planted, and nothing where nothing is."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.selftest import Outcome

FAILED = 1


def selftest(
    method: Annotated[
        list[str] | None, typer.Argument(help="Methods to examine, by the table's names; default: all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="First seed of the planted networks.", min=0)] = 7000,
    seeds: Annotated[int, typer.Option(help="How many of them; the worst counts.", min=1)] = 2,
    out: Annotated[Path | None, typer.Option(help="CSV file to keep the table in.")] = None,
) -> None:
    """Examine every method on networks whose true answer is planted, and on randomised ones where there is none.

    Exit code 1 if any method misses its bar.
    """
    from core.artifacts import write_csv
    from core.selftest import CHECKS, checks_of, examine_all
    from gridlens.bars import bars
    from gridlens.tables import show

    asked = checks_of(method) if method else CHECKS
    started = time.perf_counter()
    with bars() as progress:
        outcomes = examine_all(asked, seeds=range(seed, seed + seeds), progress=progress)
    rows = [_row(outcome) for outcome in outcomes]
    show(rows)
    missed = [outcome.check for outcome in outcomes if not outcome.passed]
    took = time.perf_counter() - started
    print(f"{len(outcomes) - len(missed)} of {len(outcomes)} reach their bar; seeds {seed} to {seed + seeds - 1}, "
          f"the worst of them shown; {took:.0f} s")  # fmt: skip
    if out is not None:
        write_csv(out, rows)
        print(out)
    if missed:
        raise typer.Exit(FAILED)


def _row(outcome: "Outcome") -> dict[str, str]:
    check = outcome.check
    other = "at most" if check.sense == "at least" else "at least"
    return {
        "method": check.method,
        "planted truth": check.truth,
        "measure": check.measure,
        "score": f"{outcome.planted:.3g}",
        "bar": f"{check.sense} {check.bar:g}",
        "randomised": "" if outcome.randomised is None else f"{outcome.randomised:.3g}",
        "its bar": "" if check.null_bar is None else f"{other} {check.null_bar:g}",
        "": "ok" if outcome.passed else "MISSED",
    }
