"""The widget over connections as they are: services that start again, sockets that die in silence, several tabs."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.webchat.support import INBOX, Build, House
from tests.webchat.test_widget import shop

pytestmark = [pytest.mark.peer, pytest.mark.slow]
ANYWHERE = INBOX.replace("https://shop.example", "*")
HASTE = """for (const name of ["setTimeout", "setInterval"]) {
  const real = window[name];
  window[name] = (what, ms, ...more) => real(what, ms / (ms < 10000 ? 2 : ms < 100000 ? 10 : 300), ...more);
}
const now = performance.now.bind(performance);
performance.now = () => now() * 10;"""
"""A page whose minutes are seconds; a service that is slow for two seconds is not taken for one that is away."""
DEAF = """window.WebSocket = class extends WebSocket {
  constructor(...all) {
    super(...all);
    this.addEventListener("message", (event) => this === window.dead && event.stopImmediatePropagation());
  }
  send(said) { if (this !== window.dead) { window.last = this; super.send(said); } }
};"""
"""A page whose sockets can be made to lose, in silence, all that goes over them."""


def cut(house: House) -> None:
    """Lose all connections at once."""
    assert house.adapter._runner is not None
    assert house.adapter._runner.server is not None
    for connection in list(house.adapter._runner.server.connections):
        if connection.transport is not None:
            connection.transport.abort()


class Wire:
    """A way to the service that can be cut: what is open then stays open, and nothing goes over it any more."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ends: list[asyncio.StreamWriter] = []
        self._dead: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Forward nothing, and close nothing, of what is open now."""
        self._dead.update(self._ends)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Be between a browser and the service."""
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._ends += writer, back
        await asyncio.gather(self._forward(reader, back), self._forward(there, writer))

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if writer not in self._dead:
                    writer.write(data)
        if writer not in self._dead:
            writer.close()

    def end(self) -> None:
        """Close all."""
        for end in self._ends:
            end.transport.abort()


@contextlib.asynccontextmanager
async def wire_to(house: House) -> AsyncIterator[Wire]:
    """Let pages come to the house over a wire."""
    wire = Wire(house.adapter.port)
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    house.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        server.close()
        wire.end()
        await server.wait_closed()


async def test_an_outage_is_no_bar_to_sockets(build: Build) -> None:
    house = await build(ANYWHERE)
    async with shop(house, init=HASTE) as seen:
        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until("header", "Chat with us")
        await house.until(lambda: house.adapter.sockets.open)
        tried: list[str] = []
        seen.page.on("websocket", lambda socket: tried.append(socket.url))
        await seen.page.context.set_offline(True)
        cut(house)
        await house.until(lambda: len(tried) > 3)
        await seen.page.context.set_offline(False)
        await house.until(lambda: house.adapter.sockets.open)
        assert not house.adapter.core.counters["polls"]
        seen.said.clear()  # the browser itself writes of what could not be reached


async def test_who_polls_goes_back_to_a_socket_once_one_opens(build: Build) -> None:
    house = await build(ANYWHERE)
    barred = """window.Real = WebSocket; window.barred = true;
    window.WebSocket = class extends Real {
      constructor(...all) { if (window.barred) throw new DOMException("barred"); super(...all); }
    };"""
    async with shop(house, init=barred + HASTE) as seen:
        await seen.page.locator("#trunkline-chat .launcher").click()
        await house.until(lambda: house.adapter.core.counters["polls"])
        assert not house.adapter.sockets.open
        await seen.page.evaluate("window.barred = false")
        await house.until(lambda: house.adapter.core.counters["sockets"] == 2)  # one to see that it opens, one to stay
        await house.until(lambda: house.adapter.sockets.open)


async def test_where_sockets_are_barred_the_next_page_begins_by_polling(build: Build) -> None:
    house = await build(ANYWHERE)
    init = """window.order = []; localStorage.barred ??= "1";
    const fetched = window.fetch;
    window.fetch = (url, ...more) => {
      if (String(url).includes("/frames?")) order.push("poll");
      return fetched(url, ...more);
    };
    window.WebSocket = class extends WebSocket {
      constructor(...all) {
        order.push("socket");
        if (localStorage.barred) throw new DOMException("barred");
        super(...all);
      }
    };"""
    async with shop(house, init=init, bypass_csp=True) as seen:
        launcher = seen.page.locator("#trunkline-chat .launcher")

        async def order(words: str) -> list[str]:
            await seen.until_so(f"order.join(' ').startsWith('{words}')")
            return list(await seen.page.evaluate("order"))

        await launcher.click()
        await order("socket poll")
        await house.until(lambda: house.adapter.core.counters["polls"])
        await seen.page.reload()
        await launcher.click()
        await order("poll socket")
        await seen.page.evaluate("localStorage.barred = ''")
        await seen.page.reload()
        await launcher.click()
        await order("poll socket socket")
        await seen.until_so("!Object.keys(sessionStorage).some((key) => key.endsWith('.polls'))")
        await seen.page.reload()
        await launcher.click()
        await seen.until(".area", "Hello!")
        await house.until(lambda: house.adapter.sockets.open)
        assert await order("socket") == ["socket"]


async def test_a_line_on_a_socket_that_died_in_silence_is_said_on_another(build: Build) -> None:
    house = await build(ANYWHERE)
    async with shop(house, init=DEAF + HASTE) as seen:
        text = seen.page.locator("#trunkline-chat textarea")
        await seen.page.locator("#trunkline-chat .launcher").click()
        await text.fill("one")
        await text.press("Enter")
        await house.until(lambda: house.open_contacts() and house.lines(house.open_contacts()[0].contact))
        await seen.page.evaluate("void (window.dead = window.last)")
        await text.fill("two")
        await text.press("Enter")
        await house.until(lambda: len(house.lines(house.open_contacts()[0].contact)) == 2)
        await seen.page.evaluate("void (window.dead = window.last)")
        sockets = house.adapter.core.counters["sockets"]
        await house.until(
            lambda: house.adapter.core.counters["sockets"] > sockets
        )  # it asks by itself, with nothing to say


async def test_a_socket_whose_close_nobody_answers_is_left_at_once(build: Build) -> None:
    house = await build(ANYWHERE)
    async with wire_to(house) as wire, shop(house, init=HASTE) as seen:
        text = seen.page.locator("#trunkline-chat textarea")
        await seen.page.locator("#trunkline-chat .launcher").click()
        await text.fill("one")
        await text.press("Enter")
        await house.until(lambda: house.open_contacts() and house.lines(house.open_contacts()[0].contact))
        await seen.until(".status", "You are next.")
        wire.cut()
        await text.fill("two")
        await text.press("Enter")
        contact = house.open_contacts()[0].contact
        await house.until(lambda: house.lines(contact) == [("customer", "one"), ("customer", "two")])
        assert not house.adapter.core.counters["polls"], "it came back by a socket"


def kept(page: Any) -> Any:
    """What the pages of this site keep unsent."""
    return page.evaluate("JSON.parse(Object.entries(localStorage).find(([k]) => k.endsWith('.pending'))?.[1] ?? '[]')")


async def test_tabs_keep_what_the_other_has_not_sent(build: Build) -> None:
    house = await build(ANYWHERE)
    async with shop(house) as seen:
        other = await seen.page.context.new_page()
        await other.goto(seen.page.url)
        await seen.page.context.set_offline(True)
        for page, words in ((seen.page, "from one"), (other, "from two")):
            await page.locator("#trunkline-chat .launcher").click()
            await page.locator("#trunkline-chat textarea").fill(words)
            await page.locator("#trunkline-chat textarea").press("Enter")
        async with asyncio.timeout(30):
            while [one["frame"]["text"] for one in await kept(other)] != ["from one", "from two"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await other.close()
        await seen.page.close()
        await seen.page.context.set_offline(False)
        again = await seen.page.context.new_page()
        await again.goto(seen.page.url)
        await house.until(lambda: house.open_contacts() and len(house.lines(house.open_contacts()[0].contact)) == 2)
        assert house.lines(house.open_contacts()[0].contact) == [("customer", "from one"), ("customer", "from two")]
        while await kept(again):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        seen.said.clear()  # the browser itself writes of what could not be reached


async def test_what_was_written_long_ago_is_shown_and_not_said(build: Build) -> None:
    house = await build(ANYWHERE)
    old = {"type": "start", "client_id": "abc", "text": "weeks ago", "fields": {}}
    key = f"trunkline.{house.url}.web"
    entries = json.dumps([{"frame": old, "atMs": (time.time() - 7200) * 1000, "contact": 0}])
    init = f"localStorage.getItem('{key}.pending') ?? localStorage.setItem('{key}.pending', {json.dumps(entries)})"
    async with shop(house, init=init) as seen:
        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until(".line.failed .mark", "it was written too long ago")
        assert not house.open_contacts()
        assert await kept(seen.page) == []


@pytest.mark.parametrize("kind", ["number", "form"])
async def test_what_was_left_long_ago_without_a_line_is_told_as_not_sent(build: Build, kind: str) -> None:
    house = await build(ANYWHERE)
    number = {"type": "leave_number", "client_id": "abc", "number": "024 3825"}
    old = number if kind == "number" else {"type": "start", "client_id": "abc", "text": "", "fields": {"name": "An"}}
    end = {"type": "end", "client_id": "def", "contact_id": 7}
    key, at_ms = f"trunkline.{house.url}.web", (time.time() - 7200) * 1000
    entries = json.dumps([{"frame": frame, "atMs": at_ms, "contact": 0} for frame in (old, end)])
    init = f"localStorage.getItem('{key}.pending') ?? localStorage.setItem('{key}.pending', {json.dumps(entries)})"
    async with shop(house, init=init) as seen:
        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until(".status", "Not sent: It was written too long ago")
        assert not house.open_contacts()
        assert await kept(seen.page) == []
        await seen.page.reload()
        await seen.page.locator("#trunkline-chat .launcher").click()
        await house.until(lambda: house.adapter.sockets.open)
        await seen.page.locator("#trunkline-chat .row textarea").fill("hello")
        await seen.page.keyboard.press("Enter")
        await seen.until(".status", "You are next.")
        assert "Not sent" not in await seen.text(".status")


async def test_who_polls_begins_with_what_the_welcome_told(build: Build) -> None:
    house = await build(ANYWHERE)
    asked: list[str] = []
    async with shop(house, sockets=False) as seen:
        seen.page.on("request", lambda request: asked.append(request.url) if "/messages?" in request.url else None)
        await seen.page.locator("#trunkline-chat .launcher").click()
        await house.until(lambda: asked)
        assert re.search("seen=[0-9a-f]{16}", asked[0]), asked
        seen.said.clear()  # the browser itself writes of sockets that are barred


async def test_a_file_before_the_first_line_begins_the_chat_and_can_be_had_at_once(build: Build) -> None:
    house = await build(ANYWHERE)
    async with shop(house, locale="en-GB") as seen:
        await seen.page.locator("#trunkline-chat .launcher").click()
        chooser = seen.page.locator("#trunkline-chat input[type=file]")
        await chooser.set_input_files({"name": "bag.txt", "mimeType": "text/plain", "buffer": b"torn at the side"})
        await seen.until(".line a.file[href]", "bag.txt")
        (contact,) = house.open_contacts()
        await house.until(lambda: house.lines(contact.contact) == [("customer", "")])
        assert "M" not in (await seen.text(".line.customer .who")).removeprefix("You"), "as British people write hours"


async def test_files_that_are_not_taken_are_named_until_the_chat_is_over(build: Build) -> None:
    house = await build(ANYWHERE)
    async with shop(house) as seen:
        await seen.begin("one")
        await seen.until(".status", "You are next.")
        chooser = seen.page.locator("#trunkline-chat input[type=file]")
        await chooser.set_input_files({"name": "empty.txt", "mimeType": "text/plain", "buffer": b""})
        await seen.until(".status", "empty.txt was not sent: There is nothing in the file.")
        await chooser.set_input_files({"name": "void.txt", "mimeType": "text/plain", "buffer": b""})
        await seen.until(".status", "void.txt was not sent")
        await house.work("bob")
        contact = await house.take()
        await seen.until(".status", "Bob Ray is here.")
        assert "empty.txt was not sent: There is nothing in the file." in await seen.text(".status")
        await house.end(contact)
        await seen.until(".status", "The chat has ended")
        assert "txt" not in await seen.text(".status")
        seen.said.clear()  # the browser itself writes of the refusal


async def test_what_was_seen_is_not_unread_after_a_reload(build: Build) -> None:
    house = await build(ANYWHERE)
    async with shop(house) as seen:
        await seen.begin("one")
        await seen.until(".status", "You are next.")
        await house.work("bob")
        await house.say(await house.take(), "it is seen")
        await seen.until(".line.agent", "it is seen")
        await seen.page.reload()
        await seen.page.locator("#trunkline-chat .line.agent").wait_for(state="attached")
        assert await seen.page.locator("#trunkline-chat .badge:visible").count() == 0
