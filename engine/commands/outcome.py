"""How a command ends: the exit codes, and which error leads to which."""

import errno
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Final

import typer

from engine.commands.log_lines import LogFormat, write_lines
from engine.errors import ConfigError, LogDamaged, LogLocked, ReplayMismatch, SegmentNotMade, TrunklineError

logger = logging.getLogger(__name__)


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
    INTERRUPTED = 130
    """Ctrl-C ended the command before its work was done; as shells tell it, 128 and the number of SIGINT."""


def exit_code(error: BaseException) -> Exit:
    """Return the exit code that an error leads to."""
    if isinstance(error, ConfigError | ReplayMismatch):
        return Exit.FINDINGS
    if isinstance(error, LogDamaged):
        return Exit.DAMAGED
    return Exit.LOCKED if isinstance(error, LogLocked) else Exit.FAILED


_MISSING_RIGHT: Final = "the user who runs this may not write there: give the folder to that user, or name another one"
ADVICE: Final = {
    errno.ENOENT: "check the path: name what is there, or a place where it can be made",
    errno.ENOSPC: "make room, or name a folder on another disk",
    errno.EDQUOT: "the quota is used up: make room, or name a folder elsewhere",
    errno.EACCES: _MISSING_RIGHT,
    errno.EPERM: _MISSING_RIGHT,
    errno.EISDIR: "a folder stands where a file is needed: move it away, and restore the file from a backup",
    errno.EFBIG: "a limit keeps this process from writing files so large: raise it (ulimit -f, LimitFSIZE=)",
    errno.EROFS: "name a folder that can be written",
    errno.ENOTDIR: "a file stands where a folder is needed: name another folder",
    errno.EEXIST: "a file stands where a folder is needed: name another folder",
}
"""What to do about errors of the system with folders."""
LOG_ADVICE: Final = ADVICE | {
    errno.ENOSPC: "make room (the log begins with three files of 128 MiB), or name a folder on another disk",
    errno.EFBIG: "a limit keeps this process from writing files of 128 MiB: raise it (ulimit -f, LimitFSIZE=)",
}
"""The same where a file of the log cannot be made."""
ADDRESS_ADVICE: Final = {
    errno.EADDRINUSE: "another program listens there: stop it, or set another 'port' in the section of the adapter",
    errno.EADDRNOTAVAIL: "this machine has no such address: correct 'host' in the section of the adapter",
    errno.EACCES: "ports below 1024 need rights: set another 'port' in the section of the adapter",
}
"""What to do about adapters that cannot listen."""


NO_CACHE: Final = "cannot cache function"
"""How the compiler begins to say that it may write to no folder."""
CACHE_ADVICE: Final = (
    "set XDG_CACHE_HOME to a folder that the user who runs this may write, or compile ahead as a user who may write to "
    "the environment, by 'python -m engine.kernel.warm'"
)


def sentence(error: TrunklineError | OSError, data: Path | None = None) -> str:
    """Return what is wrong, where, and what to do about it; `data` is the folder that the command works in."""
    cause = error.__cause__
    if not isinstance(error, OSError):
        advice = ADDRESS_ADVICE.get(cause.errno or 0) if isinstance(cause, OSError) else None
        return f"{error}; {advice}" if advice else str(error)
    reason = (error.strerror or str(error)).lower()
    where = error.filename if isinstance(error.filename, str) else "" if data is None else str(data)
    advice = (LOG_ADVICE if isinstance(error, SegmentNotMade) else ADVICE).get(error.errno or 0)
    text = f"{where}: {reason}" if where else reason
    return f"{text}; {advice}" if advice else text


def on_stderr(line: str) -> None:
    """Say a line to whoever typed the command."""
    typer.echo(line, err=True)


def on_lines_of(line_format: LogFormat) -> Callable[[str], None]:
    """Return what says a line as the log of the process is written: in words for people, or as one JSON object."""
    if line_format is not LogFormat.JSON:
        return on_stderr

    def say(line: str) -> None:
        write_lines(line_format)
        logger.error("%s", line.removeprefix("error: "))

    return say


@contextmanager
def errors_as_exits(data: Path | None = None, say: Callable[[str], None] = on_stderr) -> Iterator[None]:
    """Turn what the engine and the system raise into one message, told by `say`, and an exit code.

    `data` is the folder that errors of the system are about where they do not say. An interruption is told alike.
    """
    try:
        yield
    except (TrunklineError, OSError) as error:
        lines = error.faults if isinstance(error, ConfigError) else [f"error: {sentence(error, data)}"]
        for line in lines:
            say(line)
        raise typer.Exit(exit_code(error)) from None
    except KeyboardInterrupt:
        say("interrupted")
        raise typer.Exit(Exit.INTERRUPTED) from None
    except RuntimeError as error:
        if not str(error).startswith(NO_CACHE):
            raise
        say(f"error: the compiled kernel can be kept nowhere: {CACHE_ADVICE}")
        raise typer.Exit(Exit.FAILED) from None
