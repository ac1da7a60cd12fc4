"""What was written in a contact: in order, resumed by sequence, from memory or from the log."""

from pathlib import Path

import pytest

from engine.messages.observed import (
    AgentStatusChanged,
    Attachment,
    ContactArrived,
    ContactReleased,
    MessageSent,
    MessagesRead,
    OfferAnswered,
)
from engine.ports import Turn
from engine.projections.feed.conversation import conversation
from engine.projections.feed.transcripts import Transcripts
from tests.projections.support import Centre

PICTURE = Attachment(name="bill.png", media_type="image/png", size_bytes=9, sha256="0" * 64)


async def chatting(folder: Path) -> Centre:
    """A chat of carol's with two lines, and one that nobody has taken."""
    centre = Centre(folder)
    await centre.say(
        AgentStatusChanged(agent="carol", status="available"),
        ContactArrived(contact="a", queue="help", channel="chat", customer="eve"),
        OfferAnswered(contact="a", agent="carol"),
        MessageSent(contact="a", text="hello"),
        ContactArrived(contact="b", queue="help", channel="chat"),
        MessageSent(contact="b", text="is anybody there?"),
        MessageSent(contact="a", by="agent", agent="carol", text="good morning", attachment=PICTURE),
        MessageSent(contact="a", by="agent", agent="bob", text="not mine to answer"),
        MessageSent(contact="a", by="system", text="carol is typing from Hanoi"),
    )
    return centre


async def test_lines_come_in_order_with_who_wrote_them(tmp_path: Path) -> None:
    views = (await chatting(tmp_path)).views
    found = views.contacts.conversation("a")
    assert [(message.by, message.agent, message.text) for message in found.messages] == [
        ("customer", "", "hello"),
        ("agent", "carol", "good morning"),
        ("system", "", "carol is typing from Hanoi"),
    ]
    assert found.messages[1].attachment == PICTURE
    assert [message.text for message in views.contacts.conversation("b").messages] == ["is anybody there?"]
    with pytest.raises(KeyError, match="no contact 'nobody'"):
        views.contacts.conversation("nobody")


async def test_a_reader_resumes_by_sequence_and_misses_nothing(tmp_path: Path) -> None:
    views = (await chatting(tmp_path)).views
    whole = views.contacts.conversation("a")
    pages, after_seq, more = [], 0, True
    while more:
        page = views.contacts.conversation("a", after_seq, 1)
        pages += page.messages
        after_seq, more = page.next_after_seq, page.more
    assert pages == whole.messages
    assert views.contacts.conversation("a", after_seq).messages == []
    assert views.contacts.conversation("a", after_seq).next_after_seq == after_seq


async def test_read_marks_only_go_forward(tmp_path: Path) -> None:
    centre = await chatting(tmp_path)
    first, second, _ = [message.seq for message in centre.views.contacts.conversation("a").messages]
    await centre.say(
        MessagesRead(contact="a", up_to_seq=second),
        MessagesRead(contact="a", up_to_seq=first),
        MessagesRead(contact="a", by="agent", agent="carol", up_to_seq=first),
    )
    found = centre.views.contacts.conversation("a")
    assert (found.customer_read_seq, found.agent_read_seq) == (second, first)


async def test_what_went_for_want_of_room_is_read_from_the_log(tmp_path: Path) -> None:
    centre = await chatting(tmp_path)
    await centre.say(ContactReleased(contact="a"), ContactArrived(contact="late", queue="help", channel="chat"))
    await centre.say(*(MessageSent(contact="late", text=f"{number}") for number in range(20)))
    views = centre.views
    small = Transcripts(views.directory, views.history, bytes_max=1500)
    for run in centre.log.read_runs(1):
        small.apply(Turn(run.first_seq, run.last_seq, run.rows, run.payload))
    assert small.whole_after_seq > views.contacts.find("a").contact.id
    for name, count in (("a", 3), ("late", 20)):
        record = views.contacts.find(name).contact
        read = conversation(small, views.events, record, 0, 100)
        assert read.messages == views.contacts.conversation(name).messages
        assert len(read.messages) == count
    tail = conversation(small, views.events, views.contacts.find("late").contact, small.whole_after_seq, 100)
    assert 0 < len(tail.messages) < 20
