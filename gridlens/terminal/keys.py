"""Keys one by one, and the whole window for as long as it is needed; both given back however the block ends."""

import os
import re
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

Read = Callable[[float], list[str]]
"""Waits so many seconds at most for keys; their names, in order."""

ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
"""Alternate screen, cursor and wrapping: off and on."""

ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}
WINDOWS_ARROWS = {"H": "up", "P": "down", "M": "right", "K": "left"}
SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*|O)([A-Za-z~])|(\x1b\[?[0-9;]*$)|(.)", re.DOTALL)


def keys_in(text: str) -> list[str]:
    """The names of the keys that a terminal sent: arrows by direction, letters in lower case, Ctrl-C as "q".

    >>> keys_in("\\x1b[A\\x1bOBx\\x1b[1;5C\\x03\\x1b[5~")
    ['up', 'down', 'x', 'right', 'q']
    """
    found = []
    for match in SEQUENCE.finditer(text):
        end, unfinished, sign = match.groups()
        if end:
            found += [ARROWS[key] for key in end if key in ARROWS]
        elif not unfinished:
            found.append({"\x03": "q", "\x04": "q"}.get(sign, sign.lower()))
    return found


@contextmanager
def terminal(stdin: TextIO, stdout: TextIO) -> Iterator[Read]:
    """Take the window and the keyboard; yields the function that reads keys."""
    with _ends_in_order(), _unbuffered(stdin) as read:
        try:
            stdout.write(ENTER)
            stdout.flush()
            yield read
        finally:
            stdout.write(LEAVE)
            stdout.flush()


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """Being told to end (a closed window, ``kill``) unwinds what is open instead of dying at once."""

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _unbuffered(stdin: TextIO) -> Iterator[Read]:
    """Every key as it is pressed, not echoed."""
    if sys.platform == "win32":
        yield _read_windows
        return
    import termios
    import tty

    handle = stdin.fileno()
    before = termios.tcgetattr(handle)
    try:
        tty.setcbreak(handle)
        mode = termios.tcgetattr(handle)
        mode[3] &= ~termios.ISIG  # Ctrl-C comes as a key, Ctrl-Z not at all
        termios.tcsetattr(handle, termios.TCSANOW, mode)
        yield lambda seconds: _read(handle, seconds)
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def _read(handle: int, seconds: float) -> list[str]:
    """What arrives within ``seconds``; a key that comes in parts is waited for. A closed input quits."""
    text = ""
    while select.select([handle], [], [], seconds)[0]:
        try:
            arrived = os.read(handle, 1024)
        except OSError:  # the other end is gone
            arrived = b""
        if not arrived:
            return [*keys_in(text), "q"]
        text += arrived.decode(errors="ignore")
        if not re.search(r"\x1b(\[[0-9;]*|O)?$", text):
            break
        seconds = 0.03
    return keys_in(text)


def _read_windows(seconds: float) -> list[str]:
    import msvcrt
    import time

    until = time.monotonic() + seconds
    while not msvcrt.kbhit():  # type: ignore[attr-defined]
        if time.monotonic() >= until:
            return []
        time.sleep(0.01)
    sign = msvcrt.getwch()  # type: ignore[attr-defined]
    if sign in ("\0", "\xe0"):
        return [WINDOWS_ARROWS.get(msvcrt.getwch(), "")]  # type: ignore[attr-defined]
    return keys_in(sign)
