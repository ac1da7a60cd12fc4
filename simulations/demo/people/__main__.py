"""The process of the demo's people: reads its plan from the first line of stdin, stays until stdin ends.

Writes `ready` to stdout once everybody is at work, and its own book as one JSON line in the end.
"""

import asyncio
import logging
import sys

import msgspec
import uvloop

from simulations.demo.people.crowd import Crowd, Plan
from simulations.demo.people.tally import READY


async def run(plan: Plan) -> None:
    """Come, stay while stdin is open, and leave."""
    loop = asyncio.get_running_loop()
    crowd = Crowd(plan)
    await crowd.arrive()
    print(READY, flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    await crowd.leave()
    print(msgspec.json.encode(crowd.tally).decode(), flush=True)


def main() -> None:
    """Run with the plan that stands on stdin."""
    logging.basicConfig(level=logging.WARNING, format="demo: %(message)s")
    uvloop.run(run(msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan)))


if __name__ == "__main__":
    main()
