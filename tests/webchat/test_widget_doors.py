"""The widget while its queue opens and closes: the page turns by what the service says, nothing is filled in twice."""

import pytest

from tests.webchat.support import INBOX, Build, House
from tests.webchat.test_widget import HELD_BACK, WITHIN_MS, Shop, shop

pytestmark = [pytest.mark.peer, pytest.mark.slow]
ANYWHERE = INBOX.replace("https://shop.example", "*")
ASKING = f"{ANYWHERE}        pre_chat: [{{name: name, label: {{en: Name, vi: Tên}}, required: true}}]\n"
MAIL = "{name: email, label: E-mail, kind: email, required: true}"


async def answers(seen: Shop) -> dict[str, str]:
    """What stands in the form."""
    found = await seen.page.locator("#trunkline-chat .area form :is(input:not([type=file]), textarea)").evaluate_all(
        "all => all.map((e) => [e.name, e.value])"
    )
    return dict(found)


@pytest.mark.parametrize("sockets", [True, False])
async def test_the_form_changes_with_the_doors_and_keeps_what_was_filled_in(build: Build, sockets: bool) -> None:
    house = await build(ASKING)
    async with shop(house, locale="vi-VN", sockets=sockets) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await widget.locator("input[name=name]").fill("Lan")
        await widget.locator("textarea").click()
        await seen.page.keyboard.type("Tôi muốn đổi ")
        await house.until(lambda: house.adapter.core.counters["sockets" if sockets else "polls"])
        await house.close_queue()
        await widget.locator("input[name=email]").wait_for(timeout=WITHIN_MS)
        assert (await seen.focus()).startswith("TEXTAREA")
        await seen.page.keyboard.type("vé")
        assert await answers(seen) == {"name": "Lan", "email": "", "": "Tôi muốn đổi vé"}
        assert "Hiện không có ai trực." in await seen.text(".status")
        await widget.locator("input[name=email]").fill("lan@lotus.vn")
        await house.open_queue()
        await widget.get_by_role("button", name="Bắt đầu trò chuyện").wait_for(timeout=WITHIN_MS)
        assert await answers(seen) == {"name": "Lan", "": "Tôi muốn đổi vé"}
        await house.close_queue()
        await widget.locator("input[name=email]").wait_for(timeout=WITHIN_MS)
        assert await answers(seen) == {"name": "Lan", "email": "lan@lotus.vn", "": "Tôi muốn đổi vé"}
        await widget.get_by_role("button", name="Để lại tin nhắn").click()
        await seen.until(".status", "Chúng tôi đã nhận được tin nhắn")
        (left,) = house.open_contacts()
        assert (left.queue, left.attributes["answer_to"]) == ("letters", "lan@lotus.vn")
        seen.said.clear()  # the browser itself writes of sockets that are barred


async def leave_held_back(seen: Shop) -> None:
    """Fill in the form and send it; it is on its way."""
    widget = seen.page.locator("#trunkline-chat")
    await widget.locator(".launcher").click()
    await widget.locator("input[name=email]").fill("an@example.com")
    await widget.locator("textarea").fill("Where is my bag?")
    await seen.hold_back()
    await widget.locator(".area button[type=submit]").click()
    await seen.until_so("window.held.length > 0")


@pytest.mark.parametrize("closes", [True, False])
async def test_what_was_sent_as_the_doors_turned_is_what_the_service_says(build: Build, closes: bool) -> None:
    house = await build(f"{ANYWHERE}        pre_chat: [{MAIL}]\n")
    if not closes:
        await house.close_queue()
    async with shop(house, init=HELD_BACK) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await leave_held_back(seen)
        await (house.close_queue() if closes else house.open_queue())
        await seen.let_go()
        await seen.until(".status", "We have your message" if closes else "You are next.")
        await seen.until(".line.customer", "Where is my bag?")
        (record,) = house.open_contacts()
        assert record.channel == ("email" if closes else "chat")
        assert await widget.locator(".line").count() == 1
        assert await widget.locator("input[name=email]").count() == 0


async def test_the_mail_form_of_before_the_opening_begins_a_chat(build: Build) -> None:
    house = await build(ANYWHERE)
    await house.close_queue()
    async with shop(house, init=HELD_BACK) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await leave_held_back(seen)
        await house.open_queue()
        await seen.let_go()
        await seen.until(".status", "You are next.")
        (record,) = house.open_contacts()
        assert (record.channel, record.attributes["email"]) == ("chat", "an@example.com")
        assert await widget.locator(".line").count() == 1


async def test_a_number_that_is_half_written_as_the_doors_open_leads_to_the_chat(build: Build) -> None:
    house = await build(ANYWHERE)
    await house.close_queue()
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await widget.locator(".number").click()
        await widget.locator("input[name=number]").fill("0903 12")
        await house.until(lambda: house.adapter.sockets.open)
        await house.open_queue()
        await seen.until(".area .agent", "Chats are taken again.")
        assert await widget.locator("input[name=number]").input_value() == "0903 12"
        assert not await widget.get_by_role("button", name="Call me back").is_visible()
        await widget.get_by_role("button", name="Back").click()
        await widget.locator(".row textarea").fill("hello")
        await seen.page.keyboard.press("Enter")
        await seen.until(".status", "You are next.")


async def test_where_nothing_can_be_left_the_line_waits_for_the_doors_to_open(build: Build) -> None:
    house = await build("      web: {queue: help, origins: ['*']}\n")
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await widget.locator("textarea").fill("is anybody here?")
        await house.until(lambda: house.adapter.sockets.open)
        await house.close_queue()
        await seen.until(".status", "Nobody is here at the moment.")
        assert await widget.locator("textarea").count() == 0
        await house.open_queue()
        await widget.locator("textarea").wait_for(timeout=WITHIN_MS)
        assert await widget.locator("textarea").input_value() == "is anybody here?"
        assert await widget.locator(".line").count() == 0


async def test_who_talks_goes_on_when_the_doors_close(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        await seen.begin("one")
        await seen.until(".status", "You are next.")
        await seen.page.locator("#trunkline-chat textarea").fill("and tw")
        await house.close_queue()
        await house.work("bob")
        contact = await house.take()
        await seen.until(".status", "Bob Ray is here.")
        assert await seen.page.locator("#trunkline-chat textarea").input_value() == "and tw"
        await house.end(contact)
        await seen.page.get_by_role("button", name="New chat").click()
        await seen.until(".area", "Leave a message")
