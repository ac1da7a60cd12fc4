"""The wrap-up of one contact ends by its name, in the engine that saw it begin and in one that starts later."""

from pathlib import Path

import pytest

from engine.messages import kinds
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, OfferAnswered, WrapUpFinished
from engine.state import EngineState
from tests.driver_support import CAPACITY, CENTRE, House, house

TWO_AT_ONCE = CENTRE.replace("skills: {english: 5, billing: 5}", "skills: {english: 5}, capacity: {chat: 2}")
TWO_AT_ONCE = TWO_AT_ONCE.replace("wrap_up: 10s", "wrap_up: agent")


async def wrap_two(h: House) -> None:
    """Alice wraps up two chats, `one` and `two`."""
    await h.tell(AgentStatusChanged(agent="alice", status="available"))
    for name in ("one", "two"):
        await h.tell(ContactArrived(contact=name, queue="help", channel="chat"))
        await h.tell(OfferAnswered(contact=name, agent="alice"), ContactReleased(contact=name, by="agent"))
    assert h.state.tables.agents["wrapping"][0] == 2


async def finish(h: House, contact: str) -> tuple[int, str]:
    """How many wrap-ups ended with that of this contact, and what was said."""
    before = h.kinds().count(kinds.WRAP_UP_ENDED)
    (receipt,) = await h.submit(WrapUpFinished(agent="alice", contact=contact))
    await h.settle()
    return h.kinds().count(kinds.WRAP_UP_ENDED) - before, receipt.error or receipt.refused


@pytest.mark.parametrize("restarts", [False, True])
async def test_one_wrap_up_ends_and_the_other_goes_on(tmp_path: Path, restarts: bool) -> None:
    async with house(tmp_path, TWO_AT_ONCE) as h:
        await wrap_two(h)
        if restarts:
            log = h.log
            h._signal = lambda _seq: None
            await h.engine.stop()
            h.state = EngineState(CAPACITY)
            await h.open()
            assert h.log is log
        assert await finish(h, "one") == (1, "")
        assert await finish(h, "one") == (0, "agent 'alice' does not wrap up a contact 'one'")
        assert await finish(h, "tow") == (0, "agent 'alice' does not wrap up a contact 'tow'")
        assert h.state.tables.agents["wrapping"][0] == 1
        assert await finish(h, "two") == (1, "")


async def test_a_talk_and_its_wrap_up_may_end_in_one_body(tmp_path: Path) -> None:
    async with house(tmp_path, TWO_AT_ONCE) as h:
        await wrap_two(h)
        assert await finish(h, "") == (2, "")
        await h.tell(ContactArrived(contact="one", queue="help", channel="chat"))
        await h.tell(OfferAnswered(contact="one", agent="alice"))
        await h.tell(ContactReleased(contact="one", by="agent"), WrapUpFinished(agent="alice", contact="one"))
        assert h.state.tables.agents["wrapping"][0] == 0


async def test_a_snapshot_knows_whose_wrap_up_it_is(tmp_path: Path) -> None:
    async with house(tmp_path, TWO_AT_ONCE) as h:
        await wrap_two(h)
        loaded = EngineState(CAPACITY)
        loaded.load(h.state.save())
        assert loaded.contacts.wrapping.all() == h.state.contacts.wrapping.all() != []
