"""The widget as a chat ends over links that are lost, slow, or another tab's: all is done once, and in its order."""

import pytest

from tests.webchat.support import House
from tests.webchat.test_widget import shop
from tests.webchat.test_widget_link import cut

pytestmark = [pytest.mark.peer, pytest.mark.slow]
SLOW = """const fetched = window.fetch;
window.fetch = async (url, ...more) => {
  if (String(url).includes("/frames?")) await new Promise((go) => { setTimeout(go, 200); });
  return fetched(url, ...more);
};"""
"""A page whose requests are under way for a while."""


@pytest.mark.parametrize("locale", ["en-GB", "vi-VN"])
async def test_an_end_over_a_lost_link_waits_for_it_and_comes_behind_the_lines(anywhere: House, locale: str) -> None:
    house = anywhere
    words = ("Connection lost. Trying again…", "Ending…") if locale == "en-GB" else ("Mất kết nối", "Đang kết thúc…")
    async with shop(house, locale=locale) as seen:
        widget = seen.page.locator("#trunkline-chat")
        contact = await seen.talk()
        await seen.page.context.set_offline(True)
        cut(house)
        await seen.until(".status", words[0])
        await widget.locator("textarea").fill("two")
        await seen.page.keyboard.press("Enter")
        for _ in range(2):
            await widget.locator("header .quiet").first.click()
        await seen.until("header", words[1])
        assert await widget.locator("header .quiet").first.get_attribute("aria-disabled") == "true"
        await widget.locator("textarea").fill("not any more")
        await seen.page.keyboard.press("Enter")
        assert await widget.locator("textarea").input_value() == "not any more", "nothing is said after goodbye"
        await widget.locator("textarea").fill("")
        assert house.open_contacts()
        await seen.page.context.set_offline(False)
        await house.until(lambda: house.engine.views.contacts.find(contact).contact.ended_by == "customer")
        assert house.lines(contact) == [("customer", "one"), ("customer", "two")]
        await widget.locator("legend").wait_for()
        assert await widget.locator(".line.failed").count() == 0
        seen.said.clear()  # the browser itself writes of what could not be reached


async def test_an_end_outlives_a_reload(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        contact = await seen.talk()
        await seen.page.evaluate("void (WebSocket.prototype.send = () => {})")
        for _ in range(2):
            await widget.locator("header .quiet").first.click()
        await seen.until("header", "Ending…")
        await seen.page.reload()
        await house.until(lambda: house.engine.views.contacts.find(contact).contact.ended_by == "customer")
        await widget.locator(".launcher").click()
        await seen.until(".status", "The chat has ended.")
        seen.said.clear()


async def test_an_end_by_slow_requests_overtakes_no_line(anywhere: House) -> None:
    house = anywhere
    async with shop(house, init="delete window.WebSocket;" + SLOW) as seen:
        widget = seen.page.locator("#trunkline-chat")
        contact = await seen.talk()
        for words in ("two", "three", "four"):
            await widget.locator("textarea").fill(words)
            await seen.page.keyboard.press("Enter")
        for _ in range(2):
            await widget.locator("header .quiet").first.click()
        await seen.until(".status", "The chat has ended.")
        assert [text for _, text in house.lines(contact)] == ["one", "two", "three", "four"]
        assert await widget.locator(".line.failed").count() == 0


async def test_an_answer_that_was_kept_offline_counts_for_its_own_chat(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        first = await seen.talk()
        other = await seen.page.context.new_page()
        await other.goto(seen.page.url)
        await house.end(first)
        await widget.locator("legend").wait_for()
        await other.locator("#trunkline-chat .launcher").click()
        await other.locator("#trunkline-chat legend").wait_for()
        await seen.page.evaluate("void (window.kept = WebSocket.prototype.send, WebSocket.prototype.send = () => {})")
        await widget.locator("label:has(input[value='1'])").click()
        await widget.locator("form:not(.held) button[type=submit]").click()
        await seen.until(".area", "Thank you for your answer.")
        await other.get_by_role("button", name="New chat").click()
        await other.locator("#trunkline-chat textarea").fill("another")
        await other.locator("#trunkline-chat textarea").press("Enter")
        second = await house.take()
        await house.end(second)
        await other.locator("#trunkline-chat legend").wait_for()
        await seen.page.evaluate("void (WebSocket.prototype.send = window.kept)")
        cut(house)
        await house.until(lambda: house.adapter.core.counters["surveys_answered"])
        (answer,) = house.engine.views.read_events(0, 1000, ["survey_answered"]).events
        assert (answer.contact, answer.data["score"]) == (first, 1)
        seen.said.clear()  # the browser itself writes of the connections that were lost
