"""Makes the one script that pages bring in: the widget's modules, one behind the other, in one scope of their own."""

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

MODULES: Final = Path(__file__).parent / "pages" / "widget"
AROUND: Final = "around.js"
"""What stands around all modules; it says where they go."""
PLACE: Final = "/* modules */\n"
FIRST: Final = "main.js"
_REMARK: Final = re.compile(r"(^|\s)// .*")
_IMPORT: Final = re.compile(r'import \{[^}]*\} from "\./([a-z_]+\.js)";')


class Widget(NamedTuple):
    """The script as it is sent."""

    plain: bytes
    packed: bytes
    """By gzip."""
    tag: str
    """Changes with the script: for ETag."""


@cache
def widget() -> Widget:
    """Return the script."""
    around = _code((MODULES / AROUND).read_text(encoding="utf-8"))
    plain = around.replace(PLACE, "".join(_in_order(FIRST, {}, ()))).encode()
    return Widget(plain, gzip.compress(plain, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:20]}"')


def _in_order(name: str, done: dict[str, None], above: tuple[str, ...]) -> list[str]:
    """The module's code behind that of all that it imports, each once."""
    assert name not in above, f"modules import each other: {' -> '.join([*above, name])}"
    if name in done:
        return []
    done[name] = None
    text = (MODULES / name).read_text(encoding="utf-8")
    before = [code for needed in _IMPORT.findall(text) for code in _in_order(needed, done, (*above, name))]
    return [*before, _code(_IMPORT.sub("", text))]


def _code(text: str) -> str:
    """The lines that do something, as statements of one scope."""
    lines = (_REMARK.sub("", line).strip() for line in text.splitlines())
    return "".join(f"{line.removeprefix('export ')}\n" for line in lines if line)
