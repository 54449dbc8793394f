"""A folder in which one process at a time works."""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import RunConflict

PATIENCE = 5.0
"""Seconds that the processes of a killed sweep are given to end."""


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Inside, no other process can be here with the same folder, which is made.

    Held by the system, so that it ends with the process. File systems that know no locks give none.

    Raises
    ------
    RunConflict
        if another does.
    """
    if out.exists() and not out.is_dir():
        raise RunConflict(f"{str(out)!r} is a file; name an empty or a new folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    handle = os.open(out, os.O_RDONLY)
    try:
        _lock(handle, out)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, out: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise RunConflict(
                    f"another process is at work in {str(out)!r}; wait for its end, or stop it"
                ) from None
            time.sleep(0.05)
        except OSError as error:
            if error.errno not in (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP):
                raise
            return
