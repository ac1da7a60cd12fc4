"""A process that is meant to be killed while a continuity plan is in force. Arguments: configuration, data folder."""

import asyncio
import sys
from pathlib import Path

from engine.config import load_config
from engine.live.host import EngineHost
from engine.log.segment import SMALLEST_SEGMENT_BYTES
from engine.model.plan_views import PlanOrder


async def main(config: Path, data: Path) -> None:
    """Activate the plan, say so, and wait for the end."""
    host = EngineHost(load_config(config, adapters={}), data, segment_bytes=SMALLEST_SEGMENT_BYTES * 8)
    await host.start()
    await host.plans.activate("storm", PlanOrder("mai", "no power"))
    print("active", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
