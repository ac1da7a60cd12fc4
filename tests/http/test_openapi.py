"""The description is what the service does: every route is in it, and random requests by it find no contradiction."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from adapters.http.application import ROUTES
from tests.http.support import House, get, open_house_at


async def test_every_route_is_described(client: ClientSession, house: House) -> None:
    description = await get(client, "/openapi.json")
    assert description["openapi"].startswith("3.1")
    served = {(route.method.lower(), route.path) for route in ROUTES if route.group != "pages"}
    told = {(method, path) for path, methods in description["paths"].items() for method in methods}
    assert told == served
    ids = [operation["operationId"] for methods in description["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))
    for path, methods in description["paths"].items():
        parts = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        for operation in methods.values():
            assert parts == {item["name"] for item in operation["parameters"] if item["in"] == "path"}, path


async def test_the_documentation_shows_every_route_and_problem(client: ClientSession) -> None:
    async with client.get("/docs") as answer:
        page = await answer.text()
    for route in ROUTES:
        assert route.group == "pages" or f"<code>{route.path}</code>" in page
    assert "://" not in page.replace("http://127.0.0.1", "").replace("https://desk.example", "")
    async with client.get("/problems/unprocessable") as answer:
        assert "None of it could be accepted" in await answer.text()
    async with client.get("/problems/nonsense") as answer:
        assert answer.status == 404


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a house in a thread of its own; return its address."""
    ready, stop = threading.Event(), asyncio.Event()
    found: list[Any] = []

    async def run(folder: Path) -> None:
        house = await open_house_at(folder, "requests_per_second: 100000")
        found.extend((house, asyncio.get_running_loop()))
        ready.set()
        await stop.wait()
        await house.adapters.stop()
        await house.engine.stop()

    thread = threading.Thread(target=lambda: asyncio.run(run(tmp_path_factory.mktemp("house"))), daemon=True)
    thread.start()
    assert ready.wait(60)
    house, loop = found
    yield house.url
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)


BOUNDED = settings(
    max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_random_requests_find_no_contradiction(service: str) -> None:
    description = schemathesis.openapi.from_url(f"{service}/openapi.json").exclude(path_regex="stream$")
    tried = set()
    for found in description.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @settings(
            max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        ask()
        tried.add((operation.method.upper(), operation.path))
    told = {(route.method, route.path) for route in ROUTES if route.group != "pages"}
    assert told - tried == {("GET", "/api/v1/stream"), ("GET", "/openapi.json")}
