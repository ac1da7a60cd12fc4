"""A process that is meant to be killed: an engine that says every receipt it gives, line by line, on stdout.

Arguments: configuration file, data folder, number of the round.
"""

import asyncio
import sys
from pathlib import Path

from engine.config import load_config
from engine.live.host import EngineHost
from engine.log.segment import SMALLEST_SEGMENT_BYTES
from engine.messages.observed import AgentStatusChanged, CallbackRequested, ContactArrived, ContactReleased, Observed


async def main(config: Path, data: Path, lap: str) -> None:
    """Submit calls for ever; each line is `id sequence`, said only once the receipt is there."""
    host = EngineHost(load_config(config, adapters={}), data, segment_bytes=SMALLEST_SEGMENT_BYTES * 8)
    await host.start()
    await host.engine.submit("desk", [AgentStatusChanged(agent="bob", status="offline")])
    print("ready", flush=True)
    number = 0
    while True:
        number += 1
        name = f"{lap}-{number}"
        facts: list[Observed] = [
            ContactArrived(id=f"{name}-a", contact=name, queue="sales", customer=f"+84 {name}"),
            ContactReleased(id=f"{name}-b", contact=name)
            if number % 3
            else CallbackRequested(id=f"{name}-b", contact=name, number="+84 7"),
            ContactReleased(contact=f"callback-{number}"),
        ]
        while not host.engine.log.admitting:  # noqa: ASYNC110 - the disk is slow: new contacts are refused meanwhile
            await asyncio.sleep(0.001)
        receipts = await host.engine.submit("desk", facts)
        for fact, receipt in zip(facts[:2], receipts, strict=False):
            print(fact.id, receipt.seq, flush=True)
        callbacks = [entry.name for entry in host.engine.state.contacts if entry.name.startswith("callback")]
        if len(callbacks) > 20:
            await host.engine.submit("desk", [ContactReleased(contact=contact) for contact in callbacks])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
