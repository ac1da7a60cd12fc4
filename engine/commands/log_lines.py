"""What a process says about itself, one line each: logfmt for people and most collectors, or JSON."""

import logging
from datetime import UTC, datetime
from enum import StrEnum

import msgspec


class LogFormat(StrEnum):
    """How lines are written."""

    LOGFMT = "logfmt"
    JSON = "json"


class LineFormatter(logging.Formatter):
    """Formats a record as one line: time, level, who says it, what, and the traceback of an error."""

    def __init__(self, line_format: LogFormat) -> None:
        super().__init__()
        self._is_json = line_format == LogFormat.JSON

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC)
        fields = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = record.stack_info
        fields = {name: _unicode(value) for name, value in fields.items()}
        if self._is_json:
            return _quoted(fields)
        return " ".join(f"{name}={_logfmt(value)}" for name, value in fields.items())


def _logfmt(value: str) -> str:
    """A value as it is where that is one word, else quoted."""
    is_word = value.isascii() and value.isprintable() and value and not set(value) & {" ", '"', "=", "\\"}
    return value if is_word else _quoted(value)


def _quoted(value: str | dict[str, str]) -> str:
    return msgspec.json.encode(value).decode()


def _unicode(text: str) -> str:
    """Halves of surrogate pairs, which bytes of a peer that are no UTF-8 become, are shown escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def write_lines(line_format: LogFormat, level: int = logging.INFO) -> None:
    """Let everything that is logged in this process go to stderr in this format."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter(line_format))
    logging.basicConfig(level=level, handlers=[handler])
