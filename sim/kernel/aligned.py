"""Arrays that begin where a line of the cache begins."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

LINE = 64  # bytes


def zeros(shape: int | tuple[int, ...], dtype: DTypeLike = np.float64) -> np.ndarray[Any, Any]:
    """Return zeros, rows of a whole number of lines straddling none: those would be slow."""
    kind = np.dtype(dtype)
    size = math.prod(shape) if isinstance(shape, tuple) else shape
    memory = np.zeros(size * kind.itemsize + LINE, np.uint8)
    first = -memory.ctypes.data % LINE
    return memory[first : first + size * kind.itemsize].view(kind).reshape(shape)
