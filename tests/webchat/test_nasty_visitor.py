"""A visitor who means harm: forged tokens, other origins, huge and broken frames, others' files, too much of all."""

import asyncio
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
import jwt
import msgspec
import pytest

from adapters.webchat.settings import SECOND_NS
from engine.messages.observed import ContactArrived, ContactWithdrawn, MessageSent
from engine.projections.contact_views import ContactViews
from tests.webchat.support import INBOX, SHOP, Build, Guest, House

Visits = Callable[..., Guest]
SECRET = "0123456789abcdef0123456789abcdef"
SIGNED = f"{INBOX}        identity_secret: {SECRET}\n        require_identity: true\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def status_of(
    http: aiohttp.ClientSession, url: str, method: str = "GET", **more: Any
) -> tuple[int, aiohttp.ClientResponse]:
    """Ask, and return how it was answered."""
    async with http.request(method, url, **more) as answer:
        await answer.read()
        return answer.status, answer


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null", "file://", None],
)
async def test_pages_of_other_origins_get_nothing(
    house: House, http: aiohttp.ClientSession, guest_at: Visits, origin: str | None
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await guest_at(house, origin=origin).connect()
    assert refused.value.status == 403
    headers = {"Origin": origin} if origin else {}
    for method, path in (("POST", "frames"), ("GET", "messages"), ("POST", "files"), ("GET", "inboxes/web")):
        asked = f"{house.url}/chat/v1/{path}?inbox=web"
        found, answer = await status_of(http, asked, method, headers=headers)
        assert found == 403
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert house.adapter.status().counters["origins_refused"] == 5


async def test_listed_pages_may_read_answers_and_nobody_elses_cookies_are_asked_for(
    house: House, http: aiohttp.ClientSession
) -> None:
    asked = f"{house.url}/chat/v1/frames?inbox=web"
    found, answer = await status_of(http, asked, "OPTIONS", headers={"Origin": SHOP})
    assert (found, answer.headers["Access-Control-Allow-Origin"]) == (204, SHOP)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    assert (await status_of(http, asked, "OPTIONS", headers={"Origin": "https://evil.example"}))[0] == 403


@pytest.mark.parametrize("inbox", ["other", "", "../web", "web%00"])
async def test_there_is_no_other_inbox(house: House, http: aiohttp.ClientSession, inbox: str) -> None:
    headers = {"Origin": SHOP}
    found, _ = await status_of(http, f"{house.url}/chat/v1/files?inbox={inbox}", "POST", headers=headers)
    assert found == 404
    async with http.get(f"{house.url}/chat/v1/messages?inbox={inbox}", headers=headers) as answer:
        assert [frame["code"] for frame in (await answer.json())["frames"]] == ["no_inbox"]
    async with http.ws_connect(f"{house.url}/chat/v1/ws?inbox={inbox}", headers=headers) as socket:
        await socket.send_json({"type": "hello", "inbox": unquote(inbox)})
        assert (await socket.receive_json())["code"] == "no_inbox"


async def test_a_session_of_another_making_is_a_stranger(house: House, guest_at: Visits) -> None:
    victim = guest_at(house)
    await victim.connect()
    await victim.start("my secret")
    thief = guest_at(house)
    body, _, mac = victim.session.partition(".")
    for forged in (f"{body}.{'A' * len(mac)}", f"{body}.", body, "x" * 1000, f"{body[:-2]}AA.{mac}"):
        thief.session = forged
        welcome = await thief.connect()
        assert welcome["state"]["phase"] == "none"
        assert welcome["has_history"] is False
        await thief.close()
    assert thief.lines == []
    assert house.adapter.status().counters["sessions_refused"] == 5


async def test_a_session_is_good_at_its_own_inbox_alone(build: Build, guest_at: Visits) -> None:
    house = await build(INBOX + INBOX.replace("web:", "second:"))
    first = guest_at(house)
    await first.connect()
    await first.start("here")
    second = guest_at(house, "second")
    second.session = first.session
    assert (await second.connect())["state"]["phase"] == "none"


async def test_without_a_session_there_is_nothing_to_ask_for(house: House, http: aiohttp.ClientSession) -> None:
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Basic x"}, {"Authorization": "Bearer x.y"}):
        for method, path in (("GET", "messages"), ("POST", "files")):
            asked = f"{house.url}/chat/v1/{path}?inbox=web"
            assert (await status_of(http, asked, method, headers={"Origin": SHOP, **headers}, data=PNG))[0] == 401
    body = msgspec.json.encode({"type": "message", "client_id": "a", "text": "x"})
    assert (
        await status_of(http, f"{house.url}/chat/v1/frames?inbox=web", "POST", headers={"Origin": SHOP}, data=body)
    )[0] == 401


async def test_broken_frames_are_told_and_change_nothing(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start("one")
    await guest.hear_of("queue")
    before = house.engine.state.seq
    for broken in ("", "{", "[]", '{"type":"contact_released","contact":"x"}', '{"type":"hello","inbox":"web"}'):
        await guest.socket.send_str(broken)
        assert (await guest.hear_of("error"))["code"] in ("malformed", "out_of_order")
    assert house.engine.state.seq == before
    for _ in range(25):
        await guest.socket.send_str("nonsense")
    async for _ in guest.socket:
        pass
    assert guest.socket.close_code is not None
    assert house.adapter.status().counters["frames_refused"] > 20
    assert len(house.open_contacts()) == 1


async def test_a_huge_frame_ends_the_connection_and_no_more(
    house: House, guest_at: Visits, http: aiohttp.ClientSession
) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start("one")
    await guest.socket.send_str("x" * 200_000)
    async for _ in guest.socket:
        pass
    assert guest.socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    assert (await guest.connect())["state"]["phase"] == "queued"
    await guest.close()
    headers = {"Origin": SHOP, "Authorization": f"Bearer {guest.session}"}
    asked = f"{house.url}/chat/v1/frames?inbox=web"
    async with http.post(asked, data=b"x" * 200_000, headers=headers) as answer:
        assert (await answer.json())["frames"][0]["code"] == "too_large"


async def test_who_breaks_off_in_the_middle_of_a_frame_is_no_fault_of_the_service(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"POST /chat/v1/frames?inbox=web HTTP/1.1\r\nHost: x\r\nOrigin: {SHOP}\r\nContent-Length: 99\r\n\r\n"
    host, port = house.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode() + b'{"type":')
    await writer.drain()
    writer.transport.abort()
    await house.until(lambda: house.adapter.core.counters["requests_broken_off"] == 1)
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_who_leaves_before_the_socket_has_opened_is_no_fault_of_the_service(
    house: House, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = aiohttp.web.WebSocketResponse.prepare

    async def prepare_late(response: aiohttp.web.WebSocketResponse, request: aiohttp.web.Request) -> Any:
        opening.cancel()
        while request.transport is not None:  # noqa: ASYNC110 - that somebody has gone has no event
            await asyncio.sleep(0.005)
        return await prepare(response, request)

    monkeypatch.setattr(aiohttp.web.WebSocketResponse, "prepare", prepare_late)
    opening = asyncio.ensure_future(http.ws_connect(f"{house.url}/chat/v1/ws?inbox=web", headers={"Origin": SHOP}))
    with pytest.raises(asyncio.CancelledError):
        await opening
    await house.until(lambda: house.adapter.core.counters["requests_broken_off"] == 1)
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    "first", ['{"type":"message","client_id":"a","text":"x"}', '{"type":"hello","inbox":"other"}', "x"]
)
async def test_nobody_speaks_before_hello(house: House, http: aiohttp.ClientSession, first: str) -> None:
    socket = await http.ws_connect(f"{house.url}/chat/v1/ws?inbox=web", headers={"Origin": SHOP})
    await socket.send_str(first)
    assert msgspec.json.decode((await socket.receive()).data)["type"] == "error"
    assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    assert house.engine.views.contacts.of_customer("x").contacts == []


async def test_without_a_signed_identity_there_is_no_session(build: Build, guest_at: Visits) -> None:
    house = await build(SIGNED)
    now_s = house.adapter.core.now_s
    good = {"sub": "c-7", "aud": "web", "exp": now_s + 60, "name": "An"}
    for token in (
        "",
        jwt.encode(good, "another secret that is as long as the first one", "HS256"),
        jwt.encode({**good, "exp": now_s - 600}, SECRET, "HS256"),
        jwt.encode({**good, "exp": now_s + 7200}, SECRET, "HS256"),
        jwt.encode({**good, "aud": "other"}, SECRET, "HS256"),
        jwt.encode(good, "", "none"),
    ):
        refused = await guest_at(house).connect(jwt=token)
        assert refused["code"] in ("identity_required", "bad_identity")
    guest = guest_at(house)
    assert (await guest.connect(jwt=jwt.encode(good, SECRET, "HS256")))["type"] == "welcome"
    await guest.start()
    (record,) = house.open_contacts()
    assert (record.customer, record.attributes["signed"], record.attributes["name"]) == ("c-7", "yes", "An")
    await guest.drop()
    assert (await guest.connect())["code"] == "identity_required", "the site has signed the customer out"
    assert (await guest.connect(jwt=jwt.encode(good, SECRET, "HS256")))["state"]["phase"] == "queued"
    other = guest_at(house)
    other.session = guest.session
    somebody = jwt.encode({**good, "sub": "c-8"}, SECRET, "HS256")
    assert (await other.connect(jwt=somebody))["state"]["phase"] == "none", "somebody else at the same browser"


async def test_a_signed_customer_is_called_back_under_the_same_name(build: Build, guest_at: Visits) -> None:
    house = await build(SIGNED)
    good = {"sub": "c-7", "aud": "web", "exp": house.adapter.core.now_s + 60, "name": "An"}
    guest = guest_at(house)
    await guest.connect(jwt=jwt.encode(good, SECRET, "HS256"))
    await guest.start()
    assert (await guest.ask("leave_number", number="024 3825"))["became"] == "callback"
    await guest.hear_of("ended", reason="callback")
    await house.until(house.open_contacts)
    (callback,) = house.open_contacts()
    assert (callback.customer, callback.attributes["signed"], callback.attributes["name"]) == ("c-7", "yes", "An")
    assert callback.attributes["callback_number"] == "024 3825"


@pytest.mark.parametrize("after_s", [0, 7200, 14 * 3600])
async def test_a_page_that_is_left_open_goes_on_with_the_identity_that_it_came_with(
    build: Build, guest_at: Visits, after_s: int
) -> None:
    house = await build(SIGNED)
    core = house.adapter.core
    token = jwt.encode({"sub": "c-7", "aud": "web", "exp": core.now_s + 60}, SECRET, "HS256")
    guest = guest_at(house)
    await guest.connect(jwt=token)
    await guest.start()
    await guest.drop()
    core.wall_ns = lambda: time.time_ns() + after_s * SECOND_NS
    answer = await guest.connect(jwt=token)
    assert answer.get("code", answer.get("state", {}).get("phase")) == (
        "queued" if after_s < 12 * 3600 else "bad_identity"
    )
    stranger = await guest_at(house).connect(jwt=token)
    assert stranger["type"] == "welcome" if not after_s else stranger["code"] == "bad_identity"


async def test_a_session_that_was_begun_signed_is_not_shown_without_the_identity(
    build: Build, guest_at: Visits
) -> None:
    house = await build(SIGNED.replace("require_identity: true", "require_identity: false"))
    token = jwt.encode({"sub": "c-7", "aud": "web", "exp": house.adapter.core.now_s + 60}, SECRET, "HS256")
    guest = guest_at(house)
    await guest.connect()
    await guest.start("before I signed in")
    await guest.drop()
    assert (await guest.connect(jwt=token))["state"]["phase"] == "queued", "what was begun before goes on"
    signed = guest.session
    await guest.drop()
    signed_out = await guest.connect()
    assert (signed_out["state"]["phase"], signed_out["has_history"]) == ("none", False)
    await guest.start("somebody else")
    found = house.open_contacts()
    assert len({record.customer for record in found}) == 2
    assert {record.attributes["signed"] for record in found} == {"no"}
    guest.session = signed
    assert (await guest.connect(jwt=token))["state"]["phase"] == "queued"


async def test_files_are_what_their_bytes_are_and_belong_to_who_brought_them(
    house: House, http: aiohttp.ClientSession, guest_at: Visits
) -> None:
    guest, other = guest_at(house), guest_at(house)
    await guest.connect()
    await guest.start()
    await other.connect()
    await other.start()
    asked = f"{house.url}/chat/v1/files?inbox=web&name="
    headers = {"Origin": SHOP, "Authorization": f"Bearer {guest.session}", "Content-Type": "image/png"}
    for content, expected in ((b"MZ" + bytes(90), 415), (b"<html><script>", 415), (b"", 400), (bytes(11 << 20), 413)):
        found, _ = await status_of(http, asked + "photo.png", "POST", headers=headers, data=io.BytesIO(content))
        assert found == expected
    async with http.post(asked + "..%2F..%2Fetc%2F%3Cb%3Ex.png", headers=headers, data=PNG) as answer:
        uploaded = await answer.json()
    assert (uploaded["name"], uploaded["media_type"]) == ("bx.png", "image/png")
    stolen = await other.ask("message", text="mine", attachment=uploaded["ticket"])
    assert stolen["code"] == "bad_attachment"
    assert [len(house.lines(one.contact)) for one in house.open_contacts()] == [1, 1]
    for ticket in (uploaded["ticket"][:-3] + "AAA", guest.session, "x"):
        assert (await guest.ask("message", attachment=ticket))["code"] == "bad_attachment"
    assert (await guest.ask("message", attachment=uploaded["ticket"]))["type"] == "ack"
    while not (guest.lines and guest.lines[-1]["file"]):
        await guest.hear()
    url = guest.lines[-1]["file"]["url"]
    async with http.get(house.url + url) as answer:
        assert await answer.read() == PNG
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.content_type == "image/png"
    token = url.rsplit("/", 1)[1]
    for trick in (token[:-4] + "AAAA", uploaded["ticket"], "..%2f..%2fadapters%2fwebchat%2fkey", "0" * 64, "%00"):
        assert (await status_of(http, f"{house.url}/chat/v1/files/{trick}"))[0] == 404


async def test_a_file_whose_line_came_too_late_is_named_by_nobody(
    build: Build, http: aiohttp.ClientSession, guest_at: Visits, tmp_path: Path
) -> None:
    house = await build()
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    headers = {"Origin": SHOP, "Authorization": f"Bearer {guest.session}", "Content-Type": "image/png"}
    async with http.post(f"{house.url}/chat/v1/files?inbox=web&name=a.png", headers=headers, data=PNG) as answer:
        ticket = (await answer.json())["ticket"]
    (contact,) = house.open_contacts()
    await house.tell(ContactWithdrawn(contact=contact.contact))
    refused = await guest.ask("message", attachment=ticket)
    assert refused["code"] == "no_chat"
    folder = tmp_path / "attachments"
    await house.until(lambda: not list((folder / "in-doubt").iterdir()))
    assert not list(folder.glob("??/*"))
    assert len(list((folder / "waiting").iterdir())) == 1


async def test_a_file_said_again_is_no_second_one(
    build: Build, http: aiohttp.ClientSession, guest_at: Visits, tmp_path: Path
) -> None:
    house = await build(INBOX + "        files: {per_chat: 1}\n")
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    headers = {"Origin": SHOP, "Authorization": f"Bearer {guest.session}", "Content-Type": "image/png"}

    async def ticket_of(content: bytes) -> str:
        asked = f"{house.url}/chat/v1/files?inbox=web&name=photo.png"
        async with http.post(asked, headers=headers, data=content) as answer:
            return str((await answer.json())["ticket"])

    first, second = await ticket_of(PNG), await ticket_of(PNG + b"another")
    assert (await guest.ask("message", attachment=first, client_id="photo"))["type"] == "ack"
    again = await guest.ask("message", attachment=first, client_id="photo")
    assert again["type"] == "ack", "its answer was lost, so it is said again under its name"
    assert (await guest.ask("message", attachment=second))["code"] == "too_many_files"
    await house.start_again(tmp_path / "adapters")
    await guest.connect()
    assert (await guest.ask("message", attachment=first, client_id="photo"))["seq"] == again["seq"]
    assert (await guest.ask("message", attachment=second))["code"] == "too_many_files"


async def test_too_much_is_told_when_to_come_again_and_counted(build: Build, guest_at: Visits) -> None:
    house = await build(settings="frames_per_second: 1\nsessions_per_minute: 2\nconnections_per_address: 3")
    guest = guest_at(house)
    await guest.connect()
    now_ns = house.adapter.core.monotonic_ns()
    house.adapter.core.monotonic_ns = lambda: now_ns  # however long the rest takes
    answers = [await guest.ask("message", text="x") for _ in range(6)]
    told = [answer for answer in answers if answer["code"] == "slow_down"]
    assert told
    assert all(answer["retry_after_s"] >= 1 for answer in told)
    second = guest_at(house)
    await second.connect()
    third = guest_at(house)
    told_third = await third.connect()
    assert (told_third["code"], told_third["retry_after_s"] > 0) == ("slow_down", True)
    await third.close()
    last = guest_at(house)
    last.session = guest.session
    await last.connect()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await guest_at(house).connect()
    assert refused.value.status == 503
    assert house.adapter.status().counters["rate_limited"] >= 3


async def test_an_address_is_believed_of_trusted_proxies_alone(build: Build, http: aiohttp.ClientSession) -> None:
    house = await build(settings="trusted_proxies: [127.0.0.0/8, 10.0.0.0/8]\nsessions_per_minute: 1")
    hello = {"type": "hello", "inbox": "web"}
    told: dict[str, list[str]] = {}
    for hops in ("198.51.100.1", "198.51.100.1", "198.51.100.2", "198.51.100.9, 198.51.100.2, 10.0.0.1"):
        headers = {"Origin": SHOP, "X-Forwarded-For": hops}
        async with http.post(f"{house.url}/chat/v1/frames?inbox=web", json=hello, headers=headers) as answer:
            told.setdefault(hops, []).append((await answer.json())["frames"][0]["type"])
    assert told == {
        "198.51.100.1": ["welcome", "error"],
        "198.51.100.2": ["welcome"],
        "198.51.100.9, 198.51.100.2, 10.0.0.1": ["error"],
    }


async def test_only_a_full_house_is_told_so(house: House, guest_at: Visits) -> None:
    guest = guest_at(house)
    await guest.connect()
    for code, kind, fields in (
        ("not_begun", "message", {"text": "x"}),
        ("empty", "message", {"text": " \u0000 "}),
        ("chats_taken", "leave_number", {"number": "+84 1"}),
        ("bad_field", "start", {"text": "x", "fields": {"role": "admin"}}),
    ):
        assert (await guest.ask(kind, **fields))["code"] == code
    await guest.send(type="survey", score=5)
    assert (await guest.hear_of("error"))["code"] == "no_survey"
    await guest.send(type="end")
    await guest.send(type="typing", on=True)
    await guest.send(type="read", seq=99)
    await guest.send(type="ping")
    await guest.hear_of("pong")
    assert house.open_contacts() == []


async def test_a_contact_that_is_called_as_another_ones_id_shows_nothing_of_it(
    house: House, guest_at: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ContactViews, "latest_lines", lambda *_: None)  # so many came since: they are read from the log
    guest = guest_at(house)
    await guest.connect()
    await guest.start("xin chào")
    (chat,) = house.open_contacts()
    named = str(chat.id)
    await house.tell(
        ContactArrived(contact=named, queue=chat.queue, channel="chat", customer="somebody else"),
        MessageSent(contact=named, text="nobody else's business"),
    )
    await guest.drop()
    guest.after_seq = 0
    guest.lines.clear()
    await guest.connect()
    await guest.say("còn đó không?")
    assert await guest.read_lines(2) == ["xin chào", "còn đó không?"]
