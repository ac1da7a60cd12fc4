"""Which reader takes what: a log folder, a queue_log, a bank file or a CSV, told by what it looks like."""

from pathlib import Path

from engine.errors import ConfigError
from simulations.fit.calls import Calls
from simulations.fit.read_bank import HEADING, read_bank
from simulations.fit.read_csv import COLUMNS, read_csv
from simulations.fit.read_log import read_log
from simulations.fit.read_queue_log import is_queue_log, read_queue_log

GZIP = b"\x1f\x8b"


def read_calls(path: Path, time_zone: str = "UTC", bad_lines: int = 0) -> Calls:
    """Return the calls recorded in a log folder, a queue_log, a CSV or a bank file; so many bad lines are passed over.

    Raises ConfigError with file and line, LogError, LogDamaged and OSError.
    """
    if path.is_dir():
        return read_log(path, time_zone)
    with path.open("rb") as file:
        head = file.read(4096)
    lines = head.decode("utf-8-sig", "replace").splitlines()
    first = next((line for line in lines if line.strip()), "")
    if head[:2] == GZIP or first.startswith(HEADING):
        return read_bank(path, bad_lines)
    if is_queue_log(first):
        return read_queue_log(path, time_zone, bad_lines)
    if "," in first:
        return read_csv(path, time_zone, bad_lines)
    what = f"a CSV with a heading ({', '.join(COLUMNS)})"
    raise ConfigError([f"{path}:1: neither a queue_log nor {what}, nor a folder with a log"])
