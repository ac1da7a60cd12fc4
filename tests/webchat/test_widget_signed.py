"""The widget on pages of a site that signs its customers in and out: each sees their own, and nobody else's."""

from typing import Any

import jwt
import pytest

from tests.webchat.support import Build, House
from tests.webchat.test_widget import SECRET, SIGNED, Shop, shop

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def signed(house: House, subject: str, **claims: Any) -> str:
    """A script that has the page say who its visitor is; nothing where it is nobody."""
    payload = {"sub": subject, "aud": "web", "exp": house.adapter.core.now_s + 600, **claims}
    return jwt.encode(payload, SECRET, "HS256") if subject else ""


async def come_as(seen: Shop, token: str) -> None:
    """Load the page anew as the site serves it to somebody."""
    await seen.page.evaluate("(token) => sessionStorage.setItem('site', token)", token)
    await seen.page.reload()
    await seen.page.locator("#trunkline-chat .launcher[aria-label]").wait_for()


AS_SITE = """new MutationObserver((_, watcher) => {
  const script = document.querySelector('script[data-inbox]');
  if (!script) return;
  if (sessionStorage.getItem('site')) script.dataset.jwt = sessionStorage.getItem('site');
  watcher.disconnect();
}).observe(document, { childList: true, subtree: true });"""


@pytest.mark.parametrize("required", [True, False])
async def test_what_a_customer_said_is_shown_to_nobody_else_at_the_browser(build: Build, required: bool) -> None:
    house = await build(f"{SIGNED}\n        require_identity: {str(required).lower()}")
    an, binh = signed(house, "c-7", name="An"), signed(house, "c-8", name="Bình")
    async with shop(house, init=AS_SITE) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await come_as(seen, an)
        await seen.begin("my card is lost")
        await house.work("bob")
        contact = await house.take()
        await seen.until(".status", "Bob Ray")
        await come_as(seen, an)
        await widget.locator(".launcher").click()
        await seen.until(".line.customer", "my card is lost")
        await come_as(seen, "")
        await widget.locator(".launcher").click()
        if required:
            await seen.until(".status", "The chat is not available here.")
        else:
            await widget.locator(".row textarea").fill("where is the shop?")
            await seen.page.keyboard.press("Enter")
            await house.until(lambda: len(house.open_contacts()) == 2)
        assert "my card" not in await seen.text(".log")
        kept = await seen.page.evaluate("JSON.stringify([localStorage, sessionStorage])")
        assert "c-7" not in kept.replace(an, "")
        await come_as(seen, binh)
        await widget.locator(".launcher").click()
        await widget.locator(".row textarea").wait_for()
        assert "my card" not in await seen.text(".log")
        await come_as(seen, an)
        await widget.locator(".launcher").click()
        await seen.until(".line.customer", "my card is lost")
        await seen.until(".status", "Bob Ray")
        assert house.lines(contact) == [("customer", "my card is lost")]
        if not required:
            (other,) = [one for one in house.open_contacts() if one.contact != contact]
            assert house.lines(other.contact) == [("customer", "where is the shop?")]


async def test_who_signs_in_goes_on_with_what_they_began(build: Build) -> None:
    house = await build(SIGNED)
    async with shop(house, init=AS_SITE) as seen:
        await seen.begin("before I signed in")
        await house.until(house.open_contacts)
        await come_as(seen, signed(house, "c-7"))
        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until(".line.customer", "before I signed in")
        assert len(house.open_contacts()) == 1
