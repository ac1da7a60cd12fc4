"""Which code a snapshot was made by: a hash of what applies rows to the state, and of nothing else.

A state that was folded by other rules is not what the log says now. What merely decides, the compiler and the processor
leave it as it is, and so do comments and blank lines: a snapshot outlives them.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from engine import kernel
from engine.messages.rows import SCHEMA

STATE_VERSION: Final = 4
"""Of what stands in a snapshot beside the kernel's tables. Whoever raises it adds a step to `base.UPGRADES`."""
APPLYING: Final = ("evolve", "prices", "resize")
"""Modules of the kernel that change tables when rows are applied, with what they import."""
FOLDING: Final = "step"
"""Holds the loop that folds; it counts alone, as it imports what merely decides."""
COMPILING: Final = frozenset({"jit", "native", "plain"})
NUMBERS: Final = ("messages/kinds.py", "messages/exits.py", "messages/rows.py", "model/settings.py", "model/tallies.py")
"""What the kernel imports from elsewhere."""
_IMPORTED: Final = re.compile(r"^\s*from engine\.kernel\.(\w+) import", re.MULTILINE)
_SILENT: Final = re.compile(r'^\s*"""[\s\S]*?"""\s*$|^\s*#.*$|  # .*$', re.MULTILINE)


@cache
def state_code() -> str:
    """Return what names the code, the same on every machine."""
    return code_of(Path(kernel.__path__[0]))


def code_of(folder: Path) -> str:
    """Return what names the code of a kernel folder."""
    digest = hashlib.sha256(f"{STATE_VERSION} {SCHEMA}".encode())
    paths = [*(folder / f"{name}.py" for name in applying(folder)), *(folder.parent / name for name in NUMBERS)]
    for path in paths:
        source = _SILENT.sub("", path.read_text(encoding="utf-8"))
        lines = [line.rstrip() for line in source.splitlines() if line.strip()]
        digest.update("\n".join([path.name, *lines, ""]).encode())
    return f"{digest.hexdigest()[:16]}-{STATE_VERSION}"


def version_of(code: str) -> int:
    """Return the STATE_VERSION of the code that wrote a state; 0 where it does not say."""
    written = code.rpartition("-")[2]
    return int(written) if written.isascii() and written.isdigit() else 0


def applying(folder: Path) -> list[str]:
    """Return the modules of a kernel folder that what applies rows consists of, by name."""
    found: set[str] = set()
    left = list(APPLYING)
    while left:
        name = left.pop()
        if name not in found and name not in COMPILING:
            found.add(name)
            left += _IMPORTED.findall((folder / f"{name}.py").read_text(encoding="utf-8"))
    return sorted({FOLDING, *found})
