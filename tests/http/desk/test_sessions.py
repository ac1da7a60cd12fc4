"""Signing in at the desk: what lets in, for how long, and what a stolen or foreign request gets."""

import asyncio
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar, WSServerHandshakeError

from adapters.http.desk.failures import FREE, Failures
from adapters.http.desk.sessions import COOKIE, Sessions
from engine.config.load import load_config
from engine.model.passwords import HASH, hash_password, is_password
from tests.http.desk.support import CENTRE, PASSWORD, sign_in, socket_of, take_out
from tests.http.desk.test_socket import connected, customer_says
from tests.http.support import Build, House, stop_the_clock

S = 1_000_000_000
PATH = "/api/v1/desk/session"


def client() -> ClientSession:
    """Return a client that keeps cookies of 127.0.0.1."""
    return ClientSession(cookie_jar=CookieJar(unsafe=True))


async def tried(one: ClientSession, house: House, **body: Any) -> int:
    """Try to sign in; return the status of the answer."""
    async with one.post(house.url + PATH, json=body) as answer:
        return answer.status


def test_passwords() -> None:
    hashed = hash_password("mật khẩu", b"0123456789abcdef", log2_n=10, lanes=1)
    assert re.fullmatch(HASH, hashed)
    assert is_password("mật khẩu", hashed)
    assert not is_password("mat khau", hashed)
    assert hash_password("mật khẩu", b"another salt 16b", log2_n=10, lanes=1) != hashed


def test_a_session_ends_by_idleness_by_age_and_by_sign_out(tmp_path: Path) -> None:
    sessions = Sessions(b"k" * 32, 60 * S, 600 * S, tmp_path)
    session = sessions.begin("an", "credential", 1000 * S)
    cookie = sessions.cookie(session)
    assert sessions.read(cookie, 1059 * S) == session
    assert sessions.read(cookie, 1060 * S) is None
    sessions.touch(session, 1050 * S)
    assert sessions.read(cookie, 1109 * S) == session
    sessions.touch(session, 1040 * S)
    assert sessions.read(cookie, 1109 * S) == session, "told late, and known already"
    sessions.touch(session, 1590 * S)
    later = sessions.cookie(session)
    for known in (sessions, Sessions(b"k" * 32, 60 * S, 600 * S)):
        assert known.read(later, 1599 * S) is not None
        assert known.read(later, 1600 * S) is None
    sessions.end(session, 1100 * S)
    sessions.keep()
    assert sessions.read(cookie, 1001 * S) is None
    assert Sessions(b"k" * 32, 60 * S, 600 * S, tmp_path).read(cookie, 1001 * S) is None


def test_of_two_sign_outs_at_once_both_hold_over_a_restart(tmp_path: Path) -> None:
    sessions = Sessions(b"k" * 32, 60 * S, 600 * S, tmp_path)
    an, binh = sessions.begin("an", "credential", S), sessions.begin("binh", "credential", S)
    sessions.end(an, 2 * S)
    sessions.end(binh, 2 * S)
    with ThreadPoolExecutor(2) as threads:
        for _ in range(2):
            threads.submit(sessions.keep)
    again = Sessions(b"k" * 32, 60 * S, 600 * S, tmp_path)
    assert [again.read(sessions.cookie(one), 3 * S) for one in (an, binh)] == [None, None]
    assert [file.stat().st_mode & 0o777 for file in tmp_path.iterdir()] == [0o600]


def test_what_somebody_else_signed_is_nothing(tmp_path: Path) -> None:
    sessions = Sessions(b"k" * 32, 60 * S, 600 * S)
    cookie = sessions.cookie(sessions.begin("an", "credential", S))
    assert Sessions(b"o" * 32, 60 * S, 600 * S).read(cookie, S) is None
    body, _, signature = cookie.partition(".")
    for forged in ("", ".", body, f"{body}.", f"A{body}.{signature}", f"{body}.{signature[:-2]}", "é.é", "%.%"):
        assert sessions.read(forged, S) is None, forged


def test_failures_cost_more_and_more_time() -> None:
    failures = Failures()
    for _ in range(FREE):
        assert failures.wait_s("here", 0) == 0.0
        failures.failed("here", 0)
    assert failures.wait_s("here", 0) == 1.0
    assert failures.wait_s("there", 0) == 0.0
    assert failures.wait_s("here", S) == 0.0
    failures.failed("here", S)
    assert failures.wait_s("here", S) == 2.0
    failures.succeeded("here")
    assert failures.wait_s("here", S) == 0.0


async def test_the_cookie_is_for_this_site_and_no_script(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with client() as one:
        async with one.post(house.url + PATH, json={"agent": "an", "password": PASSWORD}) as answer:
            said = answer.headers["Set-Cookie"]
            assert (await answer.json())["display_name"] == "Nguyễn Thị An"
        assert said.startswith(f"{COOKIE}=")
        assert "HttpOnly" in said
        assert "SameSite=Strict" in said
        assert "Path=/" in said
        async with one.get(house.url + PATH) as answer:
            assert (await answer.json())["agent"] == "an"


async def test_wrong_names_and_passwords_are_answered_alike(build: Build) -> None:
    house = await build(centre=CENTRE)
    stop_the_clock(house)
    async with client() as one:
        assert await tried(one, house, agent="an", password="wrong") == 401
        assert await tried(one, house, agent="nobody", password=PASSWORD) == 401
        assert await tried(one, house) == 400
        tries = [await tried(one, house, agent="an", password="wrong") for _ in range(FREE)]
        assert tries[-1] == 429
        assert await tried(one, house, agent="an", password=PASSWORD) == 429
        async with one.get(house.url + PATH) as answer:
            assert answer.status == 204


async def test_who_is_configured_no_more_is_told_so_in_their_own_browser_alone(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with client() as own, client() as another:
        await sign_in(own, house.url)
        await sign_in(another, house.url, "binh")
        async with socket_of(own, house.url) as desk:
            take_out(house, "an")
            await desk.until(lambda: desk.ended == "unknown")
        async with own.get(house.url + PATH) as answer:
            assert answer.status == 404
            assert "'an' is no longer in the configuration" in (await answer.json())["detail"]
        assert await tried(own, house, agent="an", password=PASSWORD) == 404
        assert await tried(own, house, agent="nobody", password=PASSWORD) == 401
        assert await tried(another, house, agent="an", password=PASSWORD) == 401, "as any other wrong name"
        async with another.get(house.url + PATH) as answer:
            assert (await answer.json())["agent"] == "binh"


async def test_a_token_of_who_is_configured_no_more_says_so(build: Build, tmp_path: Path) -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    house = await build(f"tokens: [{{id: desk, sha256: '{digest}', scopes: [agent], agent: an}}]", CENTRE)
    less = tmp_path / "less.yaml"
    less.write_text("".join(line for line in CENTRE.splitlines(keepends=True) if "name: an," not in line))
    house.engine.configure(load_config(less))
    async with client() as one:
        assert await tried(one, house, token="trunkline_desk_secret") == 404


async def test_many_tries_at_once_are_many_tries(build: Build) -> None:
    house = await build(centre=CENTRE)
    stop_the_clock(house)
    async with client() as one:
        found = await asyncio.gather(*(tried(one, house, agent="an", password=f"guess {n}") for n in range(4 * FREE)))
        assert sorted(found) == [401] * FREE + [429] * (3 * FREE)
        assert await tried(one, house, agent="binh", password=PASSWORD) == 200, "a colleague in the same house"
        assert house.adapter.status().counters["sign_ins_refused"] == 3 * FREE


async def test_behind_https_the_cookie_is_for_https(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with client() as one:
        body = {"agent": "an", "password": PASSWORD}
        async with one.post(house.url + PATH, json=body, headers={"X-Forwarded-Proto": "https"}) as answer:
            assert "Secure" in answer.headers["Set-Cookie"]


async def test_signed_out_everywhere(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with client() as one:
        await sign_in(one, house.url)
        async with socket_of(one, house.url) as desk:
            stolen = {cookie.key: cookie.value for cookie in one.cookie_jar}
            async with one.delete(house.url + PATH) as answer:
                assert answer.status == 204
            await desk.until(lambda: desk.ended == "session_over")
        async with ClientSession(cookies=stolen, cookie_jar=CookieJar(unsafe=True)) as thief:
            with pytest.raises(WSServerHandshakeError) as caught:
                await thief.ws_connect(f"{house.url}/api/v1/ws/desk")
            assert caught.value.status == 401


async def test_pages_of_other_origins_get_nothing(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with client() as one:
        await sign_in(one, house.url)
        elsewhere = {"Origin": "https://evil.example"}
        with pytest.raises(WSServerHandshakeError) as caught:
            await one.ws_connect(f"{house.url}/api/v1/ws/desk", headers=elsewhere)
        assert caught.value.status == 403
        async with one.delete(house.url + PATH, headers=elsewhere) as answer:
            assert answer.status == 403
        async with one.get(f"{house.url}/api/v1/ws/desk") as answer:
            assert answer.status == 400


async def test_what_a_page_does_by_itself_keeps_no_session_alive(build: Build) -> None:
    house = await build(centre=CENTRE)
    sessions = house.adapter.context.desks.sessions
    async with client() as one:
        await sign_in(one, house.url)
        async with socket_of(one, house.url) as desk:
            contact_id = await connected(house, desk, "chat-1")
            await customer_says(house, "chat-1", "Is anybody there?")
            await desk.until(lambda: bool(desk.lines.get(contact_id)))
            sessions._seen_ns.clear()
            await desk.do("read", contact="chat-1", up_to_seq=max(desk.lines[contact_id]))
            await desk.ask("cases", contact_id=contact_id)
            await desk.socket.send_json({"type": "typing", "contact_id": contact_id, "typing": False})
            async with one.get(house.url + PATH) as answer:
                assert answer.status == 200
            await desk.ask("colleagues")
            assert not sessions._seen_ns
            before_ns = house.adapter.context.wall_ns()
            await desk.socket.send_json({"type": "alive", "ago_s": 3600})
            await desk.ask("colleagues")
            assert max(sessions._seen_ns.values()) < before_ns, "nobody has been there since"
            await desk.do("say", contact="chat-1", text="Yes")
            assert max(sessions._seen_ns.values()) >= before_ns


async def test_a_token_of_one_agent_signs_in(build: Build) -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    tokens = (
        f"tokens: [{{id: desk, sha256: '{digest}', scopes: [agent], agent: an}}, "
        f"{{id: all, sha256: '{digest}', scopes: [agent]}}]"
    )
    house = await build(tokens, CENTRE)
    async with client() as one:
        assert await tried(one, house, token="trunkline_desk_wrong") == 401
        assert await tried(one, house, token="trunkline_all_secret") == 403
        assert await tried(one, house, token="trunkline_desk_secret") == 200
        async with socket_of(one, house.url) as desk:
            assert desk.items["agent"]["agent"] == "an"
        async with one.get(f"{house.url}/api/v1/queues") as answer:
            assert answer.status == 401, "the cookie opens the desk alone"


async def test_without_tokens_an_agent_without_a_password_needs_none(build: Build) -> None:
    centre = CENTRE + "  - {name: demo, queues: [care]}\n"
    house = await build(centre=centre)
    async with client() as one:
        assert await tried(one, house, agent="demo") == 200
        assert await tried(one, house, agent="an") == 401
    digest = "0" * 64
    closed = await build(f"tokens: [{{id: board, sha256: '{digest}', scopes: [read]}}]", centre)
    async with client() as one:
        assert await tried(one, closed, agent="demo") == 401
