"""``make bench``: measure the rows asked for, print one table, keep it as runs/bench.json."""

import argparse
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    evaluation,
    examples,
    faithfulness,
    families,
    feature_visualisation,
    first_step,
    patching,
    probing,
    store,
    training,
    worlds,
)
from benchmarks.rows import PeerMissing, Row
from core.artifacts import write_json
from core.errors import GridlensError, UnknownName

ROWS: dict[str, Callable[[], Row]] = {
    "render-vs-lucent-single": feature_visualisation.render_vs_lucent_single,
    "render-vs-lucent-batched": feature_visualisation.render_vs_lucent_batched,
    "render-vs-bare-loop": feature_visualisation.render_vs_bare_loop,
    "top-examples-vs-forward": examples.top_examples_vs_forward,
    "faithfulness-vs-quantus": faithfulness.faithfulness_vs_quantus,
    "flipping-vs-quantus": faithfulness.flipping_vs_quantus,
    "patch-all-vs-bare": patching.patch_all_vs_bare,
    "probes-vs-scikit-learn": probing.probes_vs_scikit_learn,
    "store-vs-forward": store.store_vs_forward,
    "family-search-forward-share": families.family_search_forward_share,
    **worlds.WORLD_ROWS,
    "first-step": first_step.first_step,
    "evaluate-monster": evaluation.evaluate_monster,
    "ppo-vs-null": training.ppo_vs_null,
    "ppo-vs-stock": training.ppo_vs_stock,
}
"""Row name to the function that measures it."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", default="", help=f"comma-separated, of: {', '.join(ROWS)} (default: all)")
    parser.add_argument("--out", type=Path, default=Path("runs/bench.json"))
    arguments = parser.parse_args()
    measured, missing = [], []
    try:
        for name in chosen(arguments.rows):
            try:
                measured.append(measure(name))
            except PeerMissing as error:
                missing.append(f"{name} left out: {error}")
    except GridlensError as error:
        sys.exit(_told([str(error)]))
    if not measured:
        sys.exit(_told(missing))
    write_json(arguments.out, [row.as_json(machine()) for row in measured])
    print(table(measured), f"\n{machine()}\n{arguments.out}", sep="\n")
    _told(missing)


def _told(lines: list[str]) -> int:
    sys.stderr.writelines(f"benchmarks: {line}\n" for line in lines)
    return 2


def chosen(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()] or list(ROWS)
    for name in names:
        if name not in ROWS:
            raise UnknownName("bench row", name, ROWS)
    return names


def measure(name: str) -> Row:
    sys.stderr.write(f"measuring {name} ...\n")
    return ROWS[name]()


def table(rows: list[Row]) -> str:
    head = "| row | unit | Gridlens | peer | ratio | repeats | conditions |\n|---|---|--:|--:|--:|--:|---|"
    lines = [
        f"| {row.name} | {row.unit} | {row.ours:,.4g} | {row.peer:,.4g} ({row.peer_name}) | {row.ratio:.3g} "
        f"| {row.repeats} | {row.conditions} |"
        for row in rows
    ]
    return "\n".join([head, *lines])


def machine() -> str:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    import torch

    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, torch {torch.__version__}"


if __name__ == "__main__":
    main()
