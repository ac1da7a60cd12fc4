"""How much memory a full engine takes: 10,000 agents logged in and 100,000 contacts live, in the real program.

Contacts come in over HTTP with a caller's number each, and stay. Beside it: what of it is the process's own (the rest
is code of libraries, the compiler's above all), the same program before they came, the tables alone (their capacity is
fixed at the start, and what was never used takes nothing), and what 100,000 contacts would weigh as plain objects.
"""

import tracemalloc
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
import uvloop

from benchmarks.history import config_file, folder_here
from benchmarks.report import Line, line
from benchmarks.served import Served, free_port
from engine.config import load_config
from engine.kernel.tables import new_tables
from engine.live.room import room_for

NAMES: Final = ("memory_mb",)
AGENTS: Final = 10_000
CONTACTS: Final = 100_000
SLOTS: Final = 131_072
BATCH: Final = 1000
MB: Final = 1e6


def run(agents: int = AGENTS, contacts: int = CONTACTS, slots: int = SLOTS) -> list[Line]:
    """Measure; one line."""
    with folder_here() as folder:
        return [uvloop.run(measure(folder, agents, contacts, slots))]


async def measure(folder: Path, agents: int, contacts: int, slots: int) -> Line:
    """Fill an engine, and look at its process before and after."""
    port = free_port()
    file = config_file(
        folder,
        agents=agents,
        contacts=slots,
        adapters=f"adapters: {{http: {{port: {port}, requests_per_second: 100000}}}}",
    )
    served = Served(file, folder / "data", port)
    try:
        await served.wait_ready()
        empty_mb = served.rss_mb()
        async with aiohttp.ClientSession(served.url) as session:
            await _post(session, _agents(agents))
            await _post(session, _contacts(contacts))
            waiting, connected = await _live(session)
        full_mb, own_mb = served.rss_mb(), served.own_mb()
    finally:
        served.kill()
    assert waiting + connected == contacts, (waiting, connected)
    tables = new_tables(room_for(load_config(file)))
    return line(
        "memory_mb",
        round(full_mb),
        "MB",
        {
            "name": f"{contacts} contacts as plain Python objects with the same fields, nothing around them",
            "megabytes": round(plain_objects_mb(contacts)),
        },
        own_mb=round(own_mb),
        before_contacts_mb=round(empty_mb),
        tables_mb=round(sum(array.nbytes for _, array in tables.items()) / MB),
        bytes_per_contact=round((full_mb - empty_mb) * MB / contacts),
        inputs=f"{agents} agents, {contacts} contacts live, room for {slots}",
    )


def _agents(count: int) -> list[dict[str, Any]]:
    names = (f"agent{number:05}" for number in range(1, count + 1))
    return [{"type": "agent_status_changed", "agent": name, "status": "available"} for name in names]


def _contacts(count: int) -> list[dict[str, Any]]:
    return [
        {
            "type": "contact_arrived",
            "id": f"c{number}",
            "contact": f"c{number}",
            "queue": f"q{number % 20 + 1:02}",
            "customer": f"+8490{number:07}",
        }
        for number in range(count)
    ]


async def _post(session: aiohttp.ClientSession, facts: list[dict[str, Any]]) -> None:
    for start in range(0, len(facts), BATCH):
        body = msgspec.json.encode(facts[start : start + BATCH])
        async with session.post("/api/v1/events", data=body, headers={"Content-Type": "application/json"}) as response:
            answer = await response.json()
            assert response.status == 202, answer
            assert not answer["rejected"], answer


async def _live(session: aiohttp.ClientSession) -> tuple[int, int]:
    """Contacts that wait (offered ones included) and that talk."""
    async with session.get("/api/v1/queues") as response:
        queues = (await response.json())["queues"]
    return sum(queue["waiting"] for queue in queues), sum(queue["connected"] for queue in queues)


def plain_objects_mb(count: int) -> float:
    """What so many contacts take as dictionaries, as JSON would leave them."""
    tracemalloc.start()
    kept = [msgspec.json.decode(msgspec.json.encode(fact)) for fact in _contacts(count)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == count
    return size / MB
