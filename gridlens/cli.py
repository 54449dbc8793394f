"""The command line: one command a question; each parses, calls, and prints a path."""

import os
import sys
from collections.abc import Callable

import typer

from core.errors import GridlensError
from gridlens.commands.attribute import attribute
from gridlens.commands.compare import compare
from gridlens.commands.decompose import decompose
from gridlens.commands.demo import demo
from gridlens.commands.evaluate import evaluate
from gridlens.commands.families import families
from gridlens.commands.gallery import gallery
from gridlens.commands.match import match
from gridlens.commands.organisms import organisms
from gridlens.commands.patch import patch
from gridlens.commands.play import play
from gridlens.commands.probe import probe
from gridlens.commands.report import report
from gridlens.commands.reproduce import reproduce
from gridlens.commands.score_families import score_families
from gridlens.commands.selftest import selftest
from gridlens.commands.study import study
from gridlens.commands.sweep import sweep
from gridlens.commands.train import train
from gridlens.commands.train_classifier import train_classifier
from gridlens.commands.worlds import worlds

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "gallery": gallery,
    "train-classifier": train_classifier,
    "worlds": worlds,
    "organisms": organisms,
    "play": play,
    "train": train,
    "evaluate": evaluate,
    "sweep": sweep,
    "reproduce": reproduce,
    "attribute": attribute,
    "patch": patch,
    "decompose": decompose,
    "families": families,
    "match": match,
    "probe": probe,
    "compare": compare,
    "report": report,
    "study": study,
    "selftest": selftest,
    "score-families": score_families,
}
"""Command to the function behind it, in the order in which --help lists them."""

INTERRUPTED = 130

app = typer.Typer(
    help="What do a classifier's neurons look for, and what does an agent really want?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _function in COMMANDS.items():
    app.command(_name)(_function)


def main() -> None:
    """Run the command line; the user's mistakes are one sentence on stderr and exit code 2."""
    # Threads that wait for each other spin; on a machine with other work that costs sixfold. Read by OpenMP
    # when torch is imported, which the commands do.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        app()
    except GridlensError as error:
        sys.stderr.write(f"gridlens: {error}\n")
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit) as ended:
        if (
            isinstance(ended, KeyboardInterrupt) or ended.code == INTERRUPTED
        ):  # typer turns Ctrl-C into an exit
            sys.stderr.write("gridlens: stopped; the same command goes on from what its folder holds\n")
            sys.exit(INTERRUPTED)
        raise
