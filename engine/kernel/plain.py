"""The kernel without its compiler, for debuggers and coverage: NUMBA_DISABLE_JIT=1 runs it as ordinary Python.

Compiled code reads `row.flags` as a field; numpy's own records would answer with the array's flags, and would warn
where unsigned arithmetic is meant to wrap. Both are put right at the doors.
"""

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

from engine.kernel.table_set import TableSet

Function = TypeVar("Function", bound=Callable[..., Any])


class PlainRecord(np.record):  # type: ignore[misc]  # final to the type checker only
    """A record whose fields come before numpy's attributes."""

    @property
    def flags(self) -> Any:
        """The field of this name."""
        return self["flags"]


def plain_door(function: Function) -> Function:
    """Let `function` see the tables and rows it is given as plain records."""

    @functools.wraps(function)
    def entered(*arguments: Any) -> Any:
        with np.errstate(over="ignore"):
            return function(*(_plain(argument) for argument in arguments))

    return entered  # type: ignore[return-value]


def _plain(argument: Any) -> Any:
    if isinstance(argument, TableSet):
        return SimpleNamespace(**{name: _plain(table) for name, table in argument.items()})
    if isinstance(argument, np.ndarray) and argument.dtype.names:
        return argument.view(np.ndarray).view(np.dtype((PlainRecord, argument.dtype)))
    return argument
