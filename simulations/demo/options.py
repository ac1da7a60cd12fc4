"""What the demo may be told."""

from pathlib import Path

import msgspec


class DemoOptions(msgspec.Struct, frozen=True):
    """Options of `trunkline demo`."""

    duration_ns: int | None = None
    """How long it runs; None: until Ctrl-C."""
    data: Path | None = None
    """Folder of the log; None: a temporary one that is removed at the end."""
    http_port: int = 8080
    sip_port: int = 5060
    chat_port: int = 8081
    as_json: bool = False
    """Print one JSON object at the end, and nothing else on stdout."""
