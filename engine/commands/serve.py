"""`trunkline serve`: the engine on real time, until it is told to stop."""

from pathlib import Path

import uvloop

from engine.config import load_config
from engine.live import serve as serve_live


def serve(path: Path, data: Path) -> None:
    """Run the engine. Raises ConfigError, LogDamaged, LogLocked and OSError before it takes the first contact."""
    uvloop.run(serve_live(load_config(path), data))
