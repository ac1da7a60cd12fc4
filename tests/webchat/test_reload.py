"""Other settings while chats go on, a certificate of its own, and the house's rules for surveys."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.webchat.adapter import WebChatAdapter
from adapters.webchat.settings import Settings
from engine.config.load import load_config
from tests.certificates import make_certificates
from tests.webchat.support import CENTRE, INBOX, Build, Guest, House
from tests.webchat.test_polling import Poller

Visits = Callable[..., Guest]


def settings_of(folder: Path, inboxes: str = INBOX, more: str = "") -> Settings:
    """Read the settings of another file."""
    path = folder / "other.yaml"
    path.write_text(f"{CENTRE}\nadapters:\n  webchat:\n    port: 0\n{more}    inboxes:\n{inboxes}", encoding="utf-8")
    section: Settings = load_config(path, adapters={"webchat": lambda: WebChatAdapter}).adapters["webchat"]
    return section


async def describe(http: aiohttp.ClientSession, house: House, origin: str = "https://shop.example") -> Any:
    """Ask what the widget asks first; a number where it is refused."""
    async with http.get(f"{house.url}/chat/v1/inboxes/web", headers={"Origin": origin}) as answer:
        return await answer.json() if answer.status == 200 else answer.status


async def test_texts_origins_forms_and_limits_are_followed_while_a_chat_goes_on(
    house: House, guest_at: Visits, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    guest = guest_at(house)
    await house.work("bob")
    await guest.connect()
    await guest.start("before")
    contact = await house.take()
    assert await describe(http, house, "https://other.example") == 403
    inbox = INBOX.replace("https://shop.example", "https://other.example").replace("csat", "nps")
    inbox += "        title: Ask us\n        pre_chat: [{name: order, label: Order}]\n"
    house.adapters.reload({"webchat": settings_of(tmp_path, inbox, "    frames_per_second: 1\n")}, ())
    assert await describe(http, house) == 403
    told = await describe(http, house, "https://other.example")
    assert (told["title"], [field["name"] for field in told["fields"]]) == ("Ask us", ["order"])
    await guest.say("after")
    assert house.lines(contact) == [("customer", "before"), ("customer", "after")]
    while (await guest.ask("message", text="and more")).get("code") != "slow_down":
        pass
    await house.end(contact)
    assert (await guest.hear_of("ended"))["survey"] == "nps"


async def test_an_inbox_that_is_gone_ends_its_chats_and_closes_its_pages(
    house: House, guest_at: Visits, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    poller = Poller(http, house.url)
    poller.session = (await poller.post(type="hello", inbox="web"))[0]["session"]
    followed = house.adapters.reload({"webchat": settings_of(tmp_path, INBOX.replace("web:", "shop:"))}, ())
    assert followed.faults == []
    assert (await guest.hear_of("error"))["code"] == "no_inbox"
    await house.until(lambda: not house.open_contacts() and not house.adapter.sockets.open)
    assert await describe(http, house) == 404
    assert (await guest.connect())["code"] == "no_inbox", "who comes back hears it, too"
    assert (await poller.poll_for("error"))["code"] == "no_inbox"
    for frame in ({"type": "hello", "inbox": "web"}, {"type": "message", "client_id": "a", "text": "hello"}):
        assert [one["code"] for one in await poller.post(**frame)] == ["no_inbox"]
    async with http.options(f"{house.url}/chat/v1/frames?inbox=web", headers=guest.headers) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, guest.headers["Origin"])


async def test_where_it_listens_needs_a_restart_and_everything_else_is_followed(house: House, tmp_path: Path) -> None:
    other = settings_of(tmp_path, INBOX + "        title: Ask us\n").model_copy(update={"port": 1, "host": "::1"})
    stays = [
        "adapters.webchat.host is followed only by a restart",
        "adapters.webchat.port is followed only by a restart",
    ]
    for _ in range(2):
        assert house.adapters.reload({"webchat": other}, ()).faults == stays, "it is told as long as it is so"
    assert house.adapter.core.settings.inboxes["web"].title == "Ask us"
    assert "listening at http://127.0.0.1" in house.adapter.status().detail


def renewed(house: House) -> list[str]:
    """Reload the settings that it has already; returns what is wrong."""
    return house.adapters.reload({"webchat": house.adapter.settings}, ()).faults


async def test_it_answers_by_https_and_takes_another_certificate(
    build: Build, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    make_certificates(tmp_path)
    house = await build(
        settings=f"tls: {{certificate_file: {tmp_path / 'server.pem'}, key_file: {tmp_path / 'server.key'}}}"
    )
    url = house.url.replace("http:", "https:")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    with pytest.raises(aiohttp.ClientError):
        await http.get(f"{house.url}/livez")
    async with http.get(f"{url}/livez", ssl=trusting) as answer:
        assert await answer.text() == "ok"
    guest = Guest(http, url)
    async with http.ws_connect(f"{url}/chat/v1/ws?inbox=web", headers=guest.headers, ssl=trusting) as socket:
        await socket.send_json({"type": "hello", "inbox": "web"})
        assert (await socket.receive_json())["type"] == "welcome"
    make_certificates(tmp_path)  # another authority, too
    assert renewed(house) == []
    anew = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    async with aiohttp.ClientSession() as other, other.get(f"{url}/livez", ssl=anew) as answer:
        assert await answer.text() == "ok"
    (tmp_path / "server.pem").write_text("no certificate")
    (fault,) = renewed(house)
    assert fault.startswith("adapters.webchat.tls: ")
    assert "no certificate with its key" in fault
    async with aiohttp.ClientSession() as other, other.get(f"{url}/livez", ssl=anew) as answer:
        assert await answer.text() == "ok"


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        ("", ["csat", "csat"]),
        ("quality: {surveys: {csat: {cool_down: 30d}}}\n", ["csat", ""]),
        ("quality: {surveys: {csat: {queues: [calls]}}}\n", ["", ""]),
        ("quality: {surveys: {csat: {sample: 0}}}\n", ["", ""]),
        ("quality: {surveys: {nps: {cool_down: 30d}}}\n", ["csat", "csat"]),
    ],
)
async def test_nobody_is_asked_more_often_than_the_house_wants(
    build: Build, guest_at: Visits, rules: str, asked: list[str]
) -> None:
    house = await build(centre=rules + CENTRE)
    guest, found = guest_at(house), []
    await house.work("bob")
    await guest.connect()
    for _ in asked:
        await guest.start()
        contact = await house.take()
        await guest.hear_of("assigned")
        await house.end(contact)
        found.append((await guest.hear_of("ended"))["survey"])
    assert found == asked
