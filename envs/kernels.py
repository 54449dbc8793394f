"""The ``kernel`` decorator: numba with an on-disk cache that notices a change in any file a kernel draws on.

Numba's own cache looks only at the file in which a function stands, so a kernel that calls a helper from another
file would go on running the old helper. Here the cache folder is named by the text of every file of ``envs/`` that
holds kernels or is imported by one that does: an edit of these starts an empty cache. ``NUMBA_CACHE_DIR`` is
honoured as the place where these folders lie.
"""

import functools
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

config: Any = numba.config
HERE = Path(__file__).parent


@functools.cache
def cache_folder() -> Path:
    """The folder of the compiled kernels that belong to the present text of ``envs/``.

    >>> cache_folder().name.startswith("kernels-")
    True
    """
    digest = hashlib.sha256()
    for name, text in sorted(_sources().items()):
        digest.update(f"{name}\0{text}\0".encode())
    beside = HERE / "__pycache__"
    writable = os.access(beside if beside.exists() else HERE, os.W_OK)
    fallback = beside if writable else Path.home() / ".cache" / "gridlens"
    return Path(config.CACHE_DIR or fallback) / f"kernels-{digest.hexdigest()[:16]}"


def _sources() -> dict[str, str]:
    """Name to text of the files with kernels, and of all that these import: helpers and constants."""
    texts = {_module(path): path.read_text(encoding="utf-8") for path in HERE.rglob("*.py")}
    found: dict[str, str] = {}
    waiting = [name for name, text in texts.items() if "@kernel" in text or "@inlined" in text]
    while waiting:
        name = waiting.pop()
        if name in texts and name not in found:
            found[name] = texts[name]
            waiting += re.findall(r"^from envs\.([\w.]+) import", texts[name], re.MULTILINE)
    return found


def _module(path: Path) -> str:
    return ".".join(path.relative_to(HERE).with_suffix("").parts)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile ``function`` on first use; later processes load it from disk in milliseconds.

    A kernel is plain Python over arrays and numbers: no closures, no objects (they would defeat the cache).
    ``function.py_func`` is the uncompiled original.

    >>> import numpy as np
    >>> numbers = np.zeros(3, np.uint8)
    >>> copy(numbers, np.uint64(1), np.ones(3, np.uint8), np.uint64(0), np.uint64(2))
    >>> numbers
    array([0, 1, 1], dtype=uint8)
    """
    return _compiled(function)


def inlined(function: Callable[..., Any]) -> Any:
    """A kernel's part: compiled into each of its callers, so that handing it arrays costs nothing.

    A call hands over arrays with their counts of references raised, which takes longer than a small function itself.
    Here nothing is counted (``_nrt``), so such a part cannot make arrays.
    """
    return _compiled(function, forceinline=True, _nrt=False)


def _compiled(function: Callable[..., Any], **options: Any) -> Any:
    theirs = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())  # numba reads it while decorating, and only then
    try:
        return numba.njit(function, cache=True, **options)
    finally:
        config.CACHE_DIR = theirs


@intrinsic
def _memcpy(typing_context, target, here, source, there, count):
    """The machine's own block copy between flat arrays of bytes: numba's loops take up to twice as long."""
    signature = types.void(target, types.uint64, source, types.uint64, types.uint64)

    def generate(context, builder, signature, arguments):
        to, there = _places(context, builder, signature, arguments)
        cgutils.raw_memcpy(builder, to, there, arguments[4], 1)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _memset(typing_context, target, here, count, value):
    """The machine's own way to fill a block of bytes."""
    signature = types.void(target, types.uint64, types.uint64, types.uint8)

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        cgutils.memset(builder, builder.gep(data, [arguments[1]]), arguments[2], arguments[3])
        return context.get_dummy_value()

    return signature, generate


def _mover(size: int) -> Any:
    """A copy of ``size`` bytes, wherever they lie, in one load and one store."""

    @intrinsic
    def move(typing_context, target, here, source, there):
        signature = types.void(target, types.uint64, source, types.uint64)

        def generate(context, builder, signature, arguments):
            word = ir.IntType(8 * size).as_pointer()
            to, there = (builder.bitcast(at, word) for at in _places(context, builder, signature, arguments))
            builder.store(builder.load(there, align=1), to, align=1)
            return context.get_dummy_value()

        return signature, generate

    return move


def _places(context: Any, builder: Any, signature: Any, arguments: Any) -> tuple[Any, Any]:
    """Pointers to ``target[here]`` and ``source[there]``, the first four arguments."""
    to, here, by, there = arguments[:4]
    target = context.make_array(signature.args[0])(context, builder, to).data
    source = context.make_array(signature.args[2])(context, builder, by).data
    return builder.gep(target, [here]), builder.gep(source, [there])


_move_4, _move_8 = _mover(4), _mover(8)
FOUR, EIGHT, SIXTEEN = np.uint64(4), np.uint64(8), np.uint64(16)


@inlined
def copy(target, here, source, there, count):
    """``target[here:here + count] = source[there:there + count]`` on flat uint8 arrays; all three are uint64.

    Nothing checks the bounds. Up to 16 bytes go by two moves that may overlap, in a third of a block copy's time.
    """
    if count > SIXTEEN:
        _memcpy(target, here, source, there, count)  # type: ignore[call-arg]  # numba gives the context
    elif count >= EIGHT:
        _move_8(target, here, source, there)
        _move_8(target, here + count - EIGHT, source, there + count - EIGHT)
    elif count >= FOUR:
        _move_4(target, here, source, there)
        _move_4(target, here + count - FOUR, source, there + count - FOUR)
    else:
        for k in range(count):
            target[here + k] = source[there + k]


@inlined
def fill(target, here, count, value):
    """``target[here:here + count] = value`` on a flat uint8 array; ``here`` and ``count`` are uint64."""
    _memset(target, here, count, value)  # type: ignore[call-arg]  # numba gives the context
