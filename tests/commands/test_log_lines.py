"""Every record is one line that a collector can read, whatever stands in it."""

import json
import logging

import pytest

from engine.commands.log_lines import LineFormatter, LogFormat


def line(line_format: LogFormat, message: str, *args: object, failed: bool = False) -> str:
    """A record as it is written."""
    error = None
    if failed:
        try:
            raise ValueError("no\nsuch thing")
        except ValueError as raised:
            error = (type(raised), raised, raised.__traceback__)
    record = logging.LogRecord("engine.live.host", logging.WARNING, __file__, 1, message, args, error)
    record.created = 1_800_000_000.25
    return LineFormatter(line_format).format(record)


def test_logfmt_quotes_what_is_not_one_word() -> None:
    assert line(LogFormat.LOGFMT, "ready") == (
        "time=2027-01-15T08:00:00.250Z level=warning logger=engine.live.host msg=ready"
    )
    assert line(LogFormat.LOGFMT, 'adapter %s: "%s"', "sip", "a=b").endswith('msg="adapter sip: \\"a=b\\""')
    assert line(LogFormat.LOGFMT, "").endswith('msg=""')


@pytest.mark.parametrize("message", ["two\nlines", "tab\tand nul\0", "Hàng đợi", "\udcff", "\u2028"])
@pytest.mark.parametrize("line_format", list(LogFormat))
def test_nothing_breaks_a_line(line_format: LogFormat, message: str) -> None:
    written = line(line_format, message, failed=True)
    assert len(written.split("\n")) == 1
    written.encode()
    if line_format == LogFormat.JSON:
        read = json.loads(written)
        assert read["msg"] == message or "\\udcff" in read["msg"]
        assert "ValueError: no\nsuch thing" in read["error"]
        assert read["level"] == "warning"
