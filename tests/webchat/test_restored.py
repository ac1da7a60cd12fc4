"""Chats in a data folder that was brought back from a backup: they go on, whatever the pages had seen since."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from adapters.webchat.adapter import WebChatAdapter
from engine.commands.backup import backup, restore
from engine.commands.outcome import Exit
from engine.config.load import load_config
from engine.live.host import EngineHost
from engine.messages.observed import AgentStatusChanged, MessageSent, MessagesRead, Observed, OfferAnswered
from tests.webchat.support import CENTRE, INBOX, Guest

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(40)
LOST: Final = 15
"""Lines behind the backup: more than a start writes rows."""
LIMITS = "limits: {contacts: 64, agents: 8, queues: 8}\n"


class Centre:
    """One engine with the web chat, over a data folder."""

    def __init__(self, host: EngineHost) -> None:
        assert host._adapters is not None
        assert host.engine is not None
        self.host, self.engine = host, host.engine
        adapter: Any = host._adapters._made["webchat"]
        self.url = f"http://127.0.0.1:{adapter.port}"

    async def tell(self, *facts: Observed) -> None:
        """Hand in facts; all must count."""
        receipts = await self.engine.submit("test", facts)
        assert not [one for one in receipts if one.error or one.refused], receipts


async def opened(folder: Path, data: str) -> Centre:
    """Start over a data folder."""
    path = folder / "centre.yaml"
    path.write_text(f"{LIMITS}{CENTRE}\nadapters:\n  webchat:\n    port: 0\n    inboxes:\n{INBOX}", encoding="utf-8")
    config = load_config(path, adapters={"webchat": lambda: WebChatAdapter})
    host = EngineHost(config, folder / data, segment_bytes=1 << 20)
    await host.start()
    return Centre(host)


@pytest.mark.slow
async def test_chats_go_on_from_a_backup(
    tmp_path: Path, http: aiohttp.ClientSession, guest_at: Callable[..., Guest]
) -> None:
    centre = await opened(tmp_path, "data")
    guest: Guest = guest_at(centre)
    await guest.connect()
    await guest.start("one")
    await centre.tell(AgentStatusChanged(agent="bob", status="available"))
    (offer,) = centre.engine.views.contacts.engagements("bob")
    await centre.tell(
        OfferAnswered(contact=offer.contact, agent="bob"),
        MessageSent(contact=offer.contact, by="agent", agent="bob", text="two"),
    )
    headers = guest.headers | {"Authorization": f"Bearer {guest.session}"}
    async with http.post(f"{centre.url}/chat/v1/files?inbox=web&name=a.png", data=PNG, headers=headers) as answer:
        ticket = (await answer.json())["ticket"]
    await guest.say("", attachment=ticket)
    await guest.read_lines(3)
    read_seq = guest.after_seq
    await centre.tell(MessagesRead(contact=offer.contact, by="agent", agent="bob", up_to_seq=read_seq))
    assert backup(tmp_path / "data", tmp_path / "copy", True) is Exit.OK
    for number in range(LOST):
        await guest.say(f"lost {number}")
    await guest.read_lines(3 + LOST)
    await guest.close()
    await centre.host.stop()

    assert restore(tmp_path / "copy", tmp_path / "again", True) is Exit.OK
    centre = await opened(tmp_path, "again")
    guest._url, seen, guest.lines = centre.url, guest.after_seq, []
    welcome = await guest.connect()
    assert welcome["seq"] < seen, "the page has seen more than there is"
    state = welcome["state"]
    assert (state["phase"], state["agent"], state["agent_read_seq"]) == ("connected", "Bob Ray", read_seq)
    await centre.tell(MessageSent(contact=offer.contact, by="agent", agent="bob", text="three"))
    assert await guest.read_lines(4) == ["one", "two", "", "three"]
    async with http.get(centre.url + guest.lines[2]["file"]["url"]) as answer:
        assert await answer.read() == PNG
    await guest.close()
    await centre.host.stop()
