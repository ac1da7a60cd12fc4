"""The widget on pages whose style sheets say something of every element: it is seen, pressed and read all the same."""

import pytest

from tests.webchat.support import House
from tests.webchat.test_widget import shop

pytestmark = [pytest.mark.peer, pytest.mark.slow]
SHEETS = {
    "empty": "div:empty { display: none }",
    "hidden": "body > * { visibility: hidden; opacity: 0 }",
    "untouchable": "div { pointer-events: none; user-select: none }",
    "small": "div { transform: scale(.5); overflow: hidden; height: 0; filter: blur(9px); zoom: 3 }",
    "right to left": "div { direction: rtl; unicode-bidi: bidi-override }",
    "important": """body * { display: none !important; font-size: 30px !important; letter-spacing: 1em !important;
      line-height: 5 !important; text-transform: uppercase !important; text-align: center !important;
      color: red !important; word-spacing: 2em !important; text-indent: 3em !important }""",
}
TOLD = ["display", "visibility", "opacity", "pointerEvents", "direction", "fontSize", "letterSpacing", "lineHeight"]
TOLD += ["textTransform", "textAlign", "color", "wordSpacing", "textIndent", "zoom", "filter", "transform"]
LOOK = """(told) => {
  const host = document.getElementById('trunkline-chat');
  return [host, ...host.shadowRoot.querySelectorAll('.panel, header h2, .status, textarea, .launcher')].map((one) => {
    const style = getComputedStyle(one);
    const { x, y, width, height } = one.getBoundingClientRect();
    return [one.className, ...(one === host ? [] : [x, y, width, height]), ...told.map((what) => style[what])];
  });
}"""


async def test_what_a_page_says_of_all_its_elements_does_not_reach_the_widget(anywhere: House) -> None:
    async with shop(anywhere, bypass_csp=True) as seen:
        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until(".area", "Hello!")
        await seen.until_so(
            "document.getElementById('trunkline-chat').shadowRoot.activeElement?.tagName === 'TEXTAREA'"
        )
        plain = await seen.page.evaluate(LOOK, TOLD)
        await seen.page.evaluate("document.head.append(document.createElement('style'))")
        for name, sheet in SHEETS.items():
            await seen.page.evaluate("(sheet) => { document.querySelector('style').textContent = sheet; }", sheet)
            assert await seen.page.evaluate(LOOK, TOLD) == plain, name
        await seen.page.locator("#trunkline-chat header .icon").click()
        await seen.page.locator("#trunkline-chat .panel").wait_for(state="hidden")
        await seen.page.evaluate("document.getElementById('trunkline-chat').hidden = true")
        assert not await seen.page.locator("#trunkline-chat .launcher").is_visible(), (
            "an inbox that nothing is known of"
        )
