"""What a form of the widget leaves is left once, however often its button is pressed before the service has it."""

import pytest

from tests.webchat.support import House
from tests.webchat.test_widget import HELD_BACK, Shop, shop

pytestmark = [pytest.mark.peer, pytest.mark.slow]


async def out_of_hours(seen: Shop, house: House) -> None:
    """Open the widget where nobody is here, with a link that brings nothing any more."""
    await seen.page.locator("#trunkline-chat .launcher").click()
    await seen.page.locator("#trunkline-chat .number").wait_for()
    await seen.until(".status", "Nobody is here")
    await seen.hold_back()


@pytest.mark.parametrize("what", ["number", "message"])
@pytest.mark.parametrize("over", ["a slow link", "a reload"])
async def test_what_is_left_is_left_once(anywhere: House, what: str, over: str) -> None:
    house = anywhere
    await house.close_queue()
    async with shop(house, init=HELD_BACK) as seen:
        widget, press = seen.page.locator("#trunkline-chat"), seen.page.keyboard.press
        await out_of_hours(seen, house)
        if what == "number":
            await widget.locator(".number").click()
            await widget.locator("[name=number]").fill("0903 123 456")
        else:
            await widget.locator("[name=email]").fill("an@example.com")
            await widget.locator("textarea").fill("where is my bag?")
        submit = widget.locator(".area button[type=submit]")
        await submit.focus()
        await press("Enter")
        await seen.until(".area button[aria-disabled=true]", "sending…")
        assert await seen.focus() == "BUTTON sending…", "it keeps the focus"
        await press("Enter")
        await submit.dblclick(force=True)
        if over == "a reload":
            await seen.page.reload()
            await widget.locator(".launcher").click()
        else:
            assert await seen.page.evaluate("window.held.length") == 1
            await seen.let_go()
        await house.until(house.open_contacts)
        await seen.until(".status", "We will call you" if what == "number" else "We have your message")
        (left,) = house.open_contacts()
        assert left.queue == ("calls" if what == "number" else "letters")
        await seen.page.reload()
        await widget.locator(".launcher").click()
        await seen.until(".status", "We will call you" if what == "number" else "We have your message")
        await widget.get_by_role("button", name="New chat").click()
        await seen.until(".status", "Nobody is here")
