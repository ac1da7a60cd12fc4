"""The desk over links that are slow, that die without a word, and in a browser that two agents share."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlparse

import pytest
from aiohttp import ClientSession

from adapters.http.desk.commands import Say
from adapters.http.desk.questions import AnyQuestion, AskEarlier, answer_to
from adapters.http.desk.socket import DeskSocket
from engine.errors import Overloaded
from tests.http.browser import until
from tests.http.desk.support import CENTRE, PASSWORD
from tests.http.desk.test_in_browser import (
    bring,
    browser,
    drop_sockets,
    lines,
    signed_in,
    take_chat,
    time_passes,
)
from tests.http.desk.test_in_order import LINES, refuse_once
from tests.http.desk.test_socket import customer_says
from tests.http.support import CONTACTS, Build, House, get, tell

pytestmark = [pytest.mark.peer, pytest.mark.slow]
FAR_AWAY = """const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (said) { setTimeout(() => send.call(this, said), 250); };"""
LOSES = """(() => { window.loses = true; const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (said) {
  if (!window.loses || !said.includes('"KIND"')) send.call(this, said); }; })()"""
TOGETHER = """(() => { window.heldBack = []; const send = WebSocket.prototype.send;
window.letGo = () => { WebSocket.prototype.send = send;
  for (const [socket, said] of window.heldBack) socket.send(said); };
WebSocket.prototype.send = function (said) {
  if (said.includes('"say"')) window.heldBack.push([this, said]);
  else send.call(this, said); }; })()"""
LIVE = "document.querySelector('.dot').dataset.state === 'live'"


class Wire:
    """A proxy that can be made to forward nothing and to close nothing."""

    def __init__(self, house: House) -> None:
        self._port = urlparse(house.url).port
        self._writers: list[asyncio.StreamWriter] = []
        self.cut = False
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, back]
        await asyncio.gather(self._pipe(reader, back), self._pipe(there, writer))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if not self.cut:
                    writer.write(data)
            if not self.cut:
                writer.close()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        """Forward until the end."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield self
        server.close()
        for writer in self._writers:
            writer.close()


def desks(house: House) -> dict[str, int]:
    """How many desks of each agent are open."""
    hub, agents = house.adapter.context.desks.hub, house.engine.views.directory.agents
    return {agents.name(agent): len(wakers) for agent, wakers in hub._open.items()}


async def sign_in_again(page: Any, agent: str) -> None:
    """Sign in at the form that is shown, by its fields."""
    await page.fill("#agent", agent)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")


async def end_session(page: Any, house: House) -> None:
    """Let the session be over, and a next one be allowed."""
    sessions = house.adapter.context.desks.sessions
    lasts_ns, sessions._whole_ns = sessions._whole_ns, 0
    house.adapter.context.desks.hub.wake_all()
    await page.wait_for_selector(".door #password")
    sessions._whole_ns = lasts_ns


async def wrapping(page: Any, house: House, name: str = "chat-1") -> None:
    """Let the customer go: the wrap-up stands there, and nothing has the focus."""
    async with ClientSession(house.url) as client:
        await tell(client, f"{CONTACTS}/{name}/release", by="customer")
    await page.wait_for_selector(".wrap-up:not([hidden])")
    await page.evaluate("document.activeElement.blur()")


async def classified(house: House) -> list[Any]:
    """Every classification in the log, with its contact's id."""
    async with ClientSession(house.url) as client:
        return [one["data"] for one in (await get(client, "/api/v1/events?type=contact_classified"))["events"]]


async def test_another_agent_by_the_dialog_begins_anew(build: Build) -> None:
    house = await build("desk: {session_limit: 6m}", centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.clock.install()
        await page.goto(f"{house.url}/desk")
        await page.wait_for_selector("#state[data-state]")
        await take_chat(page, house)
        await page.evaluate(LOSES.replace("KIND", "say"))
        await page.keyboard.type("of An, under way")
        await page.keyboard.press("Enter")
        await page.keyboard.type("to An's customer")
        await time_passes(house, 90_000, page)
        await page.locator(".session-end").wait_for()
        await page.get_by_role("button", name="Sign in again").click()
        await until(page, "document.activeElement.id === 'password'")
        await sign_in_again(page, "binh")
        await page.locator(".me", has_text="Trần Bình").wait_for()
        async with asyncio.timeout(10):
            while desks(house) != {"binh": 1}:  # noqa: ASYNC110
                await asyncio.sleep(0.03)
        await bring(house, "chat-2", who="Another one of An's")
        await customer_says(house, "chat-1", "a secret of An's customer")
        await until(page, LIVE)
        told = await page.inner_text("body")
        assert "Phạm Lan" not in told
        assert "Another one" not in told
        assert "secret" not in told
        assert "An's customer" not in told
        await page.evaluate("window.loses = false")
        await page.click("button:text-is('Sign out')")
        await page.wait_for_selector(".door #password")
        assert not house.engine.views.contacts.conversation("chat-1").messages[1:], "nobody else says it"
        await sign_in_again(page, "an")
        await until(page, "document.querySelectorAll('.line').length === 2")
        assert await lines(page) == ["a secret of An's customer", "of An, under way"]


async def test_a_tab_of_before_is_nobody_elses(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        other = await context.new_page()
        answer = await other.request.post(
            f"{house.url}/api/v1/desk/session", data={"agent": "binh", "password": PASSWORD}
        )
        assert answer.ok
        await page.bring_to_front()
        await page.keyboard.type("of An alone")
        await page.keyboard.press("Enter")
        await until(page, "document.querySelector('.line-state')?.textContent === 'sent'")
        await drop_sockets(house)
        await page.locator(".door-alert", has_text="Another agent has signed in").wait_for()
        assert "Phạm Lan" not in await page.inner_text("body")
        assert "binh" not in desks(house)
        await page.fill("#agent", "an")
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await until(page, "document.querySelectorAll('.line').length === 1")


async def test_a_dead_link_is_noticed_and_left(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context, Wire(house).open() as wire:
        page = await context.new_page()
        await page.clock.install()
        await page.goto(f"{wire.url}/desk")
        await sign_in_again(page, "an")
        await page.wait_for_selector("#state[data-state]")
        await take_chat(page, house)
        wire.cut = True
        await page.keyboard.type("into the void")
        await page.keyboard.press("Enter")
        await customer_says(house, "chat-1", "are you there?")
        await page.clock.fast_forward(10_000)
        assert await page.get_attribute(".dot", "data-state") == "live"
        await page.clock.fast_forward(20_000)
        await until(page, "document.querySelector('.dot').dataset.state !== 'live'")
        wire.cut = False
        await page.clock.fast_forward(40_000)
        await until(page, "document.querySelectorAll('.line').length === 2")
        await until(page, LIVE)
        assert sorted(await lines(page)) == ["are you there?", "into the void"]


async def test_a_line_under_way_is_shown_and_sent_once_over_sessions(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.evaluate("WebSocket.prototype.send = () => undefined")
        for text in ("one", "two"):
            await page.keyboard.type(text)
            await page.keyboard.press("Enter")
        await page.fill("#note", "half a note")
        for _ in range(2):
            await end_session(page, house)
            await sign_in_again(page, "an")
            await until(page, "document.querySelectorAll('.line').length === 2")
            assert await lines(page) == ["one", "two"]
        assert await page.input_value("#note") == "half a note"
        await page.reload()
        await until(page, "[...document.querySelectorAll('.line-state')].at(-1)?.textContent === 'sent'")
        assert await lines(page) == ["one", "two"]
        said = house.engine.views.contacts.conversation("chat-1").messages
        assert [line.text for line in said] == ["one", "two"]


async def test_what_is_written_behind_a_line_that_has_to_wait_stays_behind_it(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await build(centre=CENTRE)
    refused = asyncio.Event()
    room = asyncio.Event()
    do = DeskSocket._do

    async def without_room(desk: DeskSocket, command: Any) -> Any:
        if isinstance(command, Say) and not room.is_set():
            refused.set()
            raise Overloaded("no room")
        return await do(desk, command)

    monkeypatch.setattr(DeskSocket, "_do", without_room)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.keyboard.type("one")
        await page.keyboard.press("Enter")
        await asyncio.wait_for(refused.wait(), 10)
        await page.evaluate("new Promise((done) => setTimeout(done, 50))")
        room.set()
        await page.keyboard.type("two")
        await page.keyboard.press("Enter")
        await until(page, "[...document.querySelectorAll('.line-state')].at(-1)?.textContent === 'sent'")
        assert await lines(page) == ["one", "two"]
        assert [line.text for line in house.engine.views.contacts.conversation("chat-1").messages] == ["one", "two"]


@pytest.mark.parametrize("refused", LINES[:2])
async def test_lines_sent_together_keep_their_order_whichever_is_refused(
    build: Build, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    house = await build(centre=CENTRE)
    refuse_once(house, monkeypatch, refused)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.evaluate(TOGETHER)
        for text in LINES:
            await page.keyboard.type(text)
            await page.keyboard.press("Enter")
        await until(page, "window.heldBack.length === 3")
        await page.evaluate("window.letGo()")
        await until(page, "[...document.querySelectorAll('.line-state')].at(-1)?.textContent === 'sent'")
        assert await lines(page) == list(LINES)
        assert [line.text for line in house.engine.views.contacts.conversation("chat-1").messages] == list(LINES)


async def test_a_dialog_half_written_is_there_again_and_a_question_is_not(build: Build) -> None:
    cases = "cases: {refund: {queue: care, limit: 2d}}\n"
    house = await build(centre=CENTRE + cases)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.keyboard.press("Escape")
        await page.keyboard.press("e")
        await page.wait_for_selector("dialog[open]")
        await end_session(page, house)
        await until(page, "document.activeElement.id === 'password'")
        await sign_in_again(page, "an")
        await page.wait_for_selector(".actions .danger")
        assert await page.locator("dialog").count() == 0
        await page.click(".open-case")
        await page.fill("#case-subject", "a refund of")
        await end_session(page, house)
        assert await page.locator("dialog").count() == 0
        await sign_in_again(page, "an")
        await until(page, "document.activeElement.id === 'case-subject'")
        await page.keyboard.type(" 20 dollars")
        assert await page.input_value("#case-subject") == "a refund of 20 dollars"


async def test_answers_of_one_round_trip_keep_each_other(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        await context.add_init_script(FAR_AWAY)
        page = await signed_in(context, house)
        await take_chat(page, house)
        await wrapping(page, house)
        await page.keyboard.press("Escape")
        await page.keyboard.press("2")
        await page.locator("fieldset", has_text="Solved").get_by_text("Yes").click()
        await page.focus("#field-words")
        await page.keyboard.type("wants a ")
        await page.locator("fieldset", has_text="Ease").get_by_text("5").click()
        await until(page, "document.querySelector('[data-code=changed]').getAttribute('aria-pressed') === 'true'")
        await page.focus("#field-words")
        await page.keyboard.press("End")
        await page.keyboard.type(" refund")
        await page.keyboard.press("Alt+f")
        await page.wait_for_selector(".nothing:not([hidden])")
        assert (await classified(house))[-1] == {
            "code": "changed",
            "fields": {"solved": "yes", "words": "wants a refund", "ease": "5"},
        }


async def test_words_of_a_wrap_up_are_of_its_own_contact(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await bring(house, "chat-2")
        await page.wait_for_selector(".offer")
        await page.keyboard.press("Alt+a")
        await until(page, "document.querySelectorAll('.contact').length === 2")
        await page.locator(".contact").first.click()
        await wrapping(page, house)
        await page.focus("#field-words")
        await page.keyboard.type("wants a refund")
        await page.keyboard.press("Alt+f")
        await until(page, "document.querySelectorAll('.contact').length === 1")
        async with ClientSession(house.url) as client:
            told = (await get(client, "/api/v1/events?type=contact_classified"))["events"]
        assert [(one["contact"], one["data"]["fields"]) for one in told] == [("chat-1", {"words": "wants a refund"})]


async def test_a_key_that_is_held_does_it_once(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.keyboard.press("r")
        await page.wait_for_selector("#state[data-state=idle]")
        await bring(house, "chat-1")
        await page.wait_for_selector(".offer")
        await page.keyboard.down("a")
        await page.keyboard.down("a")
        await until(page, "document.activeElement.id === 'line'")
        await page.keyboard.down("a")
        await page.keyboard.up("a")
        assert await page.input_value("#line") == ""
        await page.keyboard.type("aa")
        assert await page.input_value("#line") == "aa"
        await page.fill("#line", "")
        await wrapping(page, house)
        await page.evaluate("window.endedAt = performance.now()")
        await until(page, "performance.now() - window.endedAt > 1000")  # until then, it would be more of the line
        await page.keyboard.press("Escape")
        for _ in range(2):
            await page.keyboard.down("1")
        await page.keyboard.up("1")
        await page.wait_for_selector("[data-code=booked][aria-pressed=true]")
        assert [one["code"] for one in await classified(house)] == ["booked"]


async def test_earlier_contacts_are_asked_for_until_they_are_told(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await build(centre=CENTRE)
    works = asyncio.Event()

    async def answer(question: AnyQuestion, *given: Any) -> Any:
        if not works.is_set() and isinstance(question, AskEarlier):
            raise KeyError("not now")
        return await answer_to(question, *given)

    monkeypatch.setattr("adapters.http.desk.socket.answer_to", answer)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.clock.install()
        await page.reload()
        await page.wait_for_selector("#state[data-state]")
        await take_chat(page, house)
        await page.locator(".customer .empty", has_text="cannot be told now").wait_for()
        works.set()
        await page.clock.fast_forward(11_000)
        await page.locator(".customer .empty", has_text="None that is remembered").wait_for()


async def test_what_was_asked_when_a_session_ended_is_asked_again(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await page.evaluate(LOSES.replace("KIND", "ask"))
        await take_chat(page, house)
        await page.locator(".customer .empty", has_text="Loading").wait_for()
        await page.evaluate("window.loses = false")
        await end_session(page, house)
        await sign_in_again(page, "an")
        await page.locator(".customer .empty", has_text="None that is remembered").wait_for()


async def test_half_of_a_character_holds_nothing_up(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with browser() as context:
        page = await signed_in(context, house)
        await take_chat(page, house)
        await page.evaluate("document.querySelector('#line').value = 'half \\ud83d'")
        await page.keyboard.press("Enter")
        await page.keyboard.type("whole")
        await page.keyboard.press("Enter")
        await until(page, "[...document.querySelectorAll('.line-state')].at(-1)?.textContent === 'sent'")
        assert await lines(page) == ["half \ufffd", "whole"]
