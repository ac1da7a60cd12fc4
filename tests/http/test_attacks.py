"""Whoever means harm gets a short answer: nothing breaks, nothing grows, and the next one is served."""

import asyncio
import gzip
import io
import json
import os
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
from aiohttp import ClientSession

from tests.http.support import CENTRE, CONTACTS, Build, House, stop_the_clock, tell
from tests.http.test_security import TOKENS

JSON = {"Content-Type": "application/json"}
MSGPACK = {"Content-Type": "application/msgpack"}
DEEP = 100_000


async def spoken(house: House, sent: bytes) -> bytes:
    """Return what the service answers to these bytes, until it closes or has said enough."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.adapter.port)
    answer = b""
    async with asyncio.timeout(20):
        try:
            writer.write(sent)
            await writer.drain()
            while b"\r\n\r\n" not in answer:
                piece = await reader.read(65_536)
                if not piece:
                    break
                answer += piece
        except ConnectionError:
            pass
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        (CONTACTS, b"Idempotency-Key: \xff"),
        ("/api/v1/events", b"ce-specversion: 1.0\r\nce-source: a\r\nce-type: queue_opened\r\nce-id: \xff"),
        ("/api/v1/events", b"ce-specversion: 1.0\r\nce-id: a\r\nce-type: queue_opened\r\nce-source: \xff"),
    ],
)
async def test_headers_that_are_not_text(build: Build, address: str, headers: bytes) -> None:
    house = await build()
    body = b'{"queue": "sales"}'
    head = f"POST {address} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
    answer = await spoken(house, head + headers + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert b"not UTF-8" in answer
    async with ClientSession(house.url) as client:
        await tell(client, CONTACTS, 201, queue="sales")


async def alive(client: ClientSession) -> None:
    """The next one is served."""
    async with client.get("/livez") as answer:
        assert answer.status == 200


def nested(opening: bytes, closing: bytes, depth: int = DEEP) -> bytes:
    """Return values within values."""
    return opening * depth + closing * depth


BODIES: list[tuple[str, dict[str, str], bytes]] = [
    ("arrays", JSON, nested(b"[", b"]")),
    ("objects", JSON, nested(b'{"a":', b"}").replace(b":}", b":1}")),
    ("unknown field", JSON, b'{"type":"queue_opened","queue":"sales","x":' + nested(b"[", b"]") + b"}"),
    ("in an array", JSON, b'[{"type":"queue_opened","queue":"sales","x":' + nested(b"[", b"]") + b"}]"),
    ("msgpack arrays", MSGPACK, b"\x91" * DEEP + b"\xc0"),
    ("msgpack maps", MSGPACK, b"\x81\xa1a" * DEEP + b"\xc0"),
    ("msgpack promises", MSGPACK, b"\xdd\xff\xff\xff\xff"),
    ("msgpack long text", MSGPACK, b"\xdb\xff\xff\xff\xff"),
    ("long number", JSON, b'{"type":"contact_arrived","contact":"c","queue":"sales","at_ns":' + b"9" * 100_000 + b"}"),
    ("huge exponent", JSON, b'{"type":"contact_arrived","contact":"c","queue":"sales","priority":1e999999}'),
    ("broken text", JSON, b'{"type":"queue_opened","queue":"\xff\xfe"}'),
    ("half a pair", JSON, b'{"type":"queue_opened","queue":"\\ud800"}'),
    ("zeros", JSON, b"\x00" * 1000),
    ("nothing", JSON, b""),
    ("cloud event", {"Content-Type": "application/cloudevents+json"}, b'{"data":' + nested(b"[", b"]") + b"}"),
    (
        "cloud data",
        {"Content-Type": "application/cloudevents+json"},
        b'{"specversion":"1.0","id":"1","source":"s","type":"queue_opened","data":{"queue":'
        + nested(b"[", b"]")
        + b"}}",
    ),
    (
        "cloud headers",
        {**JSON, "ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "queue_opened"},
        b'{"queue":' + nested(b"[", b"]") + b"}",
    ),
]


@pytest.mark.parametrize(("headers", "body"), [body[1:] for body in BODIES], ids=[body[0] for body in BODIES])
async def test_bodies_that_cannot_be_read(client: ClientSession, headers: dict[str, str], body: bytes) -> None:
    async with client.post("/api/v1/events", data=io.BytesIO(body), headers=headers) as answer:
        assert answer.status in (400, 422), await answer.text()
        assert answer.content_type == "application/problem+json"
        assert len(await answer.read()) < 4096
    async with client.post(
        "/api/v1/queues/sales/close", data=io.BytesIO(body or b"["), headers=JSON | headers
    ) as answer:
        assert answer.status in (400, 415)
    await alive(client)


async def test_bodies_that_are_too_large(client: ClientSession) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 65_536

    bodies: list[tuple[dict[str, str], Any]] = [
        ({}, io.BytesIO(b" " * (2 << 20))),
        ({}, drip()),
        ({"Content-Encoding": "gzip"}, gzip.compress(bytes(64 << 20), mtime=0)),
        ({}, msgpack.packb([{"type": "queue_opened", "queue": "sales"}] * 1001)),
    ]
    for headers, body in bodies:
        kind = MSGPACK if isinstance(body, bytes) and len(body) < 1 << 20 and not headers else JSON
        async with client.post("/api/v1/events", data=body, headers=kind | headers) as answer:
            assert answer.status == 413, (headers, await answer.text())
    await alive(client)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "a", "", ";;;"])
async def test_bodies_of_other_kinds(client: ClientSession, kind: str) -> None:
    async with client.post("/api/v1/events", data=b"{}", headers={"Content-Type": kind}) as answer:
        assert answer.status == 415


@pytest.mark.parametrize("address", ["/api/v1/events", CONTACTS, "/api/v1/queues/sales/close"])
@pytest.mark.parametrize(
    ("packing", "body", "expected"),
    [
        ("gzip", b"xxxx", 400),
        ("deflate", b"xxxx", 400),
        ("deflate", zlib.compress(b'{"queue": "sales"}' * 99)[:-9], 400),
        ("gzip", gzip.compress(b'{"queue": "sales"}' * 99, mtime=0)[:-9], 400),
        ("gzip", gzip.compress(b"{}", mtime=0) + b"more", 400),
        ("br", b"{}", 415),
        ("zstd", b"{}", 415),
        ("foo", b"{}", 415),
        ("gzip, gzip", b"{}", 415),
    ],
)
async def test_bodies_that_are_not_packed_as_they_say(
    client: ClientSession, address: str, packing: str, body: bytes, expected: int
) -> None:
    headers = {**JSON, "Content-Encoding": packing}
    async with client.post(address, data=io.BytesIO(body), headers=headers) as answer:
        assert answer.status == expected, await answer.text()
        assert answer.content_type == "application/problem+json"
    await alive(client)


FACT = b'{"type": "queue_opened", "queue": "sales"}'


@pytest.mark.parametrize(
    ("packing", "body"),
    [
        ("gzip", gzip.compress(FACT, mtime=0)),
        ("x-gzip", gzip.compress(FACT, mtime=0)),
        ("GZIP", gzip.compress(FACT[:9], mtime=0) + gzip.compress(FACT[9:], mtime=0)),
        ("deflate", zlib.compress(FACT)),
        ("deflate", zlib.compress(FACT, wbits=-15)),
        ("identity", FACT),
    ],
)
async def test_bodies_that_are_packed_as_they_say(client: ClientSession, packing: str, body: bytes) -> None:
    headers = {**JSON, "Content-Encoding": packing}
    async with client.post("/api/v1/events", data=io.BytesIO(body), headers=headers) as answer:
        assert answer.status == 202, await answer.text()


@pytest.mark.parametrize(
    ("charset", "expected"), [("utf-8", 202), ("UTF-8", 202), ('"utf-8"', 202), ("utf-16", 415), ("latin1", 415)]
)
async def test_texts_of_bodies_are_utf_8(client: ClientSession, charset: str, expected: int) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}"}
    for address, good in (("/api/v1/events", expected), ("/api/v1/queues/sales/open", min(expected, 415))):
        body = FACT if address.endswith("events") else b"{}"
        async with client.post(address, data=io.BytesIO(body), headers=headers) as answer:
            assert answer.status in (good, 200), await answer.text()
            if expected == 415:
                said = (await answer.json(content_type=None))["detail"]
                assert said == f"charset {charset!r} is not read; send UTF-8"


@pytest.mark.parametrize("address", ["/api/v1/events", "/nowhere"])
async def test_what_is_expected_and_unknown_is_a_problem(client: ClientSession, address: str) -> None:
    async with client.post(address, data=io.BytesIO(FACT), headers={**JSON, "Expect": "foo"}) as answer:
        problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["type"]) == (417, "/problems/expectation-failed")
        assert problem["detail"] == "Expect: foo is not known; leave the header out"
        assert answer.headers["Server"] == "trunkline"
    async with client.get("/problems/expectation-failed") as page:
        assert page.status == 200
    async with client.post("/api/v1/events", data=io.BytesIO(FACT), headers=JSON, expect100=True) as answer:
        assert answer.status == 202


@pytest.mark.parametrize(
    ("target", "size", "first"),
    [
        ("/api/v1/events", 3 << 20, b"HTTP/1.1 413"),
        ("/api/v1/events", 100, b"HTTP/1.1 100"),
        ("/api/v1/queues/sales/open", 3 << 20, b"HTTP/1.1 413"),
    ],
)
async def test_a_body_too_large_is_not_asked_for(build: Build, target: str, size: int, first: bytes) -> None:
    house = await build()
    head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    answer = await spoken(house, f"{head}Content-Length: {size}\r\nExpect: 100-continue\r\n\r\n".encode())
    assert answer.startswith(first), answer


async def test_half_a_character_is_pointed_at(client: ClientSession) -> None:
    start = (
        b'[{"type": "queue_opened", "queue": "sales"}, {"type": "contact_arrived", "contact": "c", "queue": "sales",'
    )
    for rest, pointer, what in (
        (rb'"attributes": {"a/b": "x\ud800"}}]', "/1/attributes/a~1b", "the text has"),
        (rb'"attributes": {"a": "\udc00 and more text"}}]', "/1/attributes/a", "the text has"),
        (rb'"customer": "\ud83d"}]', "/1/customer", "the text has"),
        (rb'"attributes": {"\ud800": "x"}}]', "/1/attributes", "a key of this object has"),
        (rb'"priority": 99, "customer": "\ud83d"}]', "/1/customer", "the text has"),
    ):
        async with client.post("/api/v1/events", data=io.BytesIO(start + rest), headers=JSON) as answer:
            problem = await answer.json()
            assert answer.status == 400
        (fault,) = problem["errors"]
        assert fault["pointer"] == pointer
        assert fault["detail"].startswith(f"{what} half of a surrogate pair, \\ud")
    command = io.BytesIO(rb'{"reason": "\ud800"}')
    async with client.post(f"{CONTACTS}/c/withdraw", data=command, headers=JSON) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["pointer"]) == (400, "/reason")
    await alive(client)


HEADS = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500),
    b"GET / HTTP/9.9\r\n\r\n",
    b"\r\n" * 100_000,
]


@pytest.mark.parametrize("place", range(len(HEADS)))
async def test_heads_that_cannot_be_read(build: Build, place: int) -> None:
    house = await build("idle_timeout: 1s")
    answer = await spoken(house, HEADS[place])
    assert answer == b"" or answer.split(b" ")[1][:1] == b"4", answer[:200]
    assert len(answer) < 8192
    async with ClientSession(house.url) as client:
        await alive(client)


@pytest.mark.parametrize(
    "path",
    [
        "/problems/../../../../etc/passwd",
        "/problems/..%2f..%2fsettings.py",
        "/problems/%2e%2e",
        "/pages/../adapter.py",
        "/pages/%2e%2e/adapter.py",
        "/pages/..%5cadapter.py",
        "/pages//etc/passwd",
        "/pages/document.css%00.html",
        "//evil.example/",
        "/api/v1/contacts/..%2f..%2fqueues",
    ],
)
async def test_paths_lead_nowhere(house: House, path: str) -> None:
    answer = await spoken(house, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404"), answer[:100]
    assert b"root:" not in answer


async def test_tokens_are_not_tried_one_after_the_other(build: Build) -> None:
    house = await build("requests_per_second: 2", centre=CENTRE + TOKENS)
    stop_the_clock(house)
    async with ClientSession(house.url) as client:
        found = []
        for number in range(8):
            headers = {"Authorization": f"Bearer trunkline_reader_{number}"}
            async with client.get("/api/v1/queues", headers=headers) as answer:
                found.append(answer.status)
    assert found[:4] == [401] * 4
    assert found[-1] == 429


def memory_mb() -> float:
    """Return this process's resident memory."""
    words = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.fixture
def raised_files() -> Iterator[None]:
    """Allow the sockets that the test needs."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
@pytest.mark.usefixtures("raised_files")
async def test_readers_who_do_not_read_cost_little(build: Build) -> None:
    house = await build("streams: 500, requests_per_second: 10000")
    request = b"GET /api/v1/stream?topics=queues,agents,waiting,events HTTP/1.1\r\nHost: localhost\r\n\r\n"
    deaf = [await asyncio.open_connection("127.0.0.1", house.adapter.port, limit=1024) for _ in range(499)]
    for _, writer in deaf:
        writer.write(request)
    feed = house.adapter.context.feed
    async with asyncio.timeout(30):
        while len(feed.readers) < 499:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    before_mb = memory_mb()
    async with ClientSession(house.url) as client, client.get("/api/v1/stream?topics=queues") as listening:
        for lap in range(20):
            facts = [
                {"type": "contact_arrived", "contact": f"c{lap}-{number}", "queue": "sales", "customer": "1" * 100}
                for number in range(100)
            ]
            await tell_facts(client, facts)
            gone = [{"type": "contact_released", "contact": fact["contact"]} for fact in facts]
            await tell_facts(client, gone)
        await tell(client, CONTACTS, 201, contact="last", queue="sales")
        async with asyncio.timeout(20):
            async for line in listening.content:
                if b'"entries":2001' in line:
                    break
        await alive(client)
    assert memory_mb() - before_mb < 200, "each reader may hold what the sockets hold, and one message more"
    assert len(feed.readers) >= 499
    for _, writer in deaf:
        writer.transport.abort()


async def tell_facts(client: ClientSession, facts: list[dict[str, str]]) -> None:
    """Send facts that are accepted."""
    async with client.post("/api/v1/events", json=facts) as answer:
        assert answer.status == 202


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"GARBAGE\r\n\r\n", "Invalid method encountered"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", "Got more than 8190 bytes"),
        (b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", "Invalid character in"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \x00secret\r\n\r\n", "Invalid header value char"),
    ],
)
async def test_what_is_no_request_is_a_problem_too(
    house: House, caplog: pytest.LogCaptureFixture, sent: bytes, reason: str
) -> None:
    caplog.set_level("DEBUG")
    reader, writer = await asyncio.open_connection("127.0.0.1", house.adapter.port)
    writer.write(sent)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert b" 400 " in head.splitlines()[0]
    assert b"Content-Type: application/problem+json" in head
    assert b"Server: trunkline" in head
    assert b"aiohttp" not in head
    problem = json.loads(body)
    assert (problem["type"], problem["status"]) == ("/problems/malformed", 400)
    assert problem["detail"].startswith(f"this is no HTTP request: {reason}")
    assert "\n" not in problem["detail"]
    told = [record for record in caplog.records if problem["request_id"] in record.getMessage()]
    assert [(record.levelname, record.exc_info) for record in told] == [("INFO", None)]
    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text
