"""Every error that the engine raises on purpose.

TrunklineError
├── ConfigError            the configuration cannot be used; carries every fault with line and column
│   └── SettingsRefused    parts of it were not taken; everything else was
├── Malformed              a body is not of the shape of facts; carries every fault with its place (messages.decoding)
├── LogError
│   ├── LogDamaged         acknowledged data is damaged: names file, offset and sequence; nothing was changed
│   ├── LogLocked          another process writes this folder
│   └── LogWriteFailed     a write did not succeed; never retried
├── ReplayMismatch         the log says one thing, the kernel decides another
├── InvariantViolated      the books do not balance
├── NotAllowed             the state of an agent's desk does not allow that (adapters.http.desk.commands)
├── UnknownAgent           a desk's agent is no longer configured (adapters.http.desk.socket)
├── NotSigned              a text that came back was not signed here, or is not good any more (signed)
├── UploadRefused          a file that somebody brings is not taken; says why (uploads)
├── PlanRefused            a continuity plan cannot be activated so; names the field of the order
├── ForecastFailed         the next hour could not be simulated
├── EngineUnreachable      no engine answers at that address
├── OrderRefused           an engine, or the command line itself, refused an order
├── UnfitPassword          a password that nobody should use (commands.password)
└── Overloaded             a bound was reached; try again later
    ├── ContactsFull       no contact gets in until another one ends
    └── SourcesFull        as many sources as there may be have submitted facts; waiting helps nothing

OSError
└── SegmentNotMade         a file of the log could not be made; it has the errno and the path
"""

from pathlib import Path


class TrunklineError(Exception):
    """Base of every error of this project."""


class ConfigError(TrunklineError):
    """The configuration cannot be used; `faults` are complete sentences with file, line and column."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class SettingsRefused(ConfigError):
    """A configuration was followed but for what `faults` name: that stays as it was."""


class LogError(TrunklineError):
    """Base of what can be wrong with the log."""


class LogDamaged(LogError):
    """Acknowledged data is damaged; nothing was changed on disk."""

    def __init__(
        self,
        path: Path | str,
        offset: int,
        seq: int,
        detail: str,
        advice: str = "Restore this file from a backup, then start again.",
    ) -> None:
        super().__init__(f"{path}: damaged at byte {offset}, sequence {seq}: {detail}. Nothing was changed. {advice}")
        self.path = Path(path)
        self.offset = offset
        self.seq = seq
        self.detail = detail


class LogLocked(LogError):
    """Another process writes this folder."""


class LogWriteFailed(LogError):
    """A write to the log did not succeed."""


class SegmentNotMade(OSError):
    """A file of the log could not be made: the disk is full, or a limit keeps this process from files so large."""


class ReplayMismatch(TrunklineError):
    """The log says one thing, the kernel decides another."""

    def __init__(self, seq: int, recorded: str, decided: str) -> None:
        super().__init__(f"sequence {seq}: the log says {recorded}, the kernel decides {decided}")
        self.seq = seq


class InvariantViolated(TrunklineError):
    """The books do not balance."""


class PlanRefused(TrunklineError):
    """A continuity plan cannot be activated so; nothing was changed."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class ForecastFailed(TrunklineError):
    """The next hour could not be simulated. `code` says why in a word that a page translates."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class EngineUnreachable(TrunklineError):
    """No engine answers at that address."""


class OrderRefused(TrunklineError):
    """A running engine, or the command line itself, refused an order; nothing was changed."""


class Overloaded(TrunklineError):
    """A bound was reached; try again after `retry_after_s`."""

    def __init__(self, what: str, retry_after_s: int = 1) -> None:
        super().__init__(what)
        self.retry_after_s = retry_after_s


class SourcesFull(Overloaded):
    """As many sources as there may be have submitted facts: only one of these gets in."""


class ContactsFull(Overloaded):
    """As many contacts are open as `limits.contacts` allows: one must end first."""


class TlsFilesUnusable(TrunklineError):
    """A certificate, its key or a list of authorities cannot be used as they are."""
