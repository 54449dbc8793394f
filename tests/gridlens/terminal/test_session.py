"""A whole session on a pseudo-terminal: keys in, screen out, everything given back."""

import os
import signal
import subprocess
import sys
import time

import pytest

from gridlens.terminal.keys import ENTER, LEAVE, keys_in

pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")
PLAY = [sys.executable, "-m", "gridlens", "play", "cheese", "--dial", "size=7", "--level", "5"]


class Terminal:
    """The far end of a pseudo-terminal on which a command runs."""

    def __init__(self, *arguments, rows=24, columns=80, **environment):
        self.handle, self.near = pty.openpty()
        termios.tcsetwinsize(self.near, (rows, columns))
        self.before = termios.tcgetattr(self.near)
        self.process = subprocess.Popen(
            [*PLAY, *arguments],
            stdin=self.near,
            stdout=self.near,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", "NO_COLOR": "1", "PYTHONUTF8": "1"} | environment,
        )
        os.set_blocking(self.handle, False)
        self.said = ""

    def press(self, keys):
        os.write(self.handle, keys.encode())

    def read_until(self, wanted, seconds=60):
        """Everything said since the last call, up to where ``wanted`` stands in it."""
        until = time.monotonic() + seconds
        while wanted not in self.said:
            assert time.monotonic() < until, f"{wanted!r} never came; {self.said[-2000:]!r}"
            try:
                self.said += os.read(self.handle, 65536).decode(errors="replace")
            except (BlockingIOError, OSError):
                assert self.process.poll() is None or wanted in self.said, self.process.stderr.read()
                time.sleep(0.02)
        found, _, self.said = self.said.partition(wanted)
        return found + wanted

    def end(self):
        """The exit code; the terminal must be as it was."""
        self.read_until(LEAVE)
        code = self.process.wait(timeout=30)
        assert termios.tcgetattr(self.near) == self.before
        assert self.process.stderr.read() == b""
        os.close(self.handle)
        os.close(self.near)
        return code


def test_playing_by_hand():
    terminal = Terminal()
    terminal.read_until(ENTER)
    start = terminal.read_until("? help")
    assert "cheese  level 5  size=7" in start
    assert "# @" in start
    terminal.press("\x1b[A")
    terminal.read_until("step 1 of 100  up")
    terminal.press("u")
    terminal.read_until("step 0 of 100")
    terminal.press("\x1bOC")
    terminal.read_until("step 1 of 100  right")
    terminal.press("n")
    terminal.read_until("cheese  level 6")
    terminal.press("q")
    assert terminal.end() == 0


def test_ctrl_c_quits_in_order():
    terminal = Terminal()
    terminal.read_until("? help")
    terminal.press("\x03")
    assert terminal.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_killed_session_gives_the_terminal_back(number):
    terminal = Terminal()
    terminal.read_until("? help")
    terminal.process.send_signal(number)
    assert terminal.end() == 128 + number


def test_watching_a_policy_to_the_end():
    terminal = Terminal("--policy", "intended")
    terminal.read_until("next: ")
    terminal.press("+++")
    shown = terminal.read_until("terminated after")
    assert "cheese (intended)" in shown
    terminal.press("q")
    assert terminal.end() == 0


def test_a_window_that_is_too_small_says_so_and_may_grow():
    terminal = Terminal(rows=8, columns=40)
    terminal.read_until("Window too small: 40 x 8")
    termios.tcsetwinsize(terminal.near, (24, 80))
    terminal.read_until("? help")
    terminal.press("q")
    assert terminal.end() == 0


def test_a_film_of_what_was_played(tmp_path):
    from PIL import Image

    terminal = Terminal("--film", str(tmp_path / "mine.gif"))
    terminal.read_until("? help")
    terminal.press("\x1b[A")
    terminal.read_until("step 1 of")
    terminal.press("d")
    terminal.read_until("step 2 of")
    terminal.press("q")
    assert terminal.end() == 0
    with Image.open(tmp_path / "mine.gif") as film:
        assert film.n_frames == 3


def test_keys_that_come_in_one_piece():
    assert keys_in("wW\x1b[A\x1b[1;2B\x1b[3~\x1bx\x04") == ["w", "w", "up", "down", "\x1b", "x", "q"]
    assert keys_in("\x1b") == keys_in("\x1b[") == []
