"""A soak of chats: everybody says a line a second, connections break, the engine is killed; is a line lost or doubled?

The real program serves a config with the web chat and HTTP. Visitors are at WebSockets, of which so many are cut every
second; agents work over HTTP. In the middle the engine is killed (`kill -9`) and started again. In the end what each
side was told to be in the log is compared with the log, and with what the other side was shown. The bound is zero.
"""

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
import uvloop

from benchmarks.chat_load import EVERY_S, INBOX, ORIGIN, Delays, Desk, Visitor
from benchmarks.report import Line, held, line
from benchmarks.served import Served, free_port

NAMES: Final = ("chat_soak",)
VISITORS: Final = 2000
AGENTS: Final = 200
SECONDS: Final = 60.0
SLOWER: Final = "CHAT_SOAK_EVERY_S"
"""Of the environment: how often everybody says something, in seconds, for a machine that has other work, too."""
CUTS_PER_S: Final = 100.0
QUIET_WITHIN_S: Final = 60.0
TRIES: Final = 10
"""People of whom one with a connection is looked for."""
CONFIG: Final = """
limits: {{contacts: {contacts}, agents: {agents}, inbox: 65536}}
queues:
  help: {{channel: chat, strategy: longest-idle, ring_limit: 10m}}
agents:
{staff}
adapters:
  http: {{port: {http_port}, requests_per_second: 100000}}
  webchat:
    port: {chat_port}
    connections: 100000
    connections_per_address: 100000
    sessions_per_minute: 100000
    requests_per_second: 100000
    frames_per_second: 1000
    inboxes:
      {inbox}: {{queue: help, origins: ["{origin}"], leave_after: 1h, chats_per_minute: 100000}}
"""


class Verdict(msgspec.Struct):
    """What was found in the end."""

    lost: int = 0
    """Lines that nobody answered for, that are not in the log though somebody did, or that were not shown."""
    doubled: int = 0
    """Lines that are in the log twice, or were shown twice."""


async def soak(
    folder: Path,
    visitors: int = VISITORS,
    agents: int = AGENTS,
    seconds: float = SECONDS,
    cuts_per_s: float = CUTS_PER_S,
    kills: int = 1,
    every_s: float = EVERY_S,
) -> Line:
    """Run a soak and return its line; `every_s` is how often everybody says something."""
    http_port, chat_port = free_port(), free_port()
    names = [f"agent{number}" for number in range(agents)]
    capacity = -(-visitors // agents)
    staff = "\n".join(f"  - {{name: {name}, capacity: {{chat: {capacity}}}}}" for name in names)
    contacts = max(64, 2 * visitors)
    config = folder / "chat.yaml"
    ports = {"http_port": http_port, "chat_port": chat_port}
    config.write_text(
        CONFIG.format(contacts=contacts, agents=max(agents, 8), staff=staff, inbox=INBOX, origin=ORIGIN, **ports),
        encoding="utf-8",
    )
    counts: Counter[str] = Counter()
    delays = Delays()
    served = Served(config, folder / "data", http_port)
    try:
        await served.wait_ready()
        url = f"http://127.0.0.1:{chat_port}"
        people = [Visitor(f"v{number}", url, counts, delays, every_s) for number in range(visitors)]
        desk = Desk(served.url, names, counts, delays, every_s)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http:
            tasks = [asyncio.create_task(person.live(http)) for person in people]
            tasks.append(asyncio.create_task(desk.live(http)))
            began_s = time.monotonic()
            for life in range(kills + 1):
                await _cut_connections(people, seconds / (kills + 1), cuts_per_s)
                if life < kills:
                    served.kill()
                    served = Served(config, folder / "data", http_port)
                    await served.wait_ready()
            for person in people:
                person.speaking = False
            desk.speaking = False
            spoke_s = time.monotonic() - began_s
            await _until_quiet(people, desk)
            verdict = await _compare(http, served.url, people, desk)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        memory_mb = served.rss_mb()
    finally:
        served.stop()
    lines_per_s = visitors / every_s
    conditions = held(
        reconnects_per_s=(cuts_per_s, counts["reconnects"] / seconds),
        lines_of_visitors_per_s=(lines_per_s, counts["said_by_visitors"] / spoke_s),
        lines_of_agents_per_s=(lines_per_s, counts["said_by_agents"] / spoke_s),
    )
    return _told(verdict, counts, delays, conditions, visitors, agents, seconds, kills, memory_mb, every_s)


async def _cut_connections(people: Sequence[Visitor], seconds: float, cuts_per_s: float) -> None:
    """Let time pass in which connections break at random; what a late loop left out is made up for."""
    loop = asyncio.get_running_loop()
    began, cut = loop.time(), 0
    while (passed := loop.time() - began) < seconds:
        for _ in range(round(passed * cuts_per_s) - cut):
            cut += any(random.choice(people).drop() for _ in range(TRIES))
        await asyncio.sleep(min(seconds - passed, random.expovariate(cuts_per_s) if cuts_per_s else seconds))


async def _until_quiet(people: Sequence[Visitor], desk: Desk) -> None:
    """Wait until everything said was answered for, and shown; what is not by then counts as lost."""
    try:
        async with asyncio.timeout(QUIET_WITHIN_S):
            while any(person.unanswered for person in people):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            texts = sum(len(said) for said in desk.said.values()) + sum(len(one.acknowledged) for one in people)
            while sum(len(person.shown) for person in people) < texts:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    except TimeoutError:
        return


async def _compare(http: aiohttp.ClientSession, url: str, people: Sequence[Visitor], desk: Desk) -> Verdict:
    """Compare what each side was told with the log, and with what the other side was shown."""
    verdict = Verdict(lost=sum(person.unanswered for person in people))
    by_name = {person.name: person for person in people}
    seen: set[str] = set()
    for contact in await _contacts(http, url):
        logged = await _conversation(http, url, contact)
        texts = Counter(one["text"] for one in logged)
        verdict.doubled += sum(count - 1 for count in texts.values())
        verdict.lost += sum(text not in texts for text in desk.said.get(contact, ()))
        owner = next((by_name[one["text"].split("-")[0]] for one in logged if one["by"] == "customer"), None)
        if owner is None:
            continue
        seen.add(owner.name)
        verdict.lost += sum(text not in texts for text in owner.acknowledged)
        verdict.lost += sum(text not in owner.shown for text in texts)
        verdict.doubled += sum(count - 1 for count in owner.shown.values())
    verdict.lost += sum(len(person.acknowledged) for person in people if person.name not in seen)
    return verdict


async def _contacts(http: aiohttp.ClientSession, url: str) -> list[str]:
    """Every contact that ever arrived."""
    found: list[str] = []
    after_seq, more = 0, True
    while more:
        asked = {"after_seq": str(after_seq), "limit": "1000", "type": "contact_arrived"}
        async with http.get(f"{url}/api/v1/events", params=asked) as answer:
            answer.raise_for_status()
            page = msgspec.json.decode(await answer.read())
        found += [one["contact"] for one in page["events"]]
        after_seq, more = page["next_after_seq"], page["more"]
    return found


async def _conversation(http: aiohttp.ClientSession, url: str, contact: str) -> list[dict[str, Any]]:
    """All lines of a contact, as the log has them."""
    found: list[dict[str, Any]] = []
    after_seq, more = 0, True
    while more:
        async with http.get(f"{url}/api/v1/contacts/{contact}/messages", params={"after_seq": after_seq}) as answer:
            answer.raise_for_status()
            page = msgspec.json.decode(await answer.read())
        found += page["messages"]
        after_seq, more = page["next_after_seq"], page["more"]
    return found


def _told(
    verdict: Verdict,
    counts: Counter[str],
    delays: Delays,
    conditions: Line,
    visitors: int,
    agents: int,
    seconds: float,
    kills: int,
    memory_mb: float,
    every_s: float,
) -> Line:
    taken_ms = sorted(1000 * taken_s for taken_s in delays.taken_s) or [0.0]
    p99_ms = taken_ms[int(0.99 * (len(taken_ms) - 1))]
    return line(
        "chat_soak",
        verdict.lost + verdict.doubled,
        "lines lost or doubled",
        {"name": "bound", "value": 0},
        **conditions,
        lost=verdict.lost,
        doubled=verdict.doubled,
        visitors=visitors,
        agents=agents,
        seconds=seconds,
        every_s=every_s,
        kills=kills,
        delay_p50_ms=round(statistics.median(taken_ms), 1),
        delay_p99_ms=round(p99_ms, 1),
        memory_mb=round(memory_mb),
        **dict(sorted(counts.items())),
    )


def run() -> list[Line]:
    """The soak of 2,000 visitors and 200 agents for a minute, with 100 cuts a second and one kill."""
    with tempfile.TemporaryDirectory(prefix="trunkline-chat-") as folder:
        return [uvloop.run(soak(Path(folder), every_s=float(os.environ.get(SLOWER, EVERY_S))))]
