"""What every result says besides its number: on which machine, when, and beside which peer."""

import datetime
import os
import platform
from functools import cache
from pathlib import Path
from typing import Any

Line = dict[str, Any]
"""One result: name, value, unit, machine, date, peer, and whatever else explains the number."""


@cache
def machine() -> str:
    """Describe this machine in one line."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.system()} {platform.release()} {platform.machine()}, {_processor()}, {os.cpu_count()} processors, "
        f"{memory_gib:.0f} GiB, Python {platform.python_version()}"
    )


def today() -> str:
    """The date, as 2026-11-21."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def line(name: str, value: float, unit: str, peer: Line | None = None, **more: Any) -> Line:
    """Return one result; `peer` names what was measured beside it, or a bound, and its value in the same unit."""
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "machine": machine(),
        "date": today(),
        "peer": peer or {},
        **more,
    }


def held(**conditions: tuple[float, float]) -> Line:
    """Return which conditions a result was to hold under, of (asked, reached): `conditions_held` is the least share.

    What is below 1 there was measured under less than its name promises.
    """
    told = {
        name: {"asked": round(asked, 1), "reached": round(reached, 1), "share": _share(reached, asked)}
        for name, (asked, reached) in conditions.items()
    }
    return {"conditions_held": min((one["share"] for one in told.values()), default=1.0), "conditions": told}


def _share(reached: float, asked: float) -> float:
    return round(min(1.0, reached / asked), 3) if asked else 1.0


def completed(found: Line) -> Line:
    """Return a result of any module with machine and date, if it does not say them itself."""
    return {**found, "machine": found.get("machine") or machine(), "date": found.get("date") or today()}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown processor")
