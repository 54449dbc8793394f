"""The ``compiled`` decorator: numba for what is done to every pixel, kept on disk between processes."""

import inspect
from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function over arrays and numbers on first use; it runs without holding up other threads.

    Such a function calls none from other files: numba would not notice when they change. Checks of types that were
    put around it (by the tests' import hook) are taken off, as numba cannot compile them.

    >>> from vision.views.warping import _weights  # of a spline's four coefficients, at the second of them
    >>> [round(weight, 3) for weight in _weights(0.0, 1.0)]
    [0.167, 0.667, 0.167, 0.0]
    """
    return numba.njit(cache=True, nogil=True, fastmath=True)(inspect.unwrap(function))
