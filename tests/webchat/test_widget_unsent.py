"""What a visitor is writing when the place for it goes: nothing is sent, ticked or lost by it."""

from pathlib import Path

import pytest

from engine.messages.observed import ContactReleased
from tests.webchat.support import INBOX, Build, House
from tests.webchat.test_widget import WITHIN_MS, shop

pytestmark = [pytest.mark.peer, pytest.mark.slow]
STILL = "const start = performance.now(); performance.now = () => start + (window.laterMs || 0);"
"""A page whose clock stands: whoever has typed has typed within the last second."""


@pytest.mark.parametrize("survey", ["csat", "nps"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("locale", ["en-GB", "vi-VN"])
async def test_who_still_writes_as_the_chat_ends_answers_no_survey_by_it(
    build: Build, tmp_path: Path, survey: str, width: int, locale: str
) -> None:
    house = await build(INBOX.replace("https://shop.example", "*").replace("survey: csat", f"survey: {survey}"))
    async with shop(house, width=width, locale=locale) as seen:
        widget = seen.page.locator("#trunkline-chat")
        contact = await seen.talk()
        await widget.locator("textarea").click()
        await seen.page.keyboard.type("thank you ")
        await house.end(contact)
        await widget.locator("legend").wait_for(timeout=WITHIN_MS)
        await seen.focused("textarea:not([name=comment])")
        assert await widget.locator("#unsent").is_visible()
        await seen.page.screenshot(path=tmp_path / f"writing-{survey}-{locale}-{width}.png")
        await seen.page.keyboard.type("very much 5")
        assert await widget.locator("input:checked").count() == 0
        await seen.page.keyboard.press("Enter")
        await seen.until(".line.failed", "thank you very much 5")
        assert (
            "Not sent: The chat has ended." if locale == "en-GB" else "Chưa gửi được: Cuộc trò chuyện đã kết thúc."
        ) in await seen.text(".line.failed")
        await seen.focused("legend")
        await seen.page.screenshot(path=tmp_path / f"told-{survey}-{locale}-{width}.png")
        await seen.page.keyboard.type("and one more 5")
        await seen.page.keyboard.press("Enter")
        assert await widget.locator("input:checked").count() == 0
        await widget.locator(".area button[type=submit]").press("Enter")
        assert await widget.locator("legend").is_visible(), "without a choice nothing is sent"
        await widget.locator("legend").focus()
        await seen.page.keyboard.press("Tab")
        await seen.page.keyboard.press("ArrowRight")
        chosen = await widget.locator("input:checked").get_attribute("value")
        await seen.page.keyboard.press("Enter")
        await widget.locator(".area p[tabindex='-1']").wait_for(timeout=WITHIN_MS)
        await house.until(lambda: house.adapter.core.counters["surveys_answered"])
        (answer,) = house.engine.views.read_events(0, 1000, ["survey_answered"]).events
        assert answer.data == {"survey": survey, "score": int(chosen)}
        assert house.lines(contact) == [("customer", "one")]


async def test_who_typed_just_now_keeps_the_field_until_a_pause(anywhere: House) -> None:
    house = anywhere
    async with shop(house, init=STILL) as seen:
        widget = seen.page.locator("#trunkline-chat")
        contact = await seen.talk()
        await widget.locator("textarea").press_sequentially("bye")
        await seen.page.keyboard.press("Enter")
        await house.until(lambda: len(house.lines(contact)) == 2)
        await house.end(contact)
        await widget.locator("legend").wait_for(timeout=WITHIN_MS)
        await seen.focused("textarea:not([name=comment])")
        await seen.page.evaluate("window.laterMs = 1500")
        await seen.focused("legend")
        assert await widget.locator("#unsent").count() == 0
        assert await widget.locator(".line.failed").count() == 0


async def test_who_did_not_write_is_asked_at_the_heading(anywhere: House) -> None:
    house = anywhere
    async with shop(house, init=STILL) as seen:
        widget = seen.page.locator("#trunkline-chat")
        contact = await seen.talk()
        await widget.locator("textarea").focus()
        await seen.page.evaluate("window.laterMs = 1500")
        await house.end(contact)
        await seen.focused("legend")
        await widget.locator("header .icon").click()
        await widget.locator(".launcher").click()
        await seen.focused("legend")
        await seen.page.keyboard.press("Space")
        assert await widget.locator("input:checked").count() == 0


async def test_half_a_line_that_was_left_standing_is_told_as_not_sent(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        contact = await seen.talk()
        await widget.locator("textarea").fill("half a li")
        await seen.page.keyboard.press("Escape")
        await house.end(contact)
        await widget.locator("legend").wait_for(state="attached", timeout=WITHIN_MS)
        await widget.locator(".launcher").click()
        await seen.until(".line.failed", "half a li")
        await seen.focused("legend")
        await widget.get_by_role("button", name="New chat").click()
        await seen.focused("textarea")
        assert await widget.locator("textarea").input_value() == ""
        assert await widget.locator(".line").count() == 0


async def test_half_a_line_stays_beside_the_survey_until_it_is_left(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        contact = await seen.talk()
        await widget.locator("textarea").press_sequentially("half a li")
        await house.end(contact)
        await widget.locator("label:has(input[value='4'])").click()
        await widget.locator(".area form:not(.held) button[type=submit]").click()
        await seen.until(".area", "Thank you for your answer.")
        await seen.until(".line.failed", "half a li")
        assert await widget.locator("#unsent").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("locale", ["en-GB", "vi-VN"])
async def test_half_a_number_never_becomes_a_line(anywhere: House, tmp_path: Path, width: int, locale: str) -> None:
    house = anywhere
    async with shop(house, width=width, locale=locale) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await seen.begin("one")
        await widget.locator("textarea").fill("and two")
        await widget.locator(".number").click()
        await seen.focused("[name=number]")
        await seen.page.keyboard.type("0903 123")
        await house.work("bob")
        contact = await house.take()
        await seen.until(".area .agent", "Bob Ray")
        await seen.focused("[name=number]")
        await seen.page.keyboard.type(" 456")
        await seen.page.keyboard.press("Enter")
        await house.say(contact, "good morning")
        await seen.until(".line.agent", "good morning")
        await seen.page.screenshot(path=tmp_path / f"number-{locale}-{width}.png")
        assert await widget.locator("[name=number]").input_value() == "0903 123 456"
        await widget.locator(".area button:visible").press("Enter")
        await seen.focused(".row textarea")
        assert await widget.locator("textarea").input_value() == "and two"
        assert house.lines(contact) == [("customer", "one"), ("agent", "good morning")]
        assert house.adapter.core.counters["numbers_left"] == 0


async def test_an_empty_number_form_gives_way_and_its_keys_go_nowhere(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await seen.begin("one")
        await widget.locator(".number").click()
        await seen.focused("[name=number]")
        await house.work("bob")
        contact = await house.take()
        await widget.locator(".row textarea").wait_for(timeout=WITHIN_MS)
        await seen.focused(".status")
        await seen.page.keyboard.type("0903 123")
        await seen.page.keyboard.press("Enter")
        await house.say(contact, "good morning")
        await seen.until(".line.agent", "good morning")
        assert house.lines(contact) == [("customer", "one"), ("agent", "good morning")]
        assert await widget.locator(".row textarea").input_value() == ""


async def test_half_a_number_is_told_as_not_sent_where_the_chat_ends(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await seen.begin("one")
        await widget.locator("textarea").fill("and two")
        await widget.locator(".number").click()
        await seen.page.keyboard.type("0903 123")
        (record,) = house.open_contacts()
        await house.tell(ContactReleased(contact=record.contact, by="system"))
        await seen.until("#unsent", "Not sent")
        await seen.page.keyboard.type(" 456")
        await seen.page.keyboard.press("Enter")
        await seen.until(".line.failed", "0903 123 456")
        await seen.until(".line.failed", "and two")
        await seen.focused(".status")
        assert house.adapter.core.counters["numbers_left"] == 0


@pytest.mark.parametrize("survey", ["survey: csat", ""])
async def test_who_ends_the_chat_by_keys_stands_at_what_follows(build: Build, survey: str) -> None:
    house = await build(INBOX.replace("https://shop.example", "*").replace("survey: csat", survey))
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await seen.talk()
        await widget.get_by_role("button", name="End chat").focus()
        await seen.page.keyboard.press("Enter")
        await seen.until("header", "Really end the chat?")
        await seen.page.keyboard.press("Enter")
        await seen.until(".status", "The chat has ended.")
        await seen.focused("legend" if survey else ".status")


async def test_who_asks_for_more_of_the_past_stands_at_what_came(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await house.work("bob")
        for number in range(7):
            await widget.locator("textarea").fill(f"conversation {number}")
            await widget.locator("textarea").press("Enter")
            await house.end(await house.take())
            await widget.get_by_role("button", name="New chat").click()
            await widget.locator("legend").wait_for(state="detached", timeout=WITHIN_MS)
        await widget.get_by_role("button", name="Earlier conversations").click()
        more = widget.get_by_role("button", name="Show more")
        await more.focus()
        await seen.page.keyboard.press("Enter")
        await seen.until(".past", "conversation 0")
        await seen.focused(".past:first-child .line")
        assert "conversation 0" in await seen.text(".line:focus")
        assert await more.count() == 0
