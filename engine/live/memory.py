"""What the C library does with memory in a process that runs for months: glibc is told, others are left alone."""

import ctypes
from typing import Final

M_MMAP_THRESHOLD: Final = -3
"""Of glibc's malloc.h."""
LARGE_BYTES: Final = 4 << 20


def keep_large_apart() -> bool:
    """Give whatever is large memory of its own, which goes back once it is free; return whether that could be said.

    Left to itself, glibc learns from the first large array that is freed to put the next ones among the small things,
    where a table of figures that was needed for a moment leaves a hole of its size for ever.
    """
    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    return tell is not None and tell(M_MMAP_THRESHOLD, LARGE_BYTES) == 1


def give_back() -> None:
    """Return memory that is free within the process to the system."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
