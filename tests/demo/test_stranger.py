"""A stranger opens the demo's addresses in a browser: chats and is answered, signs in and answers others."""

import re
import shutil
import signal
import subprocess
from typing import Any

import pytest

from tests.demo.test_demo import demo

pytestmark = [pytest.mark.peer, pytest.mark.slow]
playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("needs the command chromium", allow_module_level=True)
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
WITHIN_MS = 40_000


def told_addresses(program: "subprocess.Popen[str]") -> tuple[str, str, str, str]:
    """Read where to chat, and where, as whom and by which password to sign in."""
    assert program.stdout is not None
    said = ""
    for line in program.stdout:
        said += line
        if "HTTP interface" in line:
            break
    chat = re.search(r"chat with it +(\S+)", said)
    desk = re.search(r"answer yourself +(\S+) \(sign in as (\w+), password (\w+);", said)
    assert chat is not None, said
    assert desk is not None, said
    return chat[1], desk[1], desk[2], desk[3]


def chat_as_visitor(browser: Any, address: str) -> None:
    """Press the button in the corner, write, and wait for an agent's line."""
    page = browser.new_page()
    page.goto(address)
    assert 'widget.js" data-inbox="web"' in page.locator("pre").inner_text()
    page.locator("#trunkline-chat .launcher[aria-label]").click()
    page.locator("#trunkline-chat textarea").fill("Is it warm in Huế in March?")
    page.locator("#trunkline-chat form button[type=submit]").click()
    answer = page.locator("#trunkline-chat .line.agent").first
    answer.wait_for(timeout=WITHIN_MS)
    assert "of Lotus Travel" in answer.inner_text()
    page.close()


def chat_as_agent(browser: Any, address: str, agent: str, password: str) -> None:
    """Sign in, be ready, accept what rings, and write; all by keyboard."""
    page = browser.new_page()
    page.goto(address)
    page.locator("#agent").fill(agent)
    page.locator("#password").fill(password)
    page.keyboard.press("Enter")
    page.locator("#state").wait_for(timeout=WITHIN_MS)
    page.keyboard.press("r")
    page.locator("[data-does=accept]").first.wait_for(timeout=WITHIN_MS)
    page.keyboard.press("a")
    page.locator("#line").wait_for(timeout=WITHIN_MS)
    page.locator("#line").fill("Hello, this is somebody real.")
    page.keyboard.press("Enter")
    page.locator(".line.mine .line-state", has_text=re.compile("sent|seen")).first.wait_for(timeout=WITHIN_MS)
    page.close()


def test_a_stranger_is_answered_and_can_answer() -> None:
    program = demo()
    try:
        chat, desk, agent, password = told_addresses(program)
        with playwright_api.sync_playwright() as player:
            browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            chat_as_visitor(browser, chat)
            chat_as_agent(browser, desk, agent, password)
            browser.close()
    finally:
        program.send_signal(signal.SIGINT)
        output, said = program.communicate()
    assert program.returncode == 0, said
    assert "counted again the same; decided again the same decisions" in output
