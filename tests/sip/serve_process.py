"""One engine in a process of its own, to be killed: `serve_process.py CONFIG DATA AGENT...` says when it is ready."""

import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from engine.config.load import load_config
from engine.live.host import EngineHost
from engine.messages.observed import AgentStatusChanged


async def main(config: Path, data: Path, agents: list[str]) -> None:
    """Serve until killed, or stopped by SIGTERM."""
    host = EngineHost(load_config(config), data, segment_bytes=1 << 20)
    await host.start()
    facts = [AgentStatusChanged(agent=agent, status="available") for agent in agents]
    await host.engine.submit("test", facts)
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    print("ready", flush=True)
    await asked.wait()
    await host.stop()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
