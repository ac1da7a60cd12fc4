"""What the tests of adapters share: a running engine over a log in memory, and the adapter that the test makes."""

from collections.abc import Callable
from typing import Any, TypeVar

from engine.config import Config
from engine.kernel.tables import Capacity
from engine.live.adapters import Adapters
from engine.live.loop import LiveEngine
from engine.log.memory import MemoryLog
from engine.messages.rows import ROW
from engine.state import EngineState

Made = TypeVar("Made")


def run_engine(config: Config, capacity: Capacity, *, hold: bool) -> tuple[LiveEngine, MemoryLog]:
    """Run a configured engine; with `hold` nothing becomes durable until its log is flushed."""
    engine = LiveEngine(EngineState(capacity))
    log = MemoryLog(row_dtype=ROW, on_durable=engine.on_durable, hold=hold)
    engine.attach(log)
    engine.run()
    engine.configure(config)
    return engine, log


def make_adapter(engine: LiveEngine, config: Config, make: Callable[[Any, Any], Made]) -> tuple[Made, Adapters]:
    """Make the one adapter of a configuration, from its settings and its link; it is not started yet."""
    made: list[Made] = []

    def keep(section: Any, link: Any) -> Any:
        made.append(make(section, link))
        return made[-1]

    adapters = Adapters(engine, config.adapters, config.endpoints(), lambda _: keep)
    return made[0], adapters
