"""What a visitor has half written, and what was told as not sent, is there on the next page of the same tab."""

import pytest

from tests.webchat.support import INBOX, Build, House
from tests.webchat.test_widget import FORM, SIGNED, WITHIN_MS, shop
from tests.webchat.test_widget_signed import AS_SITE, come_as, signed

pytestmark = [pytest.mark.peer, pytest.mark.slow]
ANYWHERE = INBOX.replace("https://shop.example", "*")
CHAT = "#trunkline-chat"


async def test_a_half_written_line_and_what_was_not_sent_are_there_after_a_reload(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        text = seen.page.locator(f"{CHAT} .row textarea")
        contact = await seen.talk()
        await text.fill("half a li")
        await seen.come_back()
        await seen.until(".status", "Bob Ray")
        assert await text.input_value() == "half a li"
        assert house.lines(contact) == [("customer", "one")]
        await text.focus()
        await house.end(contact)
        await seen.until("#unsent", "Not sent")
        await seen.page.locator(f"{CHAT} .held textarea").press("Enter")
        await seen.until(".line.failed", "half a li")
        await seen.come_back()
        await seen.until(".line.failed", "Not sent: The chat has ended.")
        await seen.until("legend", "How satisfied")
        await seen.come_back()
        await seen.until(".line.customer", "one")
        assert await seen.page.locator(f"{CHAT} .line.failed").count() == 1, "each once"
        await seen.page.locator(CHAT).get_by_role("button", name="New chat").click()
        await text.wait_for()
        await seen.come_back()
        await text.wait_for()
        assert await seen.page.locator(f"{CHAT} .line").count() == 0
        assert await text.input_value() == ""
        assert "half" not in await seen.page.evaluate("JSON.stringify(sessionStorage)")


async def test_a_filled_form_is_there_on_the_next_page_and_gone_once_it_is_sent(build: Build) -> None:
    house = await build(ANYWHERE + FORM)
    async with shop(house) as seen:
        widget = seen.page.locator(CHAT)
        await widget.locator(".launcher").click()
        for name, answer in (("[name=name]", "An"), ("[name=email]", "an@example.com"), ("textarea", "where is")):
            await widget.locator(f".area {name}").fill(answer)
        await seen.come_back()
        await widget.locator("[name=name]").wait_for()
        assert await widget.locator("[name=email]").input_value() == "an@example.com"
        await widget.locator(".area textarea").press_sequentially(" my bag?")
        await widget.locator(".area button[type=submit]").click()
        await seen.until(".status", "You are next.")
        (record,) = house.open_contacts()
        assert record.attributes["name"] == "An"
        assert house.lines(record.contact) == [("customer", "where is my bag?")]
        assert "example.com" not in await seen.page.evaluate("JSON.stringify([sessionStorage, localStorage])")


async def test_the_half_line_of_a_signed_customer_is_shown_to_nobody_else(build: Build) -> None:
    house = await build(SIGNED)
    an, binh = signed(house, "c-7"), signed(house, "c-8")
    async with shop(house, init=AS_SITE) as seen:
        text = seen.page.locator(f"{CHAT} .row textarea")
        await seen.page.locator(f"{CHAT} .launcher").click()
        await text.fill("before I sign in")
        for token, found in ((an, "before I sign in"), (an, "before I sign in"), (binh, ""), ("", "")):
            await come_as(seen, token)
            await seen.page.locator(f"{CHAT} .launcher").click()
            await text.wait_for()
            assert await text.input_value() == found


async def test_what_is_looked_at_in_one_tab_is_unread_in_no_other(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        contact = await seen.talk()
        other = await seen.page.context.new_page()
        await other.goto(seen.page.url)
        await other.locator(f"{CHAT} .line.customer").wait_for(state="attached")
        await seen.page.bring_to_front()
        await seen.page.keyboard.press("Escape")
        await house.say(contact, "good morning")
        await other.locator(f"{CHAT} .badge", has_text="1").wait_for(timeout=WITHIN_MS)
        await seen.until(".badge", "1")
        await seen.page.locator(f"{CHAT} .launcher").click()
        await seen.until(".line.agent", "good morning")
        await other.locator(f"{CHAT} .badge").wait_for(state="hidden", timeout=WITHIN_MS)
        assert await other.locator(f"{CHAT} .launcher").get_attribute("aria-label") == "Open chat"


@pytest.mark.parametrize("width", [1000, 390])
async def test_where_there_is_nothing_to_do_the_focus_is_where_keys_still_fold_it_up(build: Build, width: int) -> None:
    nothing = (
        ANYWHERE.replace("message_queue: letters", "")
        .replace("callback_queue: calls", "")
        .replace("callback: true", "")
    )
    house = await build(nothing)
    await house.close_queue()
    async with shop(house, width=width) as seen:
        await seen.page.locator(f"{CHAT} .launcher").press("Enter")
        await seen.page.locator(f"{CHAT} header .icon:focus").wait_for()
        await seen.until(".status", "Nobody is here")
        await seen.page.keyboard.press("Escape")
        assert await seen.focus() == "BUTTON Open chat"


async def test_who_is_asked_nothing_once_the_site_has_named_them_stands_in_the_line(build: Build) -> None:
    house = await build(SIGNED + "\n        pre_chat: [{name: name, label: Name}]\n")
    async with shop(house, init=AS_SITE) as seen:
        await come_as(seen, signed(house, "c-7", name="An"))
        await seen.page.locator(f"{CHAT} .launcher").press("Enter")
        await seen.page.locator(f"{CHAT} .row textarea:focus").wait_for(timeout=WITHIN_MS)


async def test_the_title_stands_beside_the_button_in_two_lines_at_most(anywhere: House) -> None:
    async with shop(anywhere, width=1280, locale="vi-VN") as seen:
        await seen.begin("một")
        await seen.until("header", "Kết thúc")
        lines = await seen.page.locator(f"{CHAT} h2").evaluate(
            "(e) => { const all = new Range(); all.selectNodeContents(e); return all.getClientRects().length; }"
        )
        assert lines <= 2
