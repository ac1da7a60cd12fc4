"""What the wallboard costs the browser that shows it: 200 agents, 50 queues, ten updates a second.

A real engine in this process, its boards told ten times a second instead of four, and the page in Chromium. People come
and go so that every update changes queues, agents and the waiting list. What counts is the processor time of all script
of the page for each time that it draws, messages included; style and layout stand beside it, and the clock's times of
drawing, which other work on the machine lengthens.
"""

import asyncio
import contextlib
import random
import shutil
from pathlib import Path
from typing import Any, Final

import aiohttp
import uvloop

import adapters.http.feed.feed
from benchmarks.history import config_file, folder_here
from benchmarks.report import Line, line
from benchmarks.served import free_port
from engine.config import load_config
from engine.live.host import EngineHost

NAMES: Final = ("wallboard_frame_ms",)
AGENTS: Final = 200
QUEUES: Final = 50
UPDATES_PER_S: Final = 10
FACTS_A_BEAT: Final = 20
SECONDS: Final = 20.0
SETTLE_S: Final = 3.0
ARGUMENTS: Final = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking")
COSTS: Final = {"script": "ScriptDuration", "style": "RecalcStyleDuration", "layout": "LayoutDuration"}
FRAMES: Final = "() => performance.getEntriesByName('wallboard-frame').map((entry) => entry.duration)"


def run(agents: int = AGENTS, queues: int = QUEUES, seconds: float = SECONDS) -> list[Line]:
    """Measure; one line, or none where there is no Chromium."""
    command = shutil.which("chromium") or shutil.which("chromium-browser")
    if command is None:
        return []
    with folder_here() as folder:
        return [uvloop.run(measure(folder, command, agents, queues, seconds))]


async def measure(folder: Path, command: str, agents: int, queues: int, seconds: float) -> Line:
    """Show a busy house for a while, and ask the browser what that took."""
    port = free_port()
    section = f"adapters: {{http: {{port: {port}, requests_per_second: 100000}}}}"
    file = config_file(folder, agents=agents, contacts=20_000, queues=queues, adapters=section)
    beat_s, adapters.http.feed.feed.REFRESH_S = adapters.http.feed.feed.REFRESH_S, 1 / UPDATES_PER_S  # type: ignore[misc]
    host = EngineHost(load_config(file), folder / "data", segment_bytes=16 << 20)
    try:
        await host.start()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            people = asyncio.create_task(_live(session, agents, queues))
            try:
                costs, frames = await _shown(f"http://127.0.0.1:{port}/wallboard", command, seconds)
            finally:
                people.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await people
    finally:
        adapters.http.feed.feed.REFRESH_S = beat_s  # type: ignore[misc]
        await host.stop()
    frames.sort()
    each_ms = {name: round(cost_s * 1000 / len(frames), 2) for name, cost_s in costs.items()}
    return line(
        "wallboard_frame_ms",
        each_ms["script"],
        "ms",
        {"name": "a frame of a screen with 60 Hz", "ms": 16.7},
        style_ms=each_ms["style"],
        layout_ms=each_ms["layout"],
        frames=len(frames),
        by_the_clock_p50_ms=round(frames[len(frames) // 2], 2),
        by_the_clock_p99_ms=round(frames[int(len(frames) * 0.99)], 2),
        inputs=f"{agents} agents, {queues} queues, {UPDATES_PER_S} updates a second, 1920 x 1080",
    )


async def _shown(address: str, command: str, seconds: float) -> tuple[dict[str, float], list[float]]:
    """Return the seconds that script, style and layout took while the page was shown, and each frame's script ms."""
    from playwright.async_api import async_playwright

    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=command, args=list(ARGUMENTS))
        page = await (await browser.new_context(viewport={"width": 1920, "height": 1080})).new_page()
        await page.goto(address)
        await page.wait_for_selector("#agents li")
        await asyncio.sleep(SETTLE_S)
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = await _costs(session)
        await page.evaluate("performance.clearMeasures()")
        await asyncio.sleep(seconds)
        frames: list[float] = await page.evaluate(FRAMES)
        after = await _costs(session)
        await browser.close()
    return {name: after[name] - before[name] for name in COSTS}, frames


async def _costs(session: Any) -> dict[str, float]:
    found = {entry["name"]: entry["value"] for entry in (await session.send("Performance.getMetrics"))["metrics"]}
    return {name: found[metric] for name, metric in COSTS.items()}


async def _live(session: aiohttp.ClientSession, agents: int, queues: int) -> None:
    """Let people call, answer, hang up and pause, twenty facts a tenth of a second, until it is cancelled."""
    drawn, number, talking = random.Random(1), 0, list[str]()
    names = [f"agent{place:05}" for place in range(1, agents + 1)]
    await _post(session, [_status(name, "available") for name in names[: agents // 2]])
    while True:
        facts: list[dict[str, Any]] = []
        for _ in range(FACTS_A_BEAT // 3):
            number += 1
            queue = f"q{drawn.randrange(queues) + 1:02}"
            facts.append({"type": "contact_arrived", "contact": f"c{number}", "queue": queue, "customer": "+84901234"})
            talking.append(f"c{number}")
        while len(talking) > agents // 2:
            facts.append({"type": "contact_released", "contact": talking.pop(0)})
        facts += [_status(drawn.choice(names), drawn.choice(("available", "paused"))) for _ in range(FACTS_A_BEAT // 3)]
        await _post(session, facts)
        await asyncio.sleep(1 / UPDATES_PER_S)


def _status(agent: str, status: str) -> dict[str, Any]:
    return {"type": "agent_status_changed", "agent": agent, "status": status}


async def _post(session: aiohttp.ClientSession, facts: list[dict[str, Any]]) -> None:
    async with session.post("/api/v1/events", json=facts) as answer:
        assert answer.status == 202, await answer.text()
