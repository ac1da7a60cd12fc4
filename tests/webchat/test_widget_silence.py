"""Who answers nothing is told that the chat ends soon, before it does."""

import pytest

from engine.messages.observed import RequeueRequested
from engine.ports import Hint
from tests.webchat.support import INBOX, Build
from tests.webchat.test_silence import SILENT
from tests.webchat.test_widget import shop

pytestmark = [pytest.mark.peer, pytest.mark.slow]
LATER = "{ const now = performance.now.bind(performance); performance.now = () => now() + (window.laterMs || 0); }"
SAID = {
    "en-GB": "The chat ends soon if you send nothing more.",
    "vi-VN": "Cuộc trò chuyện sắp kết thúc nếu bạn không gửi thêm tin nhắn.",
}


@pytest.mark.parametrize("locale", SAID)
@pytest.mark.parametrize("sockets", [True, False])
async def test_who_answers_nothing_is_told_in_time(build: Build, locale: str, sockets: bool) -> None:
    house = await build(INBOX.replace("https://shop.example", "*"), centre=SILENT)
    async with shop(house, init=LATER, locale=locale, sockets=sockets) as seen:
        text = seen.page.locator("#trunkline-chat .row textarea")

        contact = await seen.talk()
        await seen.page.evaluate("window.laterMs = 530000")
        await house.say(contact, "which colour?")
        await seen.until(".line.agent", "which colour?")
        assert SAID[locale] not in await seen.text(".status")
        await seen.page.evaluate("window.laterMs += 541000")
        await text.press_sequentially("bl")
        house.adapter.core.engine.hint(Hint(contact, by="agent", agent="bob", typing=True))
        await seen.until(".status", SAID[locale])
        await seen.page.keyboard.press("Escape")
        assert (await seen.focus()).endswith(SAID[locale]), "folded, the button says so"
        assert await seen.text(".badge") == "!"
        await seen.page.keyboard.press("Enter")
        await text.press("Enter")
        await seen.until_so(
            "(said) => !document.getElementById('trunkline-chat').shadowRoot.querySelector('.status').textContent"
            ".includes(said)",
            SAID[locale],
        )
        assert house.lines(contact)[-1] == ("customer", "bl")
        seen.said.clear()  # the browser itself writes of sockets that are barred


async def test_the_next_agent_has_the_whole_time_and_who_wrote_nothing_is_told_too(build: Build) -> None:
    house = await build(INBOX.replace("https://shop.example", "*"), centre=SILENT)
    async with shop(house, init=LATER) as seen:
        said = SAID["en-GB"]
        await seen.begin("one")
        await house.work("bob")
        contact = await house.take()
        await house.say(contact, "a colleague will see to it")
        await seen.until(".line.agent", "a colleague")
        await house.pause("bob")
        await house.tell(RequeueRequested(contact=contact, by="desk", reason="no time"))
        await seen.until(".status", "Somebody else will take over.")
        await seen.page.evaluate("window.laterMs = 900000")
        await house.work("eve")
        await house.take("eve")
        await seen.until(".status", "eve is here.")
        assert said not in await seen.text(".status")
        await seen.page.evaluate("window.laterMs += 541000")
        house.adapter.core.engine.hint(Hint(contact, by="agent", agent="eve", typing=True))
        await seen.until(".status", said)
        await seen.page.evaluate("window.laterMs = 0")
        await seen.page.reload()
        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until(".status", "eve")
        assert said not in await seen.text(".status"), "of the service's time little is over"
