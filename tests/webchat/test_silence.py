"""When silence ends a chat is the engine's to say: pages are told the instant, beside the clock that it goes by."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.messages.observed import RequeueRequested
from tests.webchat.support import CENTRE, INBOX, Build, Guest, House
from tests.webchat.test_polling import Poller

Visits = Callable[..., Guest]
SILENT = CENTRE.replace("{channel: chat,", "{channel: chat, idle_limit: 10m,", 1)


def left_ms(frame: dict[str, Any]) -> int:
    """How long a page that hears this frame has until the end."""
    return int(frame["idle_ends_ms"]) - int(frame["now_ms"])


def deadline_ms(house: House, contact: str) -> int:
    """What the kernel has."""
    return house.engine.views.contacts.silence_ends_ns(contact) // 10**6


async def test_the_deadline_is_told_whenever_it_changes(build: Build, guest_at: Visits) -> None:
    house = await build(INBOX, centre=SILENT)
    guest = guest_at(house)
    welcome = await guest.connect()
    assert (welcome["state"]["idle_ends_ms"], welcome["now_ms"] > 0) == (0, True)
    await guest.start()
    await house.work("bob")
    contact = await house.take()
    assert deadline_ms(house, contact) == 0
    there = await guest.hear_of("assigned")
    assert (there["idle_limit_s"], there["idle_ends_ms"]) == (600, 0), "it is the agent who owes a line"
    await house.say(contact, "which colour?")
    asked = await guest.hear_of("silence")
    assert 0 < left_ms(asked) <= 600_000
    assert asked["idle_ends_ms"] == deadline_ms(house, contact)
    other = await guest_at(house).connect(session=guest.session)
    assert other["state"]["idle_ends_ms"] == asked["idle_ends_ms"]
    await guest.say("blue")
    assert (await guest.hear_of("silence"))["idle_ends_ms"] == 0
    await house.say(contact, "here it is")
    assert (await guest.hear_of("silence"))["idle_ends_ms"] == deadline_ms(house, contact)


async def test_a_chat_without_a_line_has_a_deadline_once_somebody_is_there(build: Build, guest_at: Visits) -> None:
    house = await build(INBOX, centre=SILENT)
    guest = guest_at(house)
    await guest.connect()
    await guest.start("")
    await house.work("bob")
    contact = await house.take()
    there = await guest.hear_of("assigned")
    assert there["idle_ends_ms"] == deadline_ms(house, contact)
    assert 0 < left_ms(there) <= 600_000


async def test_the_time_of_who_waits_again_begins_anew_with_the_next_agent(
    build: Build, guest_at: Visits, tmp_path: Path
) -> None:
    house = await build(INBOX, centre=SILENT.replace("idle_limit", "max_wait: 20m, idle_limit"))
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    await house.work("bob")
    contact = await house.take()
    await house.say(contact, "a colleague will see to it")
    asked = await guest.hear_of("silence")
    await house.pause("bob")
    await house.tell(RequeueRequested(contact=contact, by="desk", reason="no time"))
    assert deadline_ms(house, contact) == 0, "the time of its next step is none of this"
    assert (await guest.hear_of("assigned", agent=""))["idle_ends_ms"] == 0
    await house.work("eve")
    await house.take("eve")
    there = await guest.hear_of("assigned", agent="eve")
    assert there["idle_ends_ms"] == deadline_ms(house, contact) > asked["idle_ends_ms"]
    await guest.close()
    await house.start_again(tmp_path / "adapters")
    assert (await guest.connect())["state"]["idle_ends_ms"] == there["idle_ends_ms"]


async def test_long_polls_are_told_of_it(build: Build, guest_at: Visits) -> None:
    house = await build(INBOX, centre=SILENT)
    guest = guest_at(house)
    await guest.connect()
    await guest.start()
    poller = Poller(guest._http, house.url)
    poller.session = guest.session
    await house.work("bob")
    contact = await house.take()
    await house.say(contact, "which colour?")
    there = await poller.poll_for("assigned")
    while there["idle_ends_ms"] != deadline_ms(house, contact):
        there = await poller.poll_for("assigned")
    await guest.say("blue")
    while there["idle_ends_ms"]:
        there = await poller.poll_for("assigned")
