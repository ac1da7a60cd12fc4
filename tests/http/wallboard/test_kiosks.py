"""Screens on walls: their tickets show boards alone, live long, outlive a restart, and can be taken back."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.http.problems import Problem
from adapters.http.wallboard.kiosks import KEY, KIOSKS_MAX, LIST, Kiosks
from adapters.http.wallboard.privacy import initials
from tests.http.support import CENTRE, Build, get

DAY_NS = 86_400 * 10**9
CHIEF = {"Authorization": "Bearer trunkline_chief_s4"}
ADMIN = {"Authorization": "Bearer trunkline_root_s9"}
READER = {"Authorization": "Bearer trunkline_reader_s1"}
TOKENS = f"""tokens:
  - {{id: chief, sha256: {hashlib.sha256(b"s4").hexdigest()}, scopes: [supervise, read]}}
  - {{id: reader, sha256: {hashlib.sha256(b"s1").hexdigest()}, scopes: [read]}}
  - {{id: root, sha256: {hashlib.sha256(b"s9").hexdigest()}, scopes: [admin]}}
"""


async def test_a_kiosk_sees_boards_alone_until_it_is_taken_back(build: Build) -> None:
    house = await build(centre=CENTRE + TOKENS)
    async with ClientSession(house.url) as client:
        async with client.post("/api/v1/kiosks", json={"name": "Sàn 3"}, headers=READER) as answer:
            assert answer.status == 403
        async with client.post("/api/v1/kiosks", json={"name": "Sàn 3"}, headers=CHIEF) as answer:
            made = await answer.json()
            assert answer.status == 201
        ticket = made["ticket"]
        assert made["path"] == f"/wallboard/default?kiosk=1&ticket={ticket}"
        assert ticket not in str(await (await client.get("/api/v1/kiosks", headers=CHIEF)).json())
        kiosk = {"Authorization": f"Bearer {ticket}"}
        for address in ("", "/hour", "/waiting?queue=sales", "/lost", "/day", "/past/span"):
            async with client.get(f"/api/v1/boards/default{address}", headers=kiosk) as answer:
                assert answer.status == 200, address
        for address in ("/api/v1/queues", "/api/v1/events", "/api/v1/stream?topics=events", "/metrics"):
            async with client.get(address, headers=kiosk) as answer:
                assert answer.status == 403, address
        async with client.post("/api/v1/queues/sales/close", headers=kiosk) as answer:
            assert answer.status == 403
        async with client.get("/api/v1/stream?topics=queues&ping=1", headers=kiosk) as stream:
            assert stream.status == 200
            async with client.post(f"/api/v1/kiosks/{made['kiosk']['id']}/revoke", headers=CHIEF) as answer:
                assert answer.status == 200
            async with asyncio.timeout(30):
                assert b"event: end" in await stream.content.read()
        async with client.get("/api/v1/boards/default", headers=kiosk) as answer:
            assert answer.status == 401
        async with client.post(f"/api/v1/kiosks/{made['kiosk']['id']}/revoke", headers=CHIEF) as answer:
            assert answer.status == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "x", "board": "nowhere"}, "/board"),
        ({"name": "x", "lives": "soon"}, "/lives"),
        ({"name": "x", "lives": "0s"}, "/lives"),
    ],
)
async def test_a_wrong_kiosk_says_what_is_wrong(build: Build, body: dict[str, str], pointer: str) -> None:
    house = await build()
    async with ClientSession(house.url) as client, client.post("/api/v1/kiosks", json=body) as answer:
        problem = await answer.json()
        assert (answer.status, problem["errors"][0]["pointer"]) == (422, pointer)
        assert (await get(client, "/api/v1/kiosks"))["kiosks"] == []


def test_tickets_outlive_a_restart_and_end_by_themselves(tmp_path: Path) -> None:
    kiosks = Kiosks(tmp_path)
    kiosk, ticket = kiosks.issue("floor", "default", "lan", 0, DAY_NS)
    assert Kiosks(tmp_path).caller(ticket, DAY_NS).kiosk == kiosk.id
    with pytest.raises(Problem):
        Kiosks(tmp_path).caller(ticket, DAY_NS + 1)
    assert (tmp_path / KEY).stat().st_mode & 0o077 == 0
    assert ticket not in (tmp_path / LIST).read_text()
    Kiosks(tmp_path).revoke(kiosk.id)
    with pytest.raises(Problem):
        Kiosks(tmp_path).caller(ticket, 1)


def test_nothing_else_opens_a_board(tmp_path: Path) -> None:
    kiosks = Kiosks(tmp_path)
    kiosk, ticket = kiosks.issue("floor", "default", "lan", 0, DAY_NS)
    other, _ = kiosks.issue("door", "default", "lan", 0, DAY_NS)
    signature = ticket.rpartition(f"{kiosk.id}_")[2]
    for wrong in (f"kiosk_{other.id}_{signature}", ticket[:-1], f"kiosk_{kiosk.id}_", "kiosk_", "kiosk_é_\udcff"):
        with pytest.raises(Problem):
            kiosks.caller(wrong, 1)
    (tmp_path / KEY).unlink()
    with pytest.raises(Problem):
        Kiosks(tmp_path).caller(ticket, 1)


def test_there_are_not_too_many(tmp_path: Path) -> None:
    kiosks = Kiosks(None)
    for number in range(KIOSKS_MAX):
        kiosks.issue(f"k{number}", "default", "", 0, 10)
    with pytest.raises(Problem, match="take one back first"):
        kiosks.issue("one more", "default", "", 5, 10)
    kiosks.issue("one more", "default", "", 20, 10)
    assert len(kiosks.all()) == 1
    (tmp_path / LIST).write_text("nonsense")
    assert Kiosks(tmp_path).all() == []


BOARDS = "boards: {floor: {queues: [sales], privacy: true}, back: {queues: [help]}}"
NAMED = CENTRE.replace("{name: alice,", "{name: alice, display_name: Nguyễn Thị Ân,")


async def ticket_of(client: ClientSession, board: str, headers: dict[str, str]) -> dict[str, str]:
    """Return the headers of a new kiosk of a board."""
    async with client.post("/api/v1/kiosks", json={"name": "x", "board": board}, headers=headers) as answer:
        return {"Authorization": f"Bearer {(await answer.json())['ticket']}"}


async def first_told(client: ClientSession, headers: dict[str, str], address: str) -> dict[str, Any]:
    """Return the first items of each topic of a stream."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(30), client.get(f"/api/v1/stream?{address}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        async for line in answer.content:
            if line.startswith(b"data: "):
                data = json.loads(line[6:])
                found.setdefault(data["topic"], data["items"])
                if len(found) == 3:
                    return found
    raise EOFError


async def test_a_ticket_reads_its_own_board_alone(build: Build) -> None:
    house = await build(BOARDS, NAMED + TOKENS)
    async with ClientSession(house.url) as client:
        kiosk = await ticket_of(client, "back", CHIEF)
        assert [one["board"] for one in (await get(client, "/api/v1/boards", kiosk))["boards"]] == ["back"]
        for address in (
            "/api/v1/boards/floor",
            "/api/v1/boards/default/lost",
            "/api/v1/stream?topics=queues&board=floor",
        ):
            async with client.get(address, headers=kiosk) as answer:
                assert answer.status == 403, address
                assert "'back' alone" in (await answer.json())["detail"]
        told = await first_told(client, kiosk, "topics=queues,agents,waiting")
        assert [one["queue"] for one in told["queues"]] == ["help"]
        assert [one["agent"] for one in told["agents"]] == ["bob"]
        moment = await get(client, "/api/v1/boards/back/past?at=9000000000000000000", kiosk)
        assert [one["queue"] for one in moment["queues"]] == ["help"]
        assert [one["agent"] for one in moment["agents"]] == ["bob"]


async def test_no_name_reaches_the_screen_of_a_board_with_privacy(build: Build) -> None:
    house = await build(BOARDS, NAMED + TOKENS)
    async with ClientSession(house.url) as client:
        async with client.put("/api/v1/agents/alice/status", json={"status": "available"}, headers=ADMIN) as answer:
            assert answer.status == 200, await answer.text()
        async with client.post("/api/v1/contacts", json={"queue": "sales", "contact": "c1"}, headers=ADMIN) as answer:
            assert answer.status == 201
        kiosk = await ticket_of(client, "floor", CHIEF)
        assert (await get(client, "/api/v1/boards/floor", kiosk))["unnamed"] is True
        told = await first_told(client, kiosk, "topics=queues,agents,waiting")
        assert {one["display_name"] for one in told["agents"]} == {"NTÂ", "B"}
        assert told["waiting"][0]["why_agent"] == "NTÂ"
        line = await get(client, "/api/v1/boards/floor/waiting?queue=sales", kiosk)
        moment = await get(client, "/api/v1/boards/floor/past?at=9000000000000000000", kiosk)
        for found in (told, line, moment):
            text = json.dumps(found, ensure_ascii=False)
            assert "alice" not in text
            assert "Nguyễn" not in text
        shown = await first_told(client, CHIEF, "topics=queues,agents,waiting&board=floor")
        assert "alice" in json.dumps(shown)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Nguyễn Thị An", "NTA"),
        ("Nguyễn Thị Huyền 17", "NTH17"),
        ("agent012", "A012"),
        ("Agent 1234", "A234"),
        ("lê.văn-bình tùng", "LVB"),
        ("12 Agent", "12A"),
        ("", ""),
    ],
)
def test_initials_keep_the_number_that_tells_many_apart(name: str, short: str) -> None:
    assert initials(name) == short
