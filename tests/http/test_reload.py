"""A reload of the configuration: boards, tokens and limits are followed while streams are open; the rest is named."""

import asyncio
import hashlib
from pathlib import Path

import pytest
from aiohttp import ClientSession

from adapters.http.adapter import HttpAdapter
from engine.config.load import load_config
from engine.errors import ConfigError
from tests.http.support import CENTRE, Build, House, get

SECRET = "trunkline_lan_s1"


def tokens(name: str) -> str:
    """Return the section of one token."""
    return f"tokens: [{{id: {name}, sha256: {hashlib.sha256(b's1').hexdigest()}, scopes: [admin]}}]"


def reload(house: House, folder: Path, settings: str, more: str = "") -> list[str]:
    """Hand the adapter what a changed file says; returns what it does not follow."""
    path = folder / "changed.yaml"
    path.write_text(f"{CENTRE}\n{more}\nadapters:\n  http: {{port: 0, {settings}}}\n")
    config = load_config(path, adapters={"http": lambda: HttpAdapter})
    return house.adapters.reload(config.adapters, config.endpoints()).faults


async def test_boards_follow_a_reload_and_streams_of_a_changed_one_come_back(build: Build, tmp_path: Path) -> None:
    house = await build("boards: {floor: {title: One, queues: [sales]}, kept: {}}")
    async with ClientSession(house.url) as client:
        address = "/api/v1/stream?topics=queues&ping=1&board="
        async with client.get(f"{address}floor") as changed, client.get(f"{address}kept") as kept:
            assert reload(house, tmp_path, "boards: {floor: {title: Two, queues: [help]}, kept: {}, new: {}}") == []
            async with asyncio.timeout(30):
                assert b"event: end" in await changed.content.read()
            assert not kept.content.at_eof()
        assert (await get(client, "/api/v1/boards/floor"))["title"] == "Two"
        assert len((await get(client, "/api/v1/boards"))["boards"]) == 4
        async with client.get(f"{address}floor") as again, asyncio.timeout(30):
            text = b""
            while b"snapshot" not in text or b"\n\n" not in text.partition(b"snapshot")[2]:
                text += await again.content.readany()
        assert b'"help"' in text
        assert b'"sales"' not in text


async def test_a_board_that_is_gone_shows_nothing_to_who_still_has_it_open(build: Build, tmp_path: Path) -> None:
    house = await build("boards: {floor: {queues: [sales]}}")
    async with ClientSession(house.url) as client:
        async with client.get("/api/v1/stream?topics=queues&ping=1&board=floor") as stream:
            assert reload(house, tmp_path, "boards: {}") == []
            async with asyncio.timeout(30):
                rest = await stream.content.read()
        assert b"event: end" in rest
        assert b'"help"' not in rest
        async with client.get("/api/v1/stream?board=floor") as answer:
            assert answer.status == 404


async def test_a_token_that_was_taken_away_opens_nothing_any_more(build: Build, tmp_path: Path) -> None:
    house = await build(centre=f"{CENTRE}\n{tokens('lan')}\n")
    async with ClientSession(house.url, headers={"Authorization": f"Bearer {SECRET}"}) as client:
        assert (await get(client, "/api/v1/queues"))["queues"]
        assert reload(house, tmp_path, "requests_per_second: 1", tokens("minh")) == []
        async with client.get("/api/v1/queues") as answer:
            assert answer.status == 401


@pytest.mark.parametrize(("settings", "named"), [("host: 127.0.0.2", "host"), ("streams: 3, title: 1", "")])
async def test_what_needs_a_restart_is_named_and_all_else_followed(
    build: Build, tmp_path: Path, settings: str, named: str
) -> None:
    house = await build()
    if not named:
        with pytest.raises(ConfigError):
            reload(house, tmp_path, settings)
        return
    assert reload(house, tmp_path, f"{settings}, idle_timeout: 9s, boards: {{new: {{}}}}") == [
        "adapters.http.host is followed only by a restart",
        "adapters.http.idle_timeout is followed only by a restart",
    ]
    assert house.adapter.settings.host == "127.0.0.1"
    async with ClientSession(house.url) as client:
        assert (await get(client, "/api/v1/boards/new"))["board"] == "new"
    (fault,) = reload(house, tmp_path, "requests_per_second: 7", tokens("lan"))
    assert "tokens" in fault
