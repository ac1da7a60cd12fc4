"""Files that customers sent, for who has them in hand; files that agents send, bounded and known by their bytes."""

import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar

from engine.log.attachments import WAITS_S, AttachmentStore
from tests.http.desk.support import CENTRE, opened, sign_in, socket_of
from tests.http.desk.test_socket import bring, connected
from tests.http.support import CONTACTS, Build, tell

EVIL = b"<script>alert(document.domain)</script>"


async def test_a_file_is_given_to_who_has_the_customer_in_hand(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    store = AttachmentStore(tmp_path / "attachments")
    house.adapter.context.engine.attachments = store  # type: ignore[misc]
    digest, other = store.store(EVIL), store.store(b"of somebody else")
    store.keep(digest)
    async with opened(house) as desk, ClientSession(house.url) as api:
        number = await connected(house, desk, "chat-1")
        file = {"name": "hoá đơn.html", "media_type": "text/html", "size_bytes": len(EVIL), "sha256": digest}
        await tell(api, f"{CONTACTS}/chat-1/messages", by="customer", attachment=file)
        await desk.until(lambda: bool(desk.lines.get(number)))
        place = f"{house.url}/api/v1/desk/contacts/{number}/attachments"
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as an:
            async with an.get(f"{place}/{digest}") as answer:
                assert answer.status == 401
            await sign_in(an, house.url)
            async with an.get(f"{place}/{digest}") as answer:
                assert answer.status == 200
                assert await answer.read() == EVIL
                assert answer.headers["Content-Type"] == "application/octet-stream"
                assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''ho%C3%A1")
                assert "sandbox" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
            for wrong in (other, "0" * 64, "nonsense"):
                async with an.get(f"{place}/{wrong}") as answer:
                    assert answer.status == 404, wrong
        await bring(house, "chat-2")
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as binh:
            await sign_in(binh, house.url, "binh")
            async with binh.get(f"{place}/{digest}") as answer:
                assert answer.status == 403


@pytest.mark.parametrize("path", [f"{CONTACTS}/chat-1/messages", "/api/v1/events"])
async def test_a_file_that_a_line_names_by_http_stays_for_good(build: Build, tmp_path: Path, path: str) -> None:
    house = await build(centre=CENTRE)
    store = AttachmentStore(tmp_path / "attachments")
    house.adapter.context.engine.attachments = store  # type: ignore[misc]
    digest = store.store(EVIL)
    async with ClientSession(house.url) as api:
        await bring(house, "chat-1")
        file = {"name": "bill.html", "media_type": "text/html", "size_bytes": len(EVIL), "sha256": digest}
        line: dict[str, Any] = {"by": "customer", "attachment": file}
        if path.endswith("events"):
            await tell(api, path, 202, contact="chat-1", type="message_sent", **line)
        else:
            await tell(api, path, **line)
    store.sweep(time.time() + 2 * WAITS_S)
    with store.open(digest) as kept:
        assert kept.read() == EVIL


async def test_a_line_by_http_may_name_a_file_that_lies_elsewhere(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    house.adapter.context.engine.attachments = AttachmentStore(tmp_path / "attachments")  # type: ignore[misc]
    async with ClientSession(house.url) as api:
        await bring(house, "chat-1")
        file = {"name": "bill.pdf", "media_type": "application/pdf", "size_bytes": 7, "sha256": "0" * 64}
        await tell(api, f"{CONTACTS}/chat-1/messages", by="customer", attachment=file)


async def test_a_line_whose_file_cannot_be_kept_is_to_be_sent_again(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await build(centre=CENTRE)
    store = AttachmentStore(tmp_path / "attachments")
    house.adapter.context.engine.attachments = store  # type: ignore[misc]

    def full(sha256: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "keep", full)
    async with ClientSession(house.url) as api:
        await bring(house, "chat-1")
        file = {"name": "bill.html", "media_type": "text/html", "size_bytes": 1, "sha256": store.store(EVIL)}
        async with api.post(f"{CONTACTS}/chat-1/messages", json={"by": "customer", "attachment": file}) as answer:
            assert answer.status == 503
            assert "No space left on device" in (await answer.json())["detail"]
    assert not house.engine.views.contacts.conversation("chat-1").messages


PICTURE = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(40)


async def test_an_agent_sends_a_file_and_only_what_it_is_allowed_to(build: Build, tmp_path: Path) -> None:
    house = await build("desk: {file_bytes_max: 2048}", centre=CENTRE)
    house.adapter.context.engine.attachments = AttachmentStore(tmp_path / "attachments")  # type: ignore[misc]
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as an:
        await sign_in(an, house.url)
        async with socket_of(an, house.url) as desk:
            assert desk.items["house"]["files"]["bytes_max"] == 2048
            number = await connected(house, desk, "chat-1")
            place = f"{house.url}/api/v1/desk/contacts/{number}/attachments"
            for body, status in ((EVIL + b"\x00", 415), (b"", 400), (bytes(4096), 413), (b"MZ" + bytes(90), 415)):
                async with an.post(place, data=body) as answer:
                    assert answer.status == status, await answer.text()
            async with an.post(f"{house.url}/api/v1/desk/contacts/{number + 1}/attachments", data=PICTURE) as answer:
                assert answer.status == 403
            async with an.post(place, data=PICTURE, headers={"Origin": "https://evil.example"}) as answer:
                assert answer.status == 403
            async with an.post(place, data=PICTURE, params={"name": "../../vé máy bay.png"}) as answer:
                assert answer.status == 200
                told = await answer.json()
            assert (told["name"], told["media_type"]) == ("vé máy bay.png", "image/png")
            say = {"contact": "chat-1", "contact_id": number}
            wrong = (
                (told["ticket"][:-2] + "xx", number, "ticket"),
                ("no ticket", number, "ticket"),
            )
            for ticket, contact_id, why in wrong:
                done = await desk.do("say", contact="chat-1", contact_id=contact_id, attachment=ticket)
                assert why in done["error"]
            other = await connected(house, desk, "chat-2")
            for contact_id in (number, other, 0):
                done = await desk.do("say", contact="chat-2", contact_id=contact_id, attachment=told["ticket"])
                assert "another contact" in done["error"], "the line goes to whom it names, whatever id it tells"
            assert not house.engine.views.contacts.conversation("chat-2").messages
            assert "nothing in the line" in (await desk.do("say", contact="chat-1"))["error"]
            done = await desk.do("say", **say, attachment=told["ticket"], id="once")
            again = await desk.do("say", **say, attachment=told["ticket"], id="once")
            assert done["seq"] == again["seq"] > 0
            (line,) = house.engine.views.contacts.conversation("chat-1").messages
            assert line.attachment is not None
            assert (line.by, line.agent, line.attachment.name) == ("agent", "an", "vé máy bay.png")
            async with an.get(f"{place}/{told['sha256']}") as answer:
                assert (answer.status, await answer.read()) == (200, PICTURE)


async def test_without_a_limit_no_files_are_sent(build: Build, tmp_path: Path) -> None:
    house = await build("desk: {file_bytes_max: 0}", centre=CENTRE)
    house.adapter.context.engine.attachments = AttachmentStore(tmp_path / "attachments")  # type: ignore[misc]
    async with opened(house) as desk, ClientSession(cookie_jar=CookieJar(unsafe=True)) as an:
        number = await connected(house, desk, "chat-1")
        await sign_in(an, house.url)
        assert desk.items["house"]["files"] is None
        async with an.post(f"{house.url}/api/v1/desk/contacts/{number}/attachments", data=PICTURE) as answer:
            assert answer.status == 403


async def test_no_line_overtakes_one_with_a_file(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await build(centre=CENTRE)
    store = AttachmentStore(tmp_path / "attachments")
    house.adapter.context.engine.attachments = store  # type: ignore[misc]
    kept, keep = Event(), store.keep

    def keep_late(sha256: str) -> None:
        assert kept.wait(10)
        keep(sha256)

    monkeypatch.setattr(store, "keep", keep_late)
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as an:
        await sign_in(an, house.url)
        async with socket_of(an, house.url) as desk:
            number = await connected(house, desk, "chat-1")
            place = f"{house.url}/api/v1/desk/contacts/{number}/attachments"
            async with an.post(place, data=PICTURE, params={"name": "map.png"}) as answer:
                ticket = (await answer.json())["ticket"]
            for said in ({"attachment": ticket, "contact_id": number, "text": "here"}, {"text": "do you see it?"}):
                command = {"id": said["text"], "verb": "say", "contact": "chat-1", **said}
                await desk.socket.send_json({"type": "do", "command": command})
            await desk.ask("colleagues")
            kept.set()
            await desk.until(lambda: len(desk.lines.get(number, {})) == 2)
            assert list(desk.lines[number].values()) == ["here", "do you see it?"]
