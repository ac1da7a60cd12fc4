"""Files that customers sent: for the agent who has them in hand, to be saved and never to be run."""

from pathlib import Path

from aiohttp import ClientSession, CookieJar

from engine.log.attachments import AttachmentStore
from tests.http.desk.support import CENTRE, opened, sign_in
from tests.http.desk.test_socket import bring, connected
from tests.http.support import CONTACTS, Build, tell

EVIL = b"<script>alert(document.domain)</script>"


async def test_a_file_is_given_to_who_has_the_customer_in_hand(build: Build, tmp_path: Path) -> None:
    house = await build(centre=CENTRE)
    store = AttachmentStore(tmp_path / "attachments")
    house.adapter.context.engine.attachments = store  # type: ignore[misc]
    digest, other = store.store(EVIL), store.store(b"of somebody else")
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
