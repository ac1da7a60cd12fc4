"""What was written, as a visitor sees it: from the log's lines, with addresses by which files can be fetched."""

import asyncio
from typing import Final

from adapters.webchat.core import SOURCE, Core
from adapters.webchat.tokens import Download
from adapters.webchat.told import File, Line, Past
from engine.messages.observed import INTEGER_MAX, Attachment
from engine.projections.contacts.records import ContactRecord
from engine.projections.feed.transcripts import Message

PAGE: Final = 200
"""Lines read at a time."""
FILE_LIFETIME_S: Final = 86_400
"""How long the address of a file is good; every reload makes a new one."""
FILE_PATH: Final = "/chat/v1/files/"
CONVERSATIONS: Final = 5
"""Earlier conversations told at a time."""
LINES_OF_PAST: Final = 200
RECORDS: Final = 50
"""Contacts of a customer that are looked at to find conversations."""
WRITTEN: Final = ("chat", "email")


def line_of(core: Core, message: Message) -> Line:
    """One line of the log as a visitor sees it."""
    file = file_of(core, message.attachment) if message.attachment is not None else None
    agent = core.shown_name(message.agent) if message.agent else ""
    return Line(message.seq, message.at_ns // 1_000_000, message.by, agent, message.text, file)


def file_of(core: Core, attachment: Attachment) -> File:
    """A file with an address that is good for a day."""
    token = core.signer.sign(Download(core.now_s + FILE_LIFETIME_S, attachment))
    return File(attachment.name, attachment.media_type, attachment.size_bytes, FILE_PATH + token)


async def lines_after(core: Core, contact_id: int, after_seq: int) -> tuple[list[Line], int]:
    """Lines of a contact after a position, a page at most, and the position up to which there are no others."""
    views = core.engine.views
    as_of = views.history.as_of
    found = views.contacts.latest_lines(contact_id, after_seq, PAGE)
    if found is None:
        core.counters["lines_from_log"] += 1
        try:
            page = await asyncio.to_thread(views.contacts.conversation, contact_id, after_seq, PAGE)
        except KeyError:  # forgotten: so many contacts have come since
            return [], as_of
        return [line_of(core, message) for message in page.messages], page.next_after_seq if page.more else as_of
    reached = found[-1].seq if len(found) == PAGE else as_of
    return [line_of(core, message) for message in found], max(reached, after_seq)


def read_marks(core: Core, contact_id: int) -> tuple[int, int]:
    """How far the customer and the agents have read in a contact that is remembered, as the log has it."""
    found = core.engine.views.contacts.conversation(contact_id, core.seq, 1)
    return found.customer_read_seq, found.agent_read_seq


def files_of(core: Core, contact_id: int) -> set[str]:
    """The contents of the files that the customer sent in a contact that is remembered, by their hash."""
    found: set[str] = set()
    after_seq, more = 0, True
    while more:
        page = core.engine.views.contacts.conversation(contact_id, after_seq, PAGE)
        sent = (line.attachment for line in page.messages if line.by == "customer")
        found |= {attachment.sha256 for attachment in sent if attachment is not None}
        after_seq, more = page.next_after_seq, page.more
    return found


def conversations_of(core: Core, inbox: str, known_as: str, before_id: int = INTEGER_MAX) -> list[ContactRecord]:
    """The visitor's contacts in writing at this inbox, latest first, among the latest of all."""
    records = core.engine.views.contacts.of_customer(known_as, limit=RECORDS, before_id=before_id).contacts
    return [one for one in records if one.source == SOURCE and one.entry == inbox and one.channel in WRITTEN]


async def past_of(core: Core, records: list[ContactRecord]) -> list[Past]:
    """Earlier conversations with their first lines."""
    found = []
    for record in records[:CONVERSATIONS]:
        lines, _ = await lines_after(core, record.id, 0)
        found.append(Past(record.id, record.arrived_ns // 1_000_000, lines[:LINES_OF_PAST]))
    return found
