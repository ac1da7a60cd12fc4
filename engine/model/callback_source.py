"""Who brings the contacts that call customers back."""

from typing import Final

CALLBACK_SOURCE: Final = "callbacks"
"""The source's name; `callbacks:ADAPTER` where another adapter has that name."""


def is_callback_source(name: str) -> bool:
    """Whether a source brings callbacks."""
    return name == CALLBACK_SOURCE or name.startswith(CALLBACK_SOURCE + ":")
