"""What a file of torch's would call when it is read, told from its instructions without following any."""

import io
import re
import zipfile
from collections.abc import Iterator
from pickletools import genops  # lists instructions; follows none

from core.errors import Unreadable

NEEDED = re.compile(
    r"collections OrderedDict|torch\._utils _rebuild_(tensor|tensor_v2|parameter)|torch \w+Storage"
    r"|torch\.storage (Typed|Untyped)Storage"
)
"""What files of plain tensors call: "module name". Torch's safe reader knows more, some of which fill memory."""

OTHER_CALLS = {"STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4"}
"""Instructions that name what is called in other ways; torch writes none of them."""

MOST = 200_000
"""Instructions; the index of an agent's tensors has some hundreds."""
STREAMS = 5
"""A file of torch before 1.6 has so many lists of instructions, one after the other."""


def check_instructions(where: str, content: bytes) -> None:
    """Raise Unreadable where the file would call more than tensors need, or is too long a list to be an agent's.

    A list of instructions that breaks off is left to torch's reader, which says what is wrong with it.
    """
    for count, (name, asked) in enumerate(_instructions(content)):
        if count >= MOST:
            raise Unreadable(
                f"{where} has more than {MOST:,} instructions; the index of an agent's tensors has some hundreds"
            )
        if name in OTHER_CALLS or (name == "GLOBAL" and not NEEDED.fullmatch(str(asked))):
            what = str(asked)[:100].replace(" ", ".") if name == "GLOBAL" else f"something by {name}"
            raise Unreadable(
                f"{where} asks for code when it is opened ({what}), where tensors alone were expected; it was not "
                "run and the zip is refused"
            )


def _instructions(content: bytes) -> Iterator[tuple[str, object]]:
    for stream, lists in _streams(content):
        try:
            for _ in range(lists):
                for code, asked, _at in genops(stream):
                    yield code.name, asked
        except ValueError:
            return


def _streams(content: bytes) -> Iterator[tuple[io.BytesIO, int]]:
    """The lists of instructions of a file: of a zip every .pkl in it, otherwise its beginning."""
    if not content.startswith(b"PK\x03\x04"):
        yield io.BytesIO(content), STREAMS
        return
    with zipfile.ZipFile(io.BytesIO(content)) as inside:
        for name in inside.namelist():
            if name.lower().endswith(".pkl"):
                yield io.BytesIO(inside.read(name)), 1
