"""What a visitor has written is in its field, or said, or stands as not sent: at any time in one of them."""

import pytest

from adapters.webchat.conduct import Conduct
from tests.webchat.support import INBOX, Build, House
from tests.webchat.test_widget import HELD_BACK, WITHIN_MS, Shop, shop
from tests.webchat.test_widget_files import FILES
from tests.webchat.test_widget_refused import refuse

pytestmark = [pytest.mark.peer, pytest.mark.slow]
ANYWHERE = INBOX.replace("https://shop.example", "*")
NAMED = f"{ANYWHERE}        pre_chat: [{{name: name, label: Name}}]\n"
NOTHING_LEFT = "      web: {queue: help, origins: ['*']}\n"
CHAT = "#trunkline-chat"
LINE = f"{CHAT} .row textarea"


async def begin_held(seen: Shop, house: House, text: str) -> None:
    """Say the first words of a chat, which are under way then."""
    await seen.page.locator(f"{CHAT} .launcher").click()
    await seen.hold_back()
    await seen.page.locator(LINE).fill(text)
    await seen.page.keyboard.press("Enter")
    await seen.until(".line .mark", "sending")


@pytest.mark.parametrize("inbox", [ANYWHERE, NAMED])
async def test_a_message_that_becomes_a_chat_is_not_in_the_field_again(build: Build, inbox: str) -> None:
    house = await build(inbox)
    await house.close_queue()
    async with shop(house, init=HELD_BACK) as seen:
        await seen.page.locator(f"{CHAT} .launcher").click()
        await seen.hold_back()
        await seen.page.locator(f"{CHAT} [name=email]").fill("an@example.com")
        await seen.page.locator(f"{CHAT} .area textarea").fill("where is my bag?")
        await seen.page.locator(f"{CHAT} .area button[type=submit]").click()
        assert await seen.page.locator(f"{CHAT} .area textarea").input_value() == "where is my bag?"
        await house.open_queue()
        await seen.page.locator(f"{CHAT} [name=email]").wait_for(state="detached", timeout=WITHIN_MS)
        await seen.let_go()
        await seen.until(".status", "You are next.")
        assert await seen.page.locator(LINE).input_value() == ""
        await seen.page.locator(LINE).press("Enter")
        await seen.page.locator(LINE).fill("it is red")
        await seen.page.locator(LINE).press("Enter")
        (record,) = house.open_contacts()
        await house.until(lambda: len(house.lines(record.contact)) == 2)
        assert house.lines(record.contact) == [("customer", "where is my bag?"), ("customer", "it is red")]


async def test_a_line_that_is_refused_after_a_reload_stands_as_not_sent(anywhere: House) -> None:
    house = anywhere
    async with shop(house, init=HELD_BACK) as seen:
        contact = await seen.talk()
        await seen.hold_back()
        await seen.page.locator(LINE).fill("it matters")
        await seen.page.keyboard.press("Enter")
        await seen.until(".line:last-child .mark", "sending")
        await seen.page.goto("about:blank")
        await house.end(contact)
        await seen.page.go_back()
        await seen.page.locator(f"{CHAT} .launcher").click()
        await seen.until(".line.failed", "it matters")
        assert "Not sent: The chat has ended." in await seen.text(".line.failed")
        assert await seen.text(".status") == "The chat has ended."
        await seen.come_back()
        await seen.until(".line.failed", "it matters")


async def test_first_words_that_are_refused_after_a_reload_stand_as_not_sent(build: Build) -> None:
    house = await build(NOTHING_LEFT)
    async with shop(house, init=HELD_BACK) as seen:
        await begin_held(seen, house, "is anybody here?")
        url = seen.page.url
        await seen.page.goto("about:blank")
        await house.close_queue()
        await seen.page.goto(url)
        await seen.page.locator(f"{CHAT} .launcher").click()
        await seen.until(".line.failed", "is anybody here?")
        assert await seen.text(".status") == "Nobody is here at the moment."


async def test_half_a_line_behind_words_that_became_a_message_is_not_lost(build: Build) -> None:
    house = await build(f"{ANYWHERE}        pre_chat: [{{name: email, label: E-mail, kind: email}}]\n")
    async with shop(house, init=HELD_BACK) as seen:
        await seen.page.locator(f"{CHAT} .launcher").click()
        await seen.hold_back()
        await seen.page.locator(f"{CHAT} [name=email]").fill("an@example.com")
        await seen.page.locator(f"{CHAT} .area textarea").fill("is anybody here?")
        await seen.page.locator(f"{CHAT} .area button[type=submit]").click()
        await seen.page.locator(LINE).press_sequentially("and ano")
        await house.close_queue()
        await seen.let_go()
        await seen.until(".status", "We have your message.")
        await seen.until("#unsent", "Not sent: Nobody is here at the moment.")
        await seen.focused(".held textarea")
        await seen.page.keyboard.type("ther one")
        await seen.page.keyboard.press("Enter")
        await seen.until(".line.failed", "and another one")
        await seen.focused(".status")
        await seen.come_back()
        await seen.until(".line.failed", "and another one")


@pytest.mark.parametrize("inbox", [NOTHING_LEFT, ANYWHERE])
async def test_half_a_line_behind_words_that_are_refused_is_gone_on_with(build: Build, inbox: str) -> None:
    house = await build(inbox)
    async with shop(house, init=HELD_BACK) as seen:
        await begin_held(seen, house, "is anybody here?")
        await seen.page.locator(LINE).press_sequentially("and ano")
        await house.close_queue()
        await seen.until(".status", "Nobody is here")
        await seen.let_go()
        text = seen.page.locator(f"{CHAT} .area textarea")
        if inbox == NOTHING_LEFT:
            await seen.until(".line.failed", "is anybody here?")
            assert await text.count() == 0
            await seen.come_back()
            await house.open_queue()
            await text.wait_for(timeout=WITHIN_MS)
            assert await text.input_value() == "and ano"
        else:
            await seen.until(".fault", "Please fill this in.")
            await seen.focused("textarea")
            await seen.page.keyboard.type("ther one")
            assert await text.input_value() == "is anybody here?\nand another one"
            assert await seen.page.locator(f"{CHAT} .line").count() == 0


async def test_half_a_line_beside_the_survey_outlives_a_reload(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        contact = await seen.talk()
        await seen.page.locator(LINE).press_sequentially("half a li")
        await house.end(contact)
        await seen.until("#unsent", "Not sent")
        await seen.page.keyboard.type("ne")
        await seen.come_back()
        await seen.until(".line.failed", "half a line")
        assert "Not sent: The chat has ended." in await seen.text(".line.failed")
        await seen.page.locator(CHAT).get_by_role("button", name="New chat").click()
        await seen.page.locator(LINE).wait_for()
        assert await seen.page.locator(f"{CHAT} .line").count() == 0
        assert "half" not in await seen.page.evaluate("JSON.stringify(sessionStorage)")


async def test_what_was_not_sent_stays_where_it_was_told(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        contact = await seen.talk()
        await seen.page.route(FILES, lambda route: route.fulfill(status=415))
        chooser = seen.page.locator(f"{CHAT} input[type=file]")
        await chooser.set_input_files({"name": "bag.html", "mimeType": "text/html", "buffer": b"torn"})
        await seen.until(".line.failed", "bag.html")
        await house.say(contact, "two")
        await seen.until(".line.agent", "two")
        await seen.until(".line:last-child", "two")
        await seen.page.locator(LINE).fill("half a li")
        await seen.page.keyboard.press("Escape")
        await house.end(contact)
        await seen.page.locator(f"{CHAT} legend").wait_for(state="attached", timeout=WITHIN_MS)
        other = await seen.page.context.new_page()
        await other.goto(seen.page.url)
        await other.locator(f"{CHAT} .launcher").click()
        await other.get_by_role("button", name="New chat").click()
        await other.locator(LINE).fill("another")
        await other.locator(LINE).press("Enter")
        await seen.page.locator(f"{CHAT} .launcher").click()
        await seen.until(".line:last-child", "another")
        assert "half a li" in await seen.text(".line.failed:nth-last-child(2)")
        await seen.page.reload()
        await seen.page.locator(f"{CHAT} .launcher").click()
        await seen.until(".line:last-child", "another")
        assert "half a li" in await seen.text(".line.failed:nth-last-child(2)")
        seen.said.clear()  # the browser itself writes of the refusal


async def test_half_a_comment_on_what_another_tab_has_answered_says_so(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        contact = await seen.talk()
        other = await seen.page.context.new_page()
        await other.goto(seen.page.url)
        await other.locator(f"{CHAT} .line.customer").wait_for(state="attached")
        await house.end(contact)
        await seen.page.locator(f"{CHAT} [name=comment]").fill("half a comm")
        await other.locator(f"{CHAT} .launcher").click()
        await other.locator(f"{CHAT} label:has(input[value='1'])").click()
        await other.locator(f"{CHAT} .area button[type=submit]").click()
        await seen.until(".line.failed", "half a comm")
        assert "You have answered already" in await seen.text(".line.failed")


async def test_a_comment_that_is_refused_stands_as_not_sent(anywhere: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = anywhere
    async with shop(house) as seen:
        await house.end(await seen.talk())
        refuse(monkeypatch, Conduct, "_survey", "no_survey")
        await seen.page.locator(f"{CHAT} label:has(input[value='4'])").click()
        await seen.page.locator(f"{CHAT} [name=comment]").fill("quick and kind")
        await seen.page.locator(f"{CHAT} form:not(.held) button[type=submit]").click()
        await seen.until(".line.failed", "quick and kind")
        assert "This chat can no longer be rated" in await seen.text(".line.failed")
        assert await seen.text(".status") == "The chat has ended."
