"""What tests of all pages do in a browser."""

import asyncio
from typing import Any


async def until(page: Any, truth: str, within_s: float = 20.0) -> None:
    """Wait until an expression is true; the page's own policy forbids the browser to wait for one.

    It is not true yet where it asks something of an element that is not there: pages are drawn anew at any moment.
    """
    otherwise = "catch (fault) { if (fault instanceof TypeError) return false; throw fault; }"
    there = f"() => {{ try {{ return ({truth}); }} {otherwise} }}"
    async with asyncio.timeout(within_s):
        while not await page.evaluate(there):  # noqa: ASYNC110
            await asyncio.sleep(0.03)
