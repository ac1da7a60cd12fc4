"""How a command ends: the exit codes, and which error leads to which."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from engine.errors import ConfigError, LogDamaged, LogLocked, ReplayMismatch, TrunklineError


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    """Done, nothing to complain about."""
    FINDINGS = 1
    """Done, and something was found: faults in the configuration, a log that decides differently."""
    USAGE = 2
    """The command line was not understood."""
    DAMAGED = 3
    """The log is damaged; nothing was changed."""
    LOCKED = 4
    """Another process writes this folder."""
    FAILED = 5
    """The command could not do its work: a port in use, a full disk, a folder that cannot be read."""


def exit_code(error: BaseException) -> Exit:
    """Return the exit code that an error leads to."""
    if isinstance(error, ConfigError | ReplayMismatch):
        return Exit.FINDINGS
    if isinstance(error, LogDamaged):
        return Exit.DAMAGED
    return Exit.LOCKED if isinstance(error, LogLocked) else Exit.FAILED


@contextmanager
def errors_as_exits() -> Iterator[None]:
    """Turn what the engine and the system raise into one message on stderr and an exit code."""
    try:
        yield
    except (TrunklineError, OSError) as error:
        lines = error.faults if isinstance(error, ConfigError) else [f"error: {error}"]
        for line in lines:
            typer.echo(line, err=True)
        raise typer.Exit(exit_code(error)) from None
