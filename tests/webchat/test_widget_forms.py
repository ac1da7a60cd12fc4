"""The widget's forms: an answer that cannot be is told beside its field, and nothing that was filled in is lost."""

import re

import pytest

from adapters.webchat import forms
from tests.webchat.support import INBOX, Build
from tests.webchat.test_widget import Shop, shop

pytestmark = [pytest.mark.peer, pytest.mark.slow]
ASKING = f"""{INBOX.replace("https://shop.example", "*")}
        pre_chat:
          - {{name: name, label: {{en: Name, vi: Tên}}, required: true}}
          - {{name: phone, label: {{en: Phone, vi: Điện thoại}}, kind: tel}}
          - {{name: mail, label: {{en: E-mail, vi: Email}}, kind: email}}
"""
NUMBER_VI = "Vui lòng ghi số điện thoại bằng chữ số, ví dụ +84 24 3825 1234."


async def fill(seen: Shop, answers: dict[str, str]) -> None:
    """Open the widget and answer its questions; the message has the name ''."""
    await seen.page.locator("#trunkline-chat .launcher").click()
    for name, answer in answers.items():
        await seen.page.locator(f"#trunkline-chat .area form [name='{name}']").fill(answer)
    await seen.page.locator("#trunkline-chat .area button[type=submit]").click()


async def form_of(seen: Shop) -> dict[str, tuple[str, bool]]:
    """What stands in the form by name, and whether it is marked as wrong."""
    found = await seen.page.locator("#trunkline-chat .area form :is(input, textarea)").evaluate_all(
        "all => all.map((e) => [e.name, e.value, e.getAttribute('aria-invalid') === 'true'])"
    )
    return {name: (value, wrong) for name, value, wrong in found}


async def fault_of(seen: Shop, name: str) -> str:
    """What the description of a field says."""
    return str(
        await seen.page.locator(f"#trunkline-chat [name='{name}']").evaluate(
            "e => e.getRootNode().getElementById(e.getAttribute('aria-describedby')).innerText"
        )
    )


ANSWERS = {"name": "Lan", "phone": "gọi sau 5 giờ", "mail": "lan@lotus.vn", "": "Tôi muốn đổi vé"}


async def test_a_wrong_answer_is_told_beside_its_field_in_the_readers_language(build: Build) -> None:
    house = await build(ASKING)
    async with shop(house, locale="vi-VN") as seen:
        await fill(seen, ANSWERS)
        await seen.until(".fault", f"Điện thoại: {NUMBER_VI}")
        assert await fault_of(seen, "phone") == f"Điện thoại: {NUMBER_VI}"
        assert await form_of(seen) == {name: (said, name == "phone") for name, said in ANSWERS.items()}
        assert await seen.focus() == "INPUT phone"
        assert not house.open_contacts()
        await seen.page.locator("#trunkline-chat input[name=name]").fill(" ")
        await seen.page.locator("#trunkline-chat input[name=mail]").fill("x" * 65 + "@lotus.vn")
        await seen.page.locator("#trunkline-chat input[name=phone]").fill("0903 123 456")
        await seen.page.keyboard.press("Enter")
        await seen.until(".fault", "Tên: Vui lòng điền mục này.")
        assert await fault_of(seen, "mail") == "Email: Vui lòng ghi địa chỉ email, ví dụ ten@example.com."
        assert await fault_of(seen, "phone") == ""
        assert await seen.focus() == "INPUT name"
        await seen.page.locator("#trunkline-chat input[name=mail]").fill("")
        await seen.page.locator("#trunkline-chat input[name=name]").fill("Lan")
        await seen.page.keyboard.press("Enter")
        await house.until(house.open_contacts)
        (record,) = house.open_contacts()
        assert (record.attributes["name"], record.attributes["phone"]) == ("Lan", "0903 123 456")
        await house.until(lambda: house.lines(record.contact) == [("customer", "Tôi muốn đổi vé")])


async def test_what_the_service_refuses_stands_in_the_form_again(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await build(ASKING)
    answers = {**ANSWERS, "phone": "0903 123 456"}
    async with shop(house, locale="vi-VN") as seen:
        with monkeypatch.context() as strict:
            strict.setitem(forms._FORMS, "tel", re.compile(r"\+.*"))
            await fill(seen, answers)
            await seen.until(".fault", f"Điện thoại: {NUMBER_VI}")
        assert await form_of(seen) == {name: (said, name == "phone") for name, said in answers.items()}
        assert await seen.focus() == "INPUT phone"
        assert await seen.page.locator("#trunkline-chat .line").count() == 0, "it stands in the form"
        assert "phone" not in await seen.text(".status")
        await seen.page.keyboard.press("Enter")
        await house.until(house.open_contacts)


async def test_a_number_that_the_service_refuses_stays_to_be_corrected(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await build(INBOX.replace("https://shop.example", "*"))
    await house.close_queue()
    async with shop(house) as seen:
        widget = seen.page.locator("#trunkline-chat")
        await widget.locator(".launcher").click()
        await widget.locator(".number").click()
        await widget.locator("input[name=number]").fill("0903 123 456")
        monkeypatch.setitem(forms._FORMS, "tel", re.compile(r"\+.*"))
        await seen.page.keyboard.press("Enter")
        await seen.until(".fault", "Telephone number: Please write a telephone number in digits")
        assert await form_of(seen) == {"number": ("0903 123 456", True)}
        assert await seen.focus() == "INPUT number"


async def test_a_form_of_before_the_close_asks_for_what_is_missing(build: Build) -> None:
    house = await build(ASKING)
    async with shop(house) as seen:
        await seen.page.locator("#trunkline-chat .launcher").click()
        await seen.until("label", "Name")
        await house.until(lambda: house.adapter.sockets.open)
        await house.close_queue()
        core = house.adapter.core
        await house.until(lambda: not core.is_open(house.adapter.settings.inboxes["web"]))
        await seen.page.locator("#trunkline-chat input[name=name]").fill("Lan")
        await seen.page.locator("#trunkline-chat .area textarea").fill("Where is my bag?")
        await seen.page.locator("#trunkline-chat .area button[type=submit]").click()
        await seen.until(".fault", "E-mail: Please fill this in.")
        assert (await form_of(seen))[""] == ("Where is my bag?", False)
        assert await seen.focus() == "INPUT email"
        await seen.page.locator("#trunkline-chat input[name=email]").fill("lan@lotus.vn")
        await seen.page.keyboard.press("Enter")
        await seen.until(".status", "We have your message")
