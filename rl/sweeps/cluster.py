"""Tasks performed on a Ray cluster: each a remote function, tried again elsewhere when its node is lost."""

import io
import json
import logging
import os
import shutil
import socket
import tarfile
import tempfile
import time
import traceback
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.artifacts import write_text
from core.errors import BadInput, GridlensError
from core.progress import Progress
from core.provenance import fingerprint
from core.runs import command_line, commanded
from rl.sweeps.events import Begun, Done, Event, Failure, Trained
from rl.sweeps.lock import alone
from rl.sweeps.task import AGENTS, Task, agent_folder, from_json, log_file, perform, rows_file

RETRIES = 5
"""How often a task is begun again after its node or its process was lost."""
KNOCK = 10.0
"""Seconds that a cluster is given to answer."""
EVERY = 1.0
"""Seconds between two looks at what the workers tell."""
RECEIVED = ".received-"
"""Begins the names of folders for what comes back, before it is put in its place."""
TOKEN = ".sweep"
"""A file by which a worker knows that the folder it sees is the sweep's own."""


class Board:
    """Where workers write how far they are: steps by task, those of the tasks that were begun anew first."""

    def __init__(self) -> None:
        self.news: dict[str, int] = {}

    def tell(self, task: str, steps: int) -> None:
        self.news[task] = steps

    def read(self) -> dict[str, int]:
        """What is new since the last call."""
        news, self.news = self.news, {}
        return news


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Inside, this process is a driver of the cluster at ``address`` (``auto``, ``host:6379``, ``ray://host:10001``).

    Raises
    ------
    BadInput
        if ray is not installed, or no cluster answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise BadInput("a sweep on a cluster needs ray, which is not installed; add gridlens[ray]") from error
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.FATAL)
    except (OSError, RuntimeError, ValueError) as error:
        why = str(error).strip().partition("\n")[0]
        raise BadInput(
            f"no Ray cluster answers at {address!r} ({why}); `ray start --head` starts one"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raise OSError where nobody listens; ray itself would wait for many minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()


def perform_there(tasks: Sequence[Task], out: Path, *, shared: bool = True) -> Iterator[Event]:
    """Perform the tasks on the cluster that this process is connected to, and say how it goes.

    Workers that see ``out`` (and if ``shared``) train there; others in a temporary folder of their own, and what they
    made comes back with the result and is written here. No task is lost with its node.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    board: Any = ray.remote(Board).options(num_cpus=0, max_restarts=-1, scheduling_strategy=here).remote()
    there = ray.remote(performed).options(num_cpus=1, max_retries=RETRIES)
    place, command = _place(out, shared), command_line()
    pending = {there.remote(task.as_json(), place, command, board): task for task in tasks}
    names = {task.name: task for task in tasks}
    while pending:
        ready, _ = ray.wait(list(pending), timeout=EVERY)
        for name, steps in _news(board).items():
            yield Trained(names[name], steps) if steps else Begun(names[name])
        for result in ready:
            yield _received(pending.pop(result), result, out)


def _news(board: Any) -> dict[str, int]:
    """What workers told; nothing while the board itself is moved from a lost node to another."""
    import ray

    try:
        news: dict[str, int] = ray.get(board.read.remote())
        return news
    except ray.exceptions.RayError:
        return {}


def performed(text: str, place: dict[str, str], command: str, board: Any) -> tuple[str, bytes]:
    """On a worker: a task's end as JSON, and the files it made unless they lie in the sweep's folder already."""
    task = from_json(text)
    seen = Path(place["folder"], TOKEN)
    if place["folder"] and seen.exists() and seen.read_text() == place["token"]:
        return _attempt(task, seen.parent, command, board), b""
    own = Path(tempfile.gettempdir(), f"gridlens-sweep-{os.getuid()}", fingerprint(place["token"], text))
    with alone(own):
        said = _attempt(task, own, command, board)
        made = b"" if "failed" in json.loads(said) else _packed(task, own)
        shutil.rmtree(own)
    return said, made


def _place(out: Path, shared: bool) -> dict[str, str]:
    for left_over in out.glob(f"{RECEIVED}*"):
        shutil.rmtree(left_over)
    path = out / TOKEN
    if not path.exists():
        write_text(path, uuid.uuid4().hex)
    return {"folder": str(out) if shared else "", "token": path.read_text()}


def _attempt(task: Task, folder: Path, command: str, board: Any) -> str:
    board.tell.remote(task.name, 0)
    try:
        with commanded(command):
            perform(task, folder, _telling(task, board))
    except GridlensError as error:
        return json.dumps({"failed": str(error), "log": traceback.format_exc()})
    return "{}"


def _telling(task: Task, board: Any) -> Progress:
    told = 0.0

    def progress(done: int, total: int, label: str) -> None:
        nonlocal told
        if done and time.monotonic() - told > EVERY:
            told = time.monotonic()
            board.tell.remote(task.name, done)

    return progress


def _packed(task: Task, folder: Path) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for path in (agent_folder(task, folder), rows_file(task, folder)):
            archive.add(path, path.relative_to(folder))
    return content.getvalue()


def _received(task: Task, result: Any, out: Path) -> Event:
    import ray

    log = log_file(task, out)
    try:
        said, made = ray.get(result)
    except ray.exceptions.RayError as error:  # the worker broke down, or its node was lost once too often
        said, made = json.dumps({"failed": _last_line(str(error)), "log": str(error)}), b""
    found = json.loads(said)
    if "failed" in found:
        write_text(log, found["log"])
        return Failure(task, found["failed"], log)
    if made:
        _unpack(task, made, out)
    log.unlink(missing_ok=True)
    return Done(task)


def _unpack(task: Task, made: bytes, out: Path) -> None:
    """Put the files in their places, the rows last: they say that the task is done."""
    with tempfile.TemporaryDirectory(dir=out, prefix=RECEIVED) as name:
        with tarfile.open(fileobj=io.BytesIO(made)) as archive:
            archive.extractall(name, filter="data")
        shutil.rmtree(agent_folder(task, out), ignore_errors=True)
        (out / AGENTS).mkdir(exist_ok=True)
        agent_folder(task, Path(name)).rename(agent_folder(task, out))
        rows_file(task, Path(name)).rename(rows_file(task, out))


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "its worker was lost")
