"""Study: one question, the agents that it is asked of, and how its page is made; make() does it in a run folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, UnknownName
from core.progress import Progress, silent
from core.provenance import fingerprint
from core.runs import running
from reports.exports import export
from reports.html import write
from reports.sections import Report
from rl.agents import POLICY

PAGE, DATA = "index.html", "data"


@dataclass(frozen=True)
class Study:
    """One study.

    ``trained(root, progress)`` gives the folders of its agents below ``root`` and trains those that are missing;
    ``report(agents, folder, command, progress)`` keeps what it computes as files of ``folder``, reads back what is
    there already, and puts the page together. ``short``: the question in a line, as --help says it.
    """

    short: str
    trained: Callable[[Path, Progress], Sequence[Path]]
    report: Callable[[Sequence[Path], Path, str, Progress], Report]


def of_reproduction(name: str) -> Callable[[Path, Progress], Sequence[Path]]:
    """The agents of a published result that ``gridlens reproduce`` trains again, below the same folder."""

    def trained(root: Path, progress: Progress) -> Sequence[Path]:
        from rl.reproductions.catalogue import sweep_file
        from rl.sweeps import read, run
        from rl.sweeps.task import agent_folder

        sweep, folder = read(sweep_file(name)), root / name
        failures = run(sweep, folder, progress=progress).failures
        if failures:
            raise BadInput(f"agent {failures[0].task.name!r} could not be trained: {failures[0].why}")
        return [agent_folder(task, folder) for task in sweep.tasks]

    return trained


def make(
    studies: Mapping[str, Study],
    name: str,
    *,
    agents: Path,
    out: Path,
    command: str,
    progress: Progress = silent,
) -> Path:
    """Make, go on with, or show again one study; returns the page. Beside it lie its figures and tables as files.

    Raises
    ------
    UnknownName
        if there is no such study.
    BadInput
        if an agent could not be trained.
    RunConflict
        if ``out`` holds another run, or one of other agents.
    """
    if name not in studies:
        raise UnknownName("study", name, studies)
    study = studies[name]
    folders = study.trained(agents, progress)
    weights = fingerprint(*((folder / POLICY).read_bytes() for folder in folders))
    with running(out, kind="study", parameters={"study": name}, subject=weights):
        page = study.report(folders, out, command, progress)
        export(page, out / DATA)
        return write(page, out / PAGE)
