"""The widget by keyboard and by ear: where it covers the page, and what its button says."""

import pytest

from tests.webchat.support import House
from tests.webchat.test_widget import shop

pytestmark = [pytest.mark.peer, pytest.mark.slow]
LINK = '<a id="behind" href="/">Behind</a>'


async def test_where_the_panel_covers_the_page_the_keyboard_stays_within(anywhere: House) -> None:
    async with shop(anywhere, before=LINK, width=390, bypass_csp=True) as seen:
        press, panel = seen.page.keyboard.press, seen.page.locator("#trunkline-chat .panel")
        assert await panel.get_attribute("aria-modal") is None
        await seen.page.locator("#trunkline-chat .launcher").press("Enter")
        await seen.until(".area", "Hello!")
        assert await panel.get_attribute("aria-modal") == "true"
        await seen.until_so(
            "document.getElementById('trunkline-chat').shadowRoot.activeElement?.tagName === 'TEXTAREA'"
        )
        found = []
        for _ in range(6):
            await press("Tab")
            found.append(await seen.focus())
        assert found == [
            "BUTTON Send",
            "BUTTON Minimise chat",
            "DIV Conversation",
            "BUTTON Attach a file",
            "TEXTAREA Write a message",
            "BUTTON Send",
        ]
        await seen.page.locator("#trunkline-chat header .icon").focus()
        await press("Shift+Tab")
        assert await seen.focus() == "BUTTON Send"
        await seen.page.locator("#behind").focus()  # as a script of the page may do
        await press("Tab")
        assert await seen.focus() == "BUTTON Minimise chat"
        await seen.page.locator("#behind").focus()
        await press("Escape")
        assert not await panel.is_visible()
        assert await seen.focus() == "BUTTON Open chat"
        await press("Shift+Tab")
        assert await seen.page.evaluate("document.activeElement.id") == "behind", "it holds nobody once it is folded"


async def test_beside_the_page_the_keyboard_goes_on_to_it(anywhere: House) -> None:
    async with shop(anywhere, before=LINK) as seen:
        press, panel = seen.page.keyboard.press, seen.page.locator("#trunkline-chat .panel")
        await seen.page.locator("#trunkline-chat .launcher").press("Enter")
        await seen.until(".area", "Hello!")
        assert await panel.get_attribute("aria-modal") is None
        await seen.page.locator("#trunkline-chat header .icon").focus()
        await press("Shift+Tab")
        assert await seen.page.evaluate("document.activeElement.id") == "behind"
        await press("Escape")
        assert await panel.is_visible()
        await seen.page.set_viewport_size({"width": 390, "height": 760})
        await seen.page.locator("#trunkline-chat .panel[aria-modal=true]").wait_for()
        await seen.page.set_viewport_size({"width": 1000, "height": 760})
        await seen.page.locator("#trunkline-chat .panel:not([aria-modal])").wait_for()


async def test_a_dialog_of_the_page_above_the_panel_keeps_its_keys(anywhere: House) -> None:
    dialog = '<dialog aria-label="Cookies"><button id="yes">Yes</button><button id="no">No</button></dialog>'
    async with shop(anywhere, before=dialog, width=390) as seen:
        await seen.page.locator("#trunkline-chat .launcher").press("Enter")
        await seen.until(".area", "Hello!")
        await seen.page.evaluate("document.querySelector('dialog').showModal()")
        await seen.page.keyboard.press("Tab")
        assert await seen.page.evaluate("document.activeElement.id") == "no"
        await seen.page.keyboard.press("Escape")
        await seen.page.locator("dialog").wait_for(state="hidden")
        assert await seen.page.locator("#trunkline-chat .panel").is_visible()


@pytest.mark.parametrize(
    ("locale", "folded", "unread"),
    [
        ("en-GB", "Open chat", "Open chat, unread messages: {}"),
        ("vi-VN", "Mở khung chat", "Mở khung chat, tin nhắn chưa đọc: {}"),
    ],
)
async def test_the_button_says_how_much_is_unread(anywhere: House, locale: str, folded: str, unread: str) -> None:
    house = anywhere
    async with shop(house, locale=locale) as seen:
        await seen.begin("hello")
        await house.work("bob")
        contact = await house.take()
        await seen.until(".status", "Bob Ray")
        await seen.page.keyboard.press("Escape")
        assert await seen.focus() == f"BUTTON {folded}"
        heard = seen.page.locator("#trunkline-chat .launcher ~ [role=status]")
        for count in (1, 2):
            await house.say(contact, f"still there? {count}")
            await seen.until(".badge", str(count))
            assert await seen.focus() == f"BUTTON {unread.format(count)}"
            assert await heard.text_content() == unread.format(count), "wherever on the page one is"
        await seen.page.keyboard.press("Enter")
        await seen.until(".line.agent", "still there? 2")
        assert await heard.text_content() == ""
        await seen.page.keyboard.press("Escape")
        assert await seen.focus() == f"BUTTON {folded}"
