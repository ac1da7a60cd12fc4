"""What is refused is answered by the form and the sentence of what was said, and stands in nobody's way."""

from pathlib import Path

import pytest

from engine.messages.observed import ContactArrived
from tests.webchat.support import CENTRE, INBOX, Build, House
from tests.webchat.test_reload import settings_of
from tests.webchat.test_widget import HELD_BACK, Shop, shop
from tests.webchat.test_widget_doors import ANYWHERE, answers
from tests.webchat.test_widget_files import FILES, Slow, choose, slow
from tests.webchat.test_widget_link import cut
from tests.webchat.test_widget_once import out_of_hours

__all__ = ["slow"]
pytestmark = [pytest.mark.peer, pytest.mark.slow]


async def leave_number(seen: Shop, number: str) -> None:
    """Press for a call back instead, and say where to."""
    widget = seen.page.locator("#trunkline-chat")
    await widget.locator(".number").click()
    await widget.locator("[name=number]").fill(number)
    await seen.hold_back()
    await seen.page.keyboard.press("Enter")
    await seen.until(".area button[aria-disabled=true]", "sending…")


async def test_a_file_of_before_the_doors_closed_leaves_the_form_alone(build: Build, slow: Slow) -> None:
    house = await build(ANYWHERE)
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await seen.page.route(FILES, slow)
        await widget.locator(".launcher").click()
        await choose(seen)
        await house.until(lambda: slow.held and house.adapter.sockets.open)
        await house.close_queue()
        await seen.until(".line.failed .mark", "Not sent: Nobody is here at the moment.")
        await widget.locator("[name=email]").fill("an@example.com")
        await widget.locator(".area textarea").fill("my bag is torn")
        await slow.let_go()
        await widget.get_by_role("button", name="Leave message").click()
        await seen.until(".status", "We have your message")
        (left,) = house.open_contacts()
        assert house.lines(left.contact) == [("customer", "my bag is torn")]
        assert "something in the form" not in await seen.text(".status")
        seen.said.clear()  # the browser itself writes of the upload that was stopped


async def test_a_number_that_comes_too_late_takes_nobody_out_of_the_line(anywhere: House) -> None:
    house = anywhere
    async with shop(house, init=HELD_BACK) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await seen.begin("one")
        await seen.until(".status", "You are next.")
        await leave_number(seen, "0903 123 456")
        await widget.get_by_role("button", name="Back").click()
        await widget.locator(".row textarea").press_sequentially("half a")
        await house.work("bob")
        contact = await house.take()
        await seen.until(".status", "Bob Ray is here.")
        await seen.let_go()
        await seen.until(".status", "Your number was not noted: Somebody is here already.")
        await seen.page.keyboard.type(" line")
        assert await widget.locator(".row textarea").input_value() == "half a line"
        await house.say(contact, "good morning")
        await seen.until(".line.agent", "good morning")
        assert await seen.text(".status") == "Bob Ray is here."


async def test_a_number_under_way_is_not_told_as_not_left_before_that_is_so(anywhere: House) -> None:
    house = anywhere
    await house.close_queue()
    async with shop(house, init=HELD_BACK) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await out_of_hours(seen, house)
        await leave_number(seen, "0903 123 456")
        await house.open_queue()
        await seen.until_so(
            "!document.getElementById('trunkline-chat').shadowRoot.querySelector('.status').textContent"
        )
        assert not await widget.locator(".area .agent").is_visible()
        await seen.let_go()
        await seen.until(".status", "Your number was not noted: Chats are taken again.")
        await widget.locator(".row textarea").wait_for()
        assert await widget.locator(".line").count() == 0


async def test_a_line_behind_a_start_that_became_a_message_was_in_no_chat(build: Build) -> None:
    house = await build(f"{ANYWHERE}        pre_chat: [{{name: email, label: E-mail, kind: email}}]\n")
    async with shop(house, init=HELD_BACK) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await widget.locator(".area textarea").fill("a chat of before")
        await widget.locator(".area button[type=submit]").click()
        await seen.until(".status", "You are next.")
        await house.end(house.open_contacts()[0].contact)
        await widget.get_by_role("button", name="New chat").click()
        await widget.locator("[name=email]").fill("an@example.com")
        await widget.locator(".area textarea").fill("one")
        await seen.hold_back()
        await widget.locator(".area button[type=submit]").click()
        await widget.locator(".row textarea").fill("two")
        await seen.page.keyboard.press("Enter")
        await house.close_queue()
        await seen.until(".status", "Nobody is here")
        await seen.let_go()
        await seen.until(".line.failed .mark", "Not sent: There is no chat now.")
        await seen.until(".status", "We have your message")


async def test_a_first_line_that_a_full_queue_sends_away_stands_as_not_sent(build: Build) -> None:
    centre = CENTRE.replace("{channel: chat, strategy", "{channel: chat, max_length: 1, strategy")
    house = await build(ANYWHERE, centre=centre)
    await house.tell(ContactArrived(contact="before", queue="help", channel="chat"))
    async with shop(house) as seen:
        await seen.begin("anybody there?")
        await seen.until(".status", "We could not serve you this time.")
        await seen.until(".line.failed", "anybody there?")
        await seen.page.reload()
        await seen.until_attached(".line.failed", "anybody there?")


@pytest.mark.parametrize("sockets", [True, False])
async def test_an_inbox_that_is_gone_is_told(anywhere: House, tmp_path: Path, sockets: bool) -> None:
    house = anywhere
    async with shop(house, sockets=sockets) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await seen.talk()
        if sockets:
            await seen.page.evaluate("void (WebSocket.prototype.send = () => {})")
            await widget.locator(".row textarea").fill("are you there?")
            await seen.page.keyboard.press("Enter")
            await seen.until(".line .mark", "sending…")
        house.adapters.reload({"webchat": settings_of(tmp_path, INBOX.replace("web:", "shop:"))}, ())
        await seen.until(".status", "The chat is not available here.")
        if sockets:
            await seen.until(".line.failed .mark", "Not sent: The chat is not available here.")
        else:
            seen.said.clear()  # the browser itself writes of sockets that are barred


async def test_who_comes_back_to_an_inbox_that_is_gone_is_told(anywhere: House, tmp_path: Path) -> None:
    house = anywhere
    async with shop(house) as seen:
        await seen.talk()
        await seen.page.context.set_offline(True)
        cut(house)
        await seen.until(".status", "Connection lost.")
        house.adapters.reload({"webchat": settings_of(tmp_path, INBOX.replace("web:", "shop:"))}, ())
        await seen.page.context.set_offline(False)
        await seen.until(".status", "The chat is not available here.")
        seen.said.clear()  # the browser itself writes of what could not be reached


async def test_a_survey_that_is_being_answered_stands_over_a_restart(anywhere: House, tmp_path: Path) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        contact = await seen.talk()
        await house.end(contact)
        await widget.locator("label:has(input[value='4'])").click()
        await widget.locator("[name=comment]").press_sequentially("quick ")
        await house.start_again(tmp_path / "adapters")
        await house.until(lambda: house.adapter.core.counters["sockets"])
        await seen.until_so(
            "!document.getElementById('trunkline-chat').shadowRoot.querySelector('.status').textContent"
            ".startsWith('Connection lost')"
        )
        await seen.page.keyboard.type("and kind")
        await widget.locator("form:not(.held) button[type=submit]").click()
        await seen.until(".area", "Thank you for your answer.")
        await house.until(lambda: house.adapter.core.counters["surveys_answered"])
        views = house.engine.views
        answer = views.quality.survey_answer("csat", views.contacts.find(contact).contact.id)
        assert answer is not None
        assert (answer.score, answer.comment) == (4, "quick and kind")
        seen.said.clear()  # the browser itself writes of the service that was away


async def test_what_came_last_is_unread_on_the_next_page_too(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        launcher = seen.page.locator("#trunkline-chat .launcher")
        contact = await seen.talk()
        await seen.page.keyboard.press("Escape")
        await house.say(contact, "it is on its way")
        await house.end(contact)
        unread = seen.page.locator("#trunkline-chat .launcher[aria-label$=': 1']")
        await unread.wait_for()
        await seen.until_attached(".status", "The chat has ended.")
        for _ in range(2):
            await seen.page.reload()
            await unread.wait_for()
        await launcher.click()
        await seen.until(".line.agent", "it is on its way")


async def test_where_nothing_is_said_of_the_chat_who_stood_at_a_question_stands_at_its_title(build: Build) -> None:
    house = await build(ANYWHERE)
    await house.close_queue()
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await widget.locator("[name=email]").fill("an@example.com")
        await house.until(lambda: house.adapter.sockets.open)
        await house.open_queue()
        await widget.locator(".row textarea").wait_for()
        await seen.focused("#title")
        assert "email" not in await answers(seen)
