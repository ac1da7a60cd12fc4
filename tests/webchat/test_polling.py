"""Where WebSockets are barred, plain requests carry the same frames, with the same promises."""

from typing import Any

import aiohttp
import pytest

from adapters.webchat import polling
from engine.messages.observed import RequeueRequested
from tests.webchat.support import SHOP, House


class Poller:
    """A visitor who asks and asks."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self.session = ""
        self.after_seq = 0
        self.seen = ""
        self.lines: list[str] = []

    @property
    def _headers(self) -> dict[str, str]:
        return {"Origin": SHOP, **({"Authorization": f"Bearer {self.session}"} if self.session else {})}

    async def post(self, **frame: Any) -> list[dict[str, Any]]:
        """Send a frame; returns what it is answered."""
        async with self._http.post(
            f"{self._url}/chat/v1/frames?inbox=web", json=frame, headers=self._headers
        ) as answer:
            assert answer.status == 200, await answer.text()
            batch = await answer.json()
        self.seen = batch["seen"] or self.seen
        found: list[dict[str, Any]] = batch["frames"]
        return found

    async def poll(self) -> list[dict[str, Any]]:
        """Wait for news."""
        asked = f"{self._url}/chat/v1/messages?inbox=web&after_seq={self.after_seq}&seen={self.seen}"
        async with self._http.get(asked, headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()
            batch = await answer.json()
        self.seen = batch["seen"]
        for frame in batch["frames"]:
            if frame["type"] == "message":
                self.lines.append(frame["line"]["text"])
                self.after_seq = frame["line"]["seq"]
        found: list[dict[str, Any]] = batch["frames"]
        return found

    async def poll_for(self, kind: str) -> dict[str, Any]:
        """Poll until there is a frame of a kind."""
        while True:
            for frame in await self.poll():
                if frame["type"] == kind:
                    return frame


async def test_a_whole_chat_by_requests(house: House, http: aiohttp.ClientSession) -> None:
    guest = Poller(http, house.url)
    (welcome,) = await guest.post(type="hello", inbox="web")
    guest.session = welcome["session"]
    (ack,) = await guest.post(type="start", client_id="a", text="hello")
    assert ack["type"] == "ack"
    await guest.poll_for("queue")
    await house.work("bob")
    contact = await house.take()
    await house.say(contact, "hi")
    assert (await guest.poll_for("assigned"))["agent"] == "Bob Ray"
    while len(guest.lines) < 2:
        await guest.poll()
    again = (await guest.post(type="message", client_id="b", text="twice"))[0]
    assert (await guest.post(type="message", client_id="b", text="twice"))[0] == again | {"seq": again["seq"]}
    while len(guest.lines) < 3:
        await guest.poll()
    assert guest.lines == ["hello", "hi", "twice"]
    await house.end(contact)
    assert (await guest.poll_for("ended"))["reason"] == "agent"
    (history,) = await guest.post(type="history")
    assert [[line["text"] for line in one["lines"]] for one in history["conversations"]] == [["hello", "hi", "twice"]]


async def test_a_poll_without_news_ends_and_says_so(
    house: House, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "WAIT_S", 0.01)
    guest = Poller(http, house.url)
    guest.session = (await guest.post(type="hello", inbox="web"))[0]["session"]
    assert await guest.poll() == []
    assert await guest.poll() == []


async def test_who_was_handed_on_between_two_polls_is_told(house: House, http: aiohttp.ClientSession) -> None:
    guest = Poller(http, house.url)
    guest.session = (await guest.post(type="hello", inbox="web"))[0]["session"]
    await guest.post(type="start", client_id="a", text="hello")
    await house.work("bob")
    contact = await house.take()
    assert (await guest.poll_for("assigned"))["agent"] == "Bob Ray"
    await house.pause("bob")
    await house.tell(RequeueRequested(contact=contact, by="desk", reason="no time"))
    await house.until(lambda: house.adapter.core.visitors.by_contact[contact].phase == "queued")
    told = [frame for frame in await guest.poll() if frame["type"] in ("assigned", "queue")]
    assert [(one["type"], one.get("agent")) for one in told] == [("assigned", ""), ("queue", None)]


@pytest.mark.parametrize("after_seq", ["-1", "x", "1" * 30, "²"])
async def test_a_position_that_is_none_is_refused(house: House, http: aiohttp.ClientSession, after_seq: str) -> None:
    asked = f"{house.url}/chat/v1/messages?inbox=web&after_seq={after_seq}"
    async with http.get(asked, headers={"Origin": SHOP, "Authorization": "Bearer x"}) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("path", ["livez", "widget.js", "widget/web", "try/web", "widget-page.css"])
async def test_heads_of_pages_are_answered_without_a_body(house: House, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(f"{house.url}/{path}") as whole, http.head(f"{house.url}/{path}") as head:
        assert head.status == whole.status == 200
        assert head.content_type == whole.content_type
        assert await head.read() == b""
