"""A real Prometheus scrapes a real engine, and the rules and the dashboard find their series there."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.deploy.test_deploy import RULES, queries
from tests.http.support import CONTACTS, House, tell
from tests.ports import free_port

CONFIGURATION = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: trunkline
    static_configs: [{{targets: ["{target}"]}}]
"""
SCRAPED_TWICE = "(trunkline_queue_waiting > 1) and on (instance) rate(trunkline_facts_total[1m])"


@pytest.fixture
async def prometheus(house: House, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a Prometheus that scrapes the house."""
    command = shutil.which("prometheus")
    if command is None:
        pytest.skip("prometheus is not installed")
    port = free_port()
    file = tmp_path / "prometheus.yaml"
    file.write_text(CONFIGURATION.format(rules=RULES, target=urlsplit(house.url).netloc))
    process = await asyncio.create_subprocess_exec(
        command,
        f"--config.file={file}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def ask(session: aiohttp.ClientSession, address: str, **parameters: str) -> Any:
    """What an address of Prometheus answers, once it answers."""
    async with session.get(address, params=parameters) as answer:
        return json.loads(await answer.text())["data"] if answer.status == 200 else None


@pytest.mark.peer
@pytest.mark.slow
async def test_prometheus_scrapes_what_rules_and_dashboard_ask_for(
    prometheus: str, client: aiohttp.ClientSession
) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="available")
    await tell(client, CONTACTS, 201, queue="sales", contact="waits")
    await tell(client, CONTACTS, 201, queue="sales", contact="too")
    async with aiohttp.ClientSession() as session:
        async with asyncio.timeout(60):
            found: Any = None
            while not found:
                try:
                    data = await ask(session, f"{prometheus}/api/v1/query", query=SCRAPED_TWICE)
                    found = data and data["result"]
                except aiohttp.ClientConnectionError:
                    found = None
                await asyncio.sleep(0.2)
        assert [series["metric"]["queue"] for series in found] == ["sales"]
        (target,) = (await ask(session, f"{prometheus}/api/v1/targets"))["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
        groups = (await ask(session, f"{prometheus}/api/v1/rules"))["groups"]
        states = {rule["name"]: (rule["health"], rule.get("lastError")) for group in groups for rule in group["rules"]}
        assert len(states) > 15
        assert {error for _, error in states.values()} == {None}
        answered = [
            query for query in queries() if (await ask(session, f"{prometheus}/api/v1/query", query=query))["result"]
        ]
        assert len(answered) > len(queries()) / 2
