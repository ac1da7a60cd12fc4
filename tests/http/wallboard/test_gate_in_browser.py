"""The gate of the wallboard in a real browser: who is not let in is told why, and may try again."""

import hashlib
from typing import Any

import pytest

from tests.http.browser import until
from tests.http.support import Build
from tests.http.wallboard.browser import CHROMIUM, DRAWN, LIVE, centre, opened
from tests.http.wallboard.test_words import catalogue

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
]
ASKED = "!document.getElementById('token-form').hidden"
FAULT = "document.getElementById('token-fault').textContent"


def tokens(**scopes: str) -> str:
    """Return a section of tokens whose secret is `s4`."""
    digest = hashlib.sha256(b"s4").hexdigest()
    listed = (f"  - {{id: {name}, sha256: {digest}, scopes: [{scope}]}}\n" for name, scope in scopes.items())
    return "tokens:\n" + "".join(listed)


async def give(page: Any, token: str) -> None:
    """Type a token into the gate and hand it in."""
    await page.fill("#token", token)
    await page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["en", "vi"])
async def test_a_token_that_is_refused_is_said_to_be(build: Build, language: str) -> None:
    house = await build(centre=centre(2) + tokens(wall="read", pbx="ingest"))
    words = catalogue(language)
    async with opened(house, awaited="true", locale=f"{language}-VN") as page:
        await until(page, ASKED)
        assert await page.evaluate(FAULT) == "", "who gave none is not told that it was refused"
        assert await page.get_attribute("#token-fault", "role") == "alert"
        for wrong, said in (
            ("trunkline_wall_wrong", "token_refused"),
            ("mật khẩu", "token_refused"),
            ("trunkline_pbx_s4", "token_lacks"),
        ):
            await give(page, wrong)
            await until(page, f"{FAULT} === {words[said]!r}")
            assert await page.evaluate("document.activeElement.id") == "token"
            assert await page.input_value("#token") == wrong, "so that one sees how much of it is there"
            assert await page.get_attribute("#token", "aria-invalid") == "true"
        other = "vi" if language == "en" else "en"
        await page.select_option("#language", other)
        await until(page, f"{FAULT} === {catalogue(other)['token_lacks']!r}")
        await give(page, "trunkline_wall_s4")
        await until(page, f"{LIVE} && {DRAWN}")
        assert await page.is_hidden("#token-form")
        context = house.adapter.context
        context.tokens.follow([token for token in context.settings.tokens if token.id != "wall"])
        await page.reload()
        await until(page, f"{ASKED} && {FAULT} === {catalogue(other)['token_refused']!r}")
