"""What the contacts that call customers back are called, and who brings them."""

from typing import Final

CALLBACK_SOURCE: Final = "callbacks"
"""The source's name; `callbacks:ADAPTER` where another adapter has that name."""
_NAME: Final = "callback-"


def is_callback_source(name: str) -> bool:
    """Whether a source brings callbacks."""
    return name == CALLBACK_SOURCE or name.startswith(CALLBACK_SOURCE + ":")


def callback_name(left_seq: int) -> str:
    """Name of the callback of the customer who left by the row `left_seq`; also the id of its arrival."""
    return f"{_NAME}{left_seq}"


def left_seq_in(name: str) -> int:
    """The row by which the customer left whom a callback of this name calls; 0 where that is no name of one."""
    digits = name.removeprefix(_NAME)
    return int(digits) if digits != name and digits.isascii() and digits.isdigit() else 0
