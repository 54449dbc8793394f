"""A sweep file as tables, and on which line a key of it stands."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import BadInput, Unreadable

AGENTS = "agents"


@dataclass(frozen=True)
class Source:
    """A TOML file: its name, its text, and the tables in it."""

    name: str
    text: str = field(repr=False)
    tables: dict[str, Any] = field(repr=False)

    def where(self, table: str, key: str = "", *, block: int = 0) -> str:
        """Where a key stands, in words; ``block`` counts the [[agents]] from 1.

        >>> text = 'name = "a"\\n[[agents]]\\nworld = "coin"\\n[[agents]]\\nsead = 3\\n'
        >>> Source("a.toml", text, {}).where("agents", "sead", block=2)
        "line 5 of 'a.toml', [[agents]] 2"
        """
        line = self._line(table, key, block)
        at = f"line {line} of {self.name!r}" if line else repr(self.name)
        said = f"[[{AGENTS}]] {block}" + table.removeprefix(AGENTS) if block else f"[{table}]"
        return f"{at}, {said}" if table else at

    def _line(self, table: str, key: str, block: int) -> int | None:
        """The line of the key, or else of its table's header; None where neither stands on a line of its own."""
        here, count, header = "", 0, None
        for number, line in enumerate(self.text.splitlines(), 1):
            if opened := re.match(r"\s*\[+\s*([\w. \"'-]+?)\s*\]+", line):
                here = re.sub(r"[\s\"']", "", opened[1])
                count += here == AGENTS
                header = number if (here, count) == (table, block or count) else header
            elif (here, count) == (table, block or count):
                named = re.match(r"\s*[\"']?([^\"'=]*?)[\"']?\s*=", line)
                if key and named and named[1] == key:
                    return number
        return header


def read_source(path: str | Path) -> Source:
    """Read a TOML file.

    Raises
    ------
    Unreadable
        if there is no such file.
    BadInput
        if it is not TOML; says on which line.
    """
    path = Path(path)
    try:
        text = path.read_text()
        return Source(path.name, text, tomllib.loads(text))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Unreadable(f"there is no sweep file {str(path)!r}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path.name!r} is not TOML: {error}") from error
