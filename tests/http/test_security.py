"""Who may ask for what, from where, and how often."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from engine.config.load import load_config
from engine.errors import ConfigError
from tests.http.support import CENTRE, CONTACTS, Build, get, stop_the_clock, tell

SECRETS = {"reader": "s_1", "ingester": "s2", "agent": "s3", "chief": "s4", "admin": "s5"}
SCOPES = {"reader": "read", "ingester": "ingest", "agent": "agent", "chief": "supervise", "admin": "admin"}
TOKENS = "tokens:\n" + "".join(
    f"  - {{id: {name}, sha256: {hashlib.sha256(secret.encode()).hexdigest()}, scopes: [{SCOPES[name]}]}}\n"
    for name, secret in SECRETS.items()
)


def bearer(name: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer trunkline_{name}_{SECRETS[name]}"}


ASKING = [
    ("GET", "/api/v1/queues", "reader"),
    ("GET", "/metrics", "reader"),
    ("GET", "/api/v1/stream", "reader"),
    ("POST", "/api/v1/events", "ingester"),
    ("POST", "/api/v1/contacts", "ingester"),
    ("PUT", "/api/v1/agents/alice/status", "agent"),
    ("POST", "/api/v1/queues/sales/close", "chief"),
    ("POST", "/api/v1/contacts/c1/withdraw", "chief"),
]


@pytest.mark.parametrize(("method", "address", "name"), ASKING)
async def test_each_address_asks_for_its_scope(build: Build, method: str, address: str, name: str) -> None:
    house = await build(centre=CENTRE + TOKENS)
    async with ClientSession(house.url) as client:
        async with client.request(method, address) as answer:
            assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="trunkline"')
        for other in SECRETS:
            async with client.request(method, address, headers=bearer(other)) as answer:
                allowed = (name, "admin", "chief") if address.endswith("/status") else (name, "admin")
                assert (answer.status == 403) is (other not in allowed), (other, answer.status)


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer trunkline_reader_wrong",
        "Bearer trunkline_nobody_s_1",
        "Bearer reader_s_1",
        "Basic trunkline_reader_s_1",
        "x",
    ],
)
async def test_wrong_tokens_are_refused(build: Build, authorization: str) -> None:
    house = await build(centre=CENTRE + TOKENS)
    async with (
        ClientSession(house.url) as client,
        client.get("/api/v1/queues", headers={"Authorization": authorization}) as answer,
    ):
        assert answer.status == 401
        assert "invalid_token" in answer.headers["WWW-Authenticate"]


async def test_pages_health_and_documentation_are_open(build: Build) -> None:
    house = await build(centre=CENTRE + TOKENS)
    async with ClientSession(house.url) as client:
        for address in (
            "/",
            "/pages/wallboard/main.js",
            "/livez",
            "/readyz",
            "/docs",
            "/openapi.json",
            "/problems/forbidden",
        ):
            async with client.get(address) as answer:
                assert answer.status == 200, address
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_facts_need_the_scope_of_what_they_do(build: Build) -> None:
    tokens = TOKENS + "".join(
        f"  - {{id: {name}, sha256: {hashlib.sha256(name.encode()).hexdigest()}, scopes: [ingest{more}]}}\n"
        for name, more in (("pbx", ""), ("desk", ", agent"), ("boss", ", supervise"))
    )
    house = await build(centre=CENTRE + tokens)

    async def send(client: ClientSession, name: str, *facts: dict[str, Any]) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer trunkline_{name}_{name}"}
        async with client.post("/api/v1/events", json=list(facts), headers=headers) as answer:
            return answer.status, await answer.json()

    arrived = {"type": "contact_arrived", "contact": "c", "queue": "sales"}
    released = {"type": "contact_released", "contact": "c"}
    held = {"type": "contact_held", "contact": "c"}
    closed = {"type": "queue_closed", "queue": "sales"}
    paused = {"type": "agent_status_changed", "agent": "alice", "status": "paused"}
    leg = {"type": "leg_recorded", "contact": "c", "leg": "l", "record": ""}
    async with ClientSession(house.url) as client:
        for name, fact, scope in (
            ("pbx", closed, "supervise"),
            ("pbx", paused, "agent"),
            ("desk", closed, "supervise"),
            ("boss", paused, "agent"),
        ):
            status, problem = await send(client, name, arrived, fact)
            assert status == 403
            assert problem["detail"] == (
                f"'{fact['type']}', fact 2 of 2, needs the scope '{scope}', which token '{name}' lacks"
            )
        assert (await send(client, "pbx", arrived))[0] == 202, "nothing was changed by those before"
        for name, fact in (("ingester", released), ("desk", released), ("boss", held), ("boss", leg)):
            sender = "pbx2" if name == "ingester" else name
            if sender == "pbx2":
                async with client.post("/api/v1/events", json=fact, headers=bearer(name)) as answer:
                    status, problem = answer.status, await answer.json()
            else:
                status, problem = await send(client, name, fact)
            assert (status, problem["detail"]) == (
                422,
                "there is no open contact 'c' that this source brought; nothing was changed",
            ), name
        assert (await send(client, "pbx", leg))[0] == 202
        assert (await send(client, "desk", held, paused))[0] == 202
        assert (await send(client, "boss", {"type": "priority_changed", "contact": "c", "priority": 3}, closed))[
            0
        ] == 202
        status, told = await send(client, "pbx", released)
        assert (status, told["results"][0].get("refused", "")) == (202, "")
        async with client.post(
            "/api/v1/events", json=[arrived, released, closed, paused], headers=bearer("admin")
        ) as answer:
            assert (await answer.json())["accepted"] == 4


async def test_a_body_with_faults_tells_no_one_which_contacts_of_others_are_open(build: Build) -> None:
    house = await build(centre=CENTRE + TOKENS)
    arrived = {"type": "contact_arrived", "contact": "theirs", "queue": "sales"}
    probe = [{"type": "contact_held", "contact": name} for name in ("theirs", "nobodys")]
    async with ClientSession(house.url) as client:
        async with client.post("/api/v1/events", json=arrived, headers=bearer("admin")) as answer:
            assert answer.status == 202
        for name, told in (("ingester", []), ("admin", ["there is no open contact 'nobodys'"])):
            async with client.post("/api/v1/events", json=[*probe, {"type": "?"}], headers=bearer(name)) as answer:
                assert answer.status == 400
                details = [fault["detail"] for fault in (await answer.json())["errors"]]
            assert [detail for detail in details if "open contact" in detail] == told


async def test_ids_belong_to_the_token_that_sent_them(build: Build) -> None:
    more = TOKENS + TOKENS.splitlines()[2].replace("ingester", "another") + "\n"
    house = await build(centre=CENTRE + more)
    async with ClientSession(house.url) as client:
        for name in ("ingester", "another"):
            fact = {"type": "contact_arrived", "contact": name, "queue": "sales", "id": "1"}
            headers = {"Authorization": f"Bearer trunkline_{name}_s2"}
            async with client.post("/api/v1/events", json=fact, headers=headers) as answer:
                assert (await answer.json())["accepted"] == 1


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[::2]"])
async def test_names_that_are_not_ours_are_refused(build: Build, host: str) -> None:
    house = await build()
    async with ClientSession(house.url) as client, client.get("/livez", headers={"Host": host}) as answer:
        assert answer.status == 421


async def test_names_that_are_listed_are_ours(build: Build) -> None:
    house = await build("hosts: [desk.example]")
    async with ClientSession(house.url) as client:
        for host in ("desk.example:8080", "localhost", "[::1]:1"):
            async with client.get("/livez", headers={"Host": host}) as answer:
                assert answer.status == 200


async def test_foreign_pages_may_not_command(build: Build) -> None:
    house = await build("cors: ['https://desk.example']")
    address = "/api/v1/queues/sales/close"
    async with ClientSession(house.url) as client:
        async with client.post(address, headers={"Origin": "https://evil.example"}) as answer:
            assert answer.status == 403
            assert "Access-Control-Allow-Origin" not in answer.headers
        async with client.post(address, headers={"Origin": "https://desk.example"}) as answer:
            assert answer.status == 200
            assert answer.headers["Access-Control-Allow-Origin"] == "https://desk.example"
        async with client.post(address, headers={"Origin": house.url}) as answer:
            assert answer.status == 200
        async with client.options(address, headers={"Origin": "https://desk.example"}) as answer:
            assert (answer.status, "POST" in answer.headers["Access-Control-Allow-Methods"]) == (204, True)
        async with client.options(address, headers={"Origin": "https://evil.example"}) as answer:
            assert answer.status == 403


async def test_too_many_requests(build: Build) -> None:
    house = await build("requests_per_second: 1")
    stop_the_clock(house)
    async with ClientSession(house.url) as client:
        answers = [await client.get("/livez") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 429, 429]
    assert answers[-1].headers["Retry-After"] == "1"


async def test_request_ids_are_kept_if_they_are_harmless(build: Build) -> None:
    house = await build()
    async with ClientSession(house.url) as client:
        async with client.get("/livez", headers={"X-Request-Id": "abc-1"}) as answer:
            assert answer.headers["X-Request-Id"] == "abc-1"
        async with client.get("/livez", headers={"X-Request-Id": "a b<script>"}) as answer:
            assert answer.headers["X-Request-Id"] != "a b<script>"


@pytest.mark.slow
async def test_a_slow_head_and_a_slow_body_are_not_waited_for(build: Build) -> None:
    house = await build("idle_timeout: 1s, body_timeout: 1s")
    for sent in (
        b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        b"POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 9\r\n\r\n[",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.adapter.port)
        writer.write(sent)
        async with asyncio.timeout(10):
            answer = await reader.read()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 408")
        writer.close()
        await writer.wait_closed()


def test_other_machines_are_let_in_only_with_tokens(tmp_path: Path) -> None:
    from adapters.http.adapter import HttpAdapter

    path = tmp_path / "centre.yaml"
    section = "adapters:\n  http: {host: 0.0.0.0}\n"
    path.write_text(CENTRE + section)
    with pytest.raises(ConfigError, match=r"centre.yaml:\d+:\d+: listening at 0.0.0.0 .*trunkline token new"):
        load_config(path, adapters={"http": lambda: HttpAdapter})
    path.write_text(CENTRE + "adapters:\n  http: {host: 0.0.0.0, port: -1}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path, adapters={"http": lambda: HttpAdapter})
    assert ["tokens are needed" in caught.value.faults[0], "-1 is out of range" in caught.value.faults[1]] == [True] * 2
    path.write_text(CENTRE + TOKENS + section)
    config = load_config(path, adapters={"http": lambda: HttpAdapter})
    assert [token.id for token in config.adapters["http"].tokens] == list(SECRETS)


async def test_a_full_engine_says_when_to_come_back(build: Build) -> None:
    house = await build(hold=True)
    house.engine.inbox.capacity = 0
    async with ClientSession(house.url) as client:
        fact = {"type": "contact_arrived", "contact": "c1", "queue": "sales"}
        async with client.post("/api/v1/events", json=fact) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
            assert (await answer.json())["type"] == "/problems/overloaded"


async def test_an_open_house_needs_no_token(build: Build) -> None:
    house = await build()
    async with ClientSession(house.url) as client:
        await tell(client, CONTACTS, 201, queue="sales", contact="c1")
        assert (await get(client, "/api/v1/queues/sales"))["waiting"] == 1


async def test_a_token_of_an_agent_acts_as_that_one_alone(build: Build) -> None:
    secret = hashlib.sha256(b"s6").hexdigest()
    one = f"  - {{id: alice, sha256: {secret}, scopes: [agent, ingest, read], agent: alice}}\n"
    house = await build(centre=CENTRE + TOKENS + one)
    headers = {"Authorization": "Bearer trunkline_alice_s6"}

    async def post(client: ClientSession, expected: int, *facts: dict[str, Any]) -> Any:
        async with client.post("/api/v1/events", json=list(facts), headers=headers) as answer:
            assert answer.status == expected, await answer.text()
            return await answer.json()

    async with ClientSession(house.url) as client:
        for agent, expected in (("alice", 200), ("bob", 403), ("nobody", 403)):
            address = f"/api/v1/agents/{agent}/status"
            async with client.put(address, json={"status": "available"}, headers=headers) as answer:
                assert answer.status == expected
        arrival = {"type": "contact_arrived", "contact": "c1", "queue": "sales"}
        await post(client, 202, arrival, {"type": "wrap_up_finished", "agent": "alice"})
        refused = await post(client, 403, {"type": "wrap_up_finished", "agent": "bob"})
        assert refused["detail"] == "the token 'alice' acts as 'alice' alone; 'wrap_up_finished' is of agent 'bob'"
        await post(client, 403, {"type": "agent_reachability_changed", "agent": "bob", "reachable": True})
        await post(client, 403, {"type": "contact_held", "contact": "c1"})
        await post(client, 202, {"type": "offer_answered", "agent": "alice", "contact": "c1"})
        await post(client, 202, {"type": "contact_held", "contact": "c1"})
        assert (await get_with(client, "/api/v1/agents/bob", headers))["status"] == "offline"


async def get_with(client: ClientSession, address: str, headers: dict[str, str]) -> Any:
    async with client.get(address, headers=headers) as answer:
        assert answer.status == 200
        return await answer.json()


@pytest.mark.parametrize(
    ("scopes", "agent", "fault"),
    [
        ("read", "alice", "a token of one agent has the scope 'agent', and neither 'supervise' nor 'admin'"),
        ("agent, admin", "alice", "a token of one agent has the scope 'agent', and neither 'supervise' nor 'admin'"),
        ("agent", "alyce", "there is no agent 'alyce'; did you mean 'alice'?"),
    ],
)
def test_whose_token_it_is_must_make_sense(tmp_path: Path, scopes: str, agent: str, fault: str) -> None:
    path = tmp_path / "centre.yaml"
    path.write_text(f"{CENTRE}\ntokens:\n  - {{id: a, sha256: {'a' * 64}, scopes: [{scopes}], agent: {agent}}}\n")
    with pytest.raises(ConfigError) as raised:
        load_config(path, adapters={})
    assert [sentence.partition(": ")[2] for sentence in raised.value.faults] == [fault]
