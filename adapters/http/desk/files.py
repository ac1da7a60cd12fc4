"""Files that customers sent, given to the agent who has them in hand: never run, never shown as a page."""

from typing import Final
from urllib.parse import quote

from engine.messages.observed import Attachment
from engine.ports import Attachments
from engine.projections.views import Views

LINES_AT_ONCE: Final = 1000
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Types that a browser may show inside the desk; everything else is only ever saved."""


def find_attachment(views: Views, contact_id: int, sha256: str) -> Attachment | None:
    """Return the file of this digest among a contact's lines; None where there is none. For a thread."""
    after_seq = 0
    while True:
        page = views.contacts.conversation(contact_id, after_seq, LINES_AT_ONCE)
        for line in page.messages:
            if line.attachment is not None and line.attachment.sha256 == sha256:
                return line.attachment
        if not page.more:
            return None
        after_seq = page.next_after_seq


def read_attachment(store: Attachments, sha256: str) -> bytes:
    """Return the bytes of a file. Raises FileNotFoundError, ValueError. For a thread."""
    with store.open(sha256) as file:
        return file.read()


def headers_of(attachment: Attachment) -> dict[str, str]:
    """Return the headers by which a file is saved under its name and can do nothing in the browser."""
    kind = attachment.media_type if attachment.media_type in PICTURES else "application/octet-stream"
    return {
        "Content-Type": kind,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=3600",
    }
