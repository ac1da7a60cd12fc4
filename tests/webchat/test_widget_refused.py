"""What the service does not take is told once, in the reader's words: never in its own, which are for programs."""

from typing import Any, cast

import pytest

from adapters.webchat.beginning import Beginning
from adapters.webchat.conduct import Conduct
from adapters.webchat.frames import BadFrame, Code
from tests.webchat.support import House
from tests.webchat.test_widget import WITHIN_MS, shop
from tests.webchat.test_widget_link import cut

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def refuse(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, code: str) -> None:
    """Let whatever a part of the adapter is asked be refused."""

    async def refused(_self: object, *given: Any) -> None:
        frame = next(one for one in given if hasattr(one, "client_id"))
        raise BadFrame(cast("Code", code), "there is no open contact 'chat-7b1a'", frame.client_id)

    monkeypatch.setattr(owner, method, refused)


async def test_a_line_after_the_end_is_told_beside_it_in_the_readers_language(anywhere: House) -> None:
    house = anywhere
    async with shop(house, locale="vi-VN") as seen:
        contact = await seen.talk()
        await seen.page.context.set_offline(True)
        cut(house)
        await seen.until(".status", "Mất kết nối")
        await seen.page.locator("#trunkline-chat textarea").fill("còn một câu")
        await seen.page.keyboard.press("Enter")
        await house.end(contact)
        await seen.page.context.set_offline(False)
        await seen.until(".line.failed .mark", "Chưa gửi được: Cuộc trò chuyện đã kết thúc.")
        assert await seen.text(".status") == "Cuộc trò chuyện đã kết thúc."
        assert "chat-" not in await seen.text(".panel")
        seen.said.clear()  # the browser itself writes of what could not be reached


async def test_what_the_page_has_no_words_for_is_told_all_the_same(
    anywhere: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = anywhere
    async with shop(house) as seen:
        await seen.talk()
        refuse(monkeypatch, Conduct, "_say", "of_a_version_to_come")
        await seen.page.locator("#trunkline-chat textarea").fill("two")
        await seen.page.keyboard.press("Enter")
        await seen.until(".line.failed .mark", "Not sent. Please try again.")
        assert await seen.text(".status") == "Bob Ray is here."


async def test_a_first_line_that_is_refused_stands_in_the_form_alone(
    anywhere: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        with monkeypatch.context() as strict:
            refuse(strict, Beginning, "start", "not_taken")
            await seen.begin("Where is my bag?")
            await seen.until(".status", "Not sent: It could not be taken.")
        assert await widget.locator(".line").count() == 0
        assert await widget.locator(".area textarea").input_value() == "Where is my bag?"
        assert (await seen.focus()).startswith("TEXTAREA")
        await seen.page.keyboard.press("Enter")
        await seen.until(".status", "You are next.")
        assert "Not sent" not in await seen.text(".status")
        assert await widget.locator(".line").count() == 1


async def test_half_a_line_beside_a_number_that_was_left_is_no_fault(anywhere: House) -> None:
    house = anywhere
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await seen.begin("one")
        await seen.until(".status", "You are next.")
        await widget.locator("textarea").fill("and tw")
        await widget.locator(".number").click()
        await widget.locator("input[name=number]").fill("0903 123 456")
        await seen.page.keyboard.press("Enter")
        await seen.until(".status", "Thank you. We will call you.")
        await widget.locator(".line", has_text="and tw").wait_for(timeout=WITHIN_MS)
        assert "Not sent. You can tell us when we call." in await seen.text(".line:last-child")
        assert await widget.locator(".failed, #unsent").count() == 0
