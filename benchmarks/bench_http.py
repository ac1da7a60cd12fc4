"""How many facts a second `POST /api/v1/events` takes: decided, durable and acknowledged, 100 in a request.

A real `trunkline serve` is one process, the client another, on the same machine; CONNECTIONS keep-alive connections
each send the next request when the last one is answered. Half of the facts are arrivals, half are releases of the
contacts that arrived; each has an id of its own, so that it is looked up among those already seen. No agent is logged
in: what is measured is the way in, not the people. Every answer's `accepted` is added up and must be everything sent.
The peer, measured before and after in the same run, is aiohttp alone, which answers the same client from memory: what
aiohttp serves cannot be faster.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
import psutil  # type: ignore[import-untyped]

from benchmarks.report import Line, line
from benchmarks.served import Served, Started, free_port

NAMES: Final = ("http_batch_events_per_s", "http_batch_msgpack_events_per_s", "http_batch_latency_p99_ms")
BATCH: Final = 100
CONNECTIONS: Final = 8
ROUNDS: Final = 3
REQUESTS: Final = 1500
"""Of one round."""
CENTRE: Final = """
service: {{name: bench}}
limits: {{contacts: 8192}}
queues:
  sales: {{max_wait: 1h}}
adapters:
  http: {{port: {port}, requests_per_second: 1000000}}
"""
ENCODERS: Final = {"application/json": msgspec.json.encode, "application/msgpack": msgspec.msgpack.encode}
PEER: Final = "aiohttp alone, answering from memory; the mean of before and after"


def bodies(lap: str, media: str) -> list[bytes]:
    """Return the requests of one round, made before it begins."""
    return [ENCODERS[media](list(_facts(f"{lap}-{number}"))) for number in range(REQUESTS)]


def _facts(name: str) -> Iterator[dict[str, Any]]:
    for place in range(BATCH // 2):
        contact = f"{name}-{place}"
        yield {"type": "contact_arrived", "id": f"{contact}-a", "contact": contact, "queue": "sales"} | {
            "customer": "+84 24 3825 0000",
            "entry": "hotline",
        }
    for place in range(BATCH // 2):
        contact = f"{name}-{place}"
        yield {"type": "contact_released", "id": f"{contact}-r", "contact": contact, "by": "customer"}


async def round_of(url: str, media: str, requests: list[bytes]) -> tuple[float, list[float]]:
    """Send everything; return facts a second and each request's seconds."""
    took_s: list[float] = []
    accepted = 0
    waiting = iter(requests)

    async def send(session: aiohttp.ClientSession) -> None:
        nonlocal accepted
        for body in waiting:
            began = time.perf_counter()
            async with session.post("/api/v1/events", data=body, headers={"Content-Type": media}) as answer:
                told = msgspec.json.decode(await answer.read())
            took_s.append(time.perf_counter() - began)
            accepted += told["accepted"] - told["refused"]

    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(url, connector=connector) as session:
        began = time.perf_counter()
        await asyncio.gather(*(send(session) for _ in range(CONNECTIONS)))
        elapsed_s = time.perf_counter() - began
    if accepted != len(requests) * BATCH:
        raise RuntimeError(f"{accepted} of {len(requests) * BATCH} facts were accepted")
    return accepted / elapsed_s, took_s


async def measure(folder: Path) -> dict[str, tuple[list[float], list[float], float]]:
    """Return for each form (facts a second of every round, seconds of every request, the service's CPU s a fact)."""
    port = free_port()
    config = folder / "centre.yaml"
    config.write_text(CENTRE.format(port=port), encoding="utf-8")
    served = Served(config, folder / "data", port)
    found: dict[str, tuple[list[float], list[float], float]] = {}
    try:
        await served.wait_ready()
        process = psutil.Process(served.pid)
        await round_of(served.url, "application/json", bodies("warm", "application/json")[:200])
        for media in ENCODERS:
            rates, latencies, busy_s = [], [], 0.0
            for lap in range(ROUNDS):
                requests = bodies(f"{media[-4:]}{lap}", media)
                before = process.cpu_times()
                rate, took_s = await round_of(served.url, media, requests)
                after = process.cpu_times()
                busy_s += after.user + after.system - before.user - before.system
                rates.append(rate)
                latencies += took_s
            found[media] = rates, latencies, busy_s / (ROUNDS * REQUESTS * BATCH)
        if served.stop() != 0:
            raise RuntimeError(served.said())
    finally:
        served.kill()
    return found


async def bound(folder: Path) -> dict[str, float]:
    """Return facts a second of each form that aiohttp alone answers."""
    port = free_port()
    stub = Started(port, folder / "stub.said", "benchmarks.http_stub", str(port), str(BATCH))
    try:
        await stub.wait_ready()
        return {media: (await round_of(stub.url, media, bodies("bound", media)))[0] for media in ENCODERS}
    finally:
        stub.kill()


def run() -> list[Line]:
    """Measure both forms."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        before = asyncio.run(bound(Path(folder)))
        found = asyncio.run(measure(Path(folder)))
        after = asyncio.run(bound(Path(folder)))
    lines = []
    for media, name in zip(ENCODERS, NAMES, strict=False):
        rates, latencies, cpu_s = found[media]
        rate, alone = statistics.median(rates), [before[media], after[media]]
        more = {
            "rounds": [round(rate) for rate in rates],
            "service_cpu_us_per_event": round(cpu_s * 1e6, 2),
            "share_of_peer": round(rate / statistics.mean(alone), 3),
            "peer_rounds": [round(one) for one in alone],
            "latency_p50_ms": round(statistics.median(latencies) * 1e3, 2),
            "batch": BATCH,
            "connections": CONNECTIONS,
            "body": media,
        }
        lines.append(
            line(name, round(rate), "events/s", {"name": PEER, "value": round(statistics.mean(alone))}, **more)
        )
    slow_s = statistics.quantiles(found["application/json"][1], n=100)[98]
    lines.append(line(NAMES[2], round(slow_s * 1e3, 2), "ms", connections=CONNECTIONS, batch=BATCH))
    return lines
