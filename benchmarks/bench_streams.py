"""How late a wallboard hears: 500 streams open while 5,000 facts a second come in, from durable to read by the client.

The real program in its own process; readers in this one, where a browser's network would read. A batch of facts counts
as durable when its answer is here, and as heard by a stream when that reads the first state of queues whose position is
not before the batch: the wait for the next look at the tables is part of it. Both processes share one machine.
"""

import asyncio
import time
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
import uvloop

from benchmarks.history import config_file, folder_here
from benchmarks.report import Line, held, line
from benchmarks.served import Served, free_port

NAMES: Final = ("sse_delay_ms",)
READERS: Final = 500
FACTS_PER_S: Final = 5000
BATCH: Final = 250
SECONDS: Final = 15.0
SETTLE_S: Final = 3.0
ADDRESS: Final = "/api/v1/stream?topics=queues,agents,waiting,alerts&board=default&changes=fields"
"""What the wallboard's page asks for."""


def run(readers: int = READERS, facts_per_s: int = FACTS_PER_S, seconds: float = SECONDS) -> list[Line]:
    """Measure; one line."""
    with folder_here() as folder:
        return [uvloop.run(measure(folder, readers, facts_per_s, seconds))]


async def measure(folder: Path, readers: int, facts_per_s: int, seconds: float) -> Line:
    """Open the streams, send facts, and see when each stream hears of them."""
    port = free_port()
    section = f"adapters: {{http: {{port: {port}, requests_per_second: 100000, streams: {readers}}}}}"
    file = config_file(folder, agents=200, contacts=50_000, queues=50, adapters=section)
    served = Served(file, folder / "data", port)
    try:
        await served.wait_ready()
        before_mb = served.rss_mb()
        delays: list[float] = []
        acks: list[tuple[int, float]] = []
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(served.url, connector=connector, read_bufsize=1 << 20) as session:
            reading = [asyncio.create_task(_read(session, acks, delays)) for _ in range(readers)]
            try:
                await asyncio.sleep(SETTLE_S)
                before_s = served.processor_s()
                sent = await _send(session, facts_per_s, seconds, acks)
                after_mb, taken_s = served.rss_mb(), served.processor_s() - before_s
            finally:
                for task in reading:
                    task.cancel()
                await asyncio.gather(*reading, return_exceptions=True)
    finally:
        served.kill()
    delays.sort()
    return line(
        "sse_delay_ms",
        round(delays[int(len(delays) * 0.99)], 1),
        "ms",
        {"name": "state is told at most every quarter of a second", "ms": 250},
        p50_ms=round(delays[len(delays) // 2], 1),
        **held(facts_per_s=(facts_per_s, sent / seconds), heard=(len(acks) * readers, len(delays))),
        processor_s_per_s=round(taken_s / (seconds + 1.0), 2),
        memory_before_mb=round(before_mb),
        memory_after_mb=round(after_mb),
        inputs=f"{readers} readers, {facts_per_s} facts a second, 200 agents, 50 queues, one machine",
    )


async def _read(session: aiohttp.ClientSession, acks: list[tuple[int, float]], delays: list[float]) -> None:
    """Read one stream; note how late it hears of each batch that was told durable."""
    heard = 0
    timeout = aiohttp.ClientTimeout(total=None)
    async with session.get(ADDRESS, timeout=timeout) as answer:
        assert answer.status == 200, await answer.text()
        async for text in answer.content:
            if not text.startswith(b'data: {"topic":"queues"'):
                continue
            now_s, as_of = time.monotonic(), int(text[text.index(b'"as_of":') + 8 :].split(b",", 1)[0])
            while heard < len(acks) and acks[heard][0] <= as_of:
                delays.append((now_s - acks[heard][1]) * 1000)
                heard += 1


async def _send(session: aiohttp.ClientSession, facts_per_s: int, seconds: float, acks: list[tuple[int, float]]) -> int:
    """Send facts at a steady pace, noting what is durable when; returns how many."""
    sent, began_s, kind = 0, time.monotonic(), {"Content-Type": "application/json"}
    while (now_s := time.monotonic() - began_s) < seconds:
        behind = int(now_s * facts_per_s) - sent
        if behind < BATCH:
            await asyncio.sleep((BATCH - behind) / facts_per_s)
            continue
        body = msgspec.json.encode(_facts(sent, BATCH))
        async with session.post("/api/v1/events", data=body, headers=kind) as answer:
            found = await answer.json()
        if now_s > SETTLE_S:
            acks.append((found["seq"], time.monotonic()))
        sent += BATCH
    await asyncio.sleep(1.0)
    return sent


def _facts(first: int, count: int) -> list[dict[str, Any]]:
    """Arrivals, and the end of each a while later: as many come as go."""
    found: list[dict[str, Any]] = []
    for number in range(first, first + count, 2):
        queue = f"q{number // 2 % 50 + 1:02}"
        found.append({"type": "contact_arrived", "contact": f"c{number}", "queue": queue, "customer": "+84901234567"})
        found.append({"type": "contact_released", "contact": f"c{max(0, number - 4000)}", "by": "customer"})
    return found
