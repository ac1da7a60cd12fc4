"""A process that brings a file with a line, and is killed once it is to say what became of the line."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

from engine.live.host import ATTACHMENT_FOLDER, EngineHost
from engine.log.attachments import AttachmentStore
from engine.log.segment import SMALLEST_SEGMENT_BYTES
from engine.messages.observed import Attachment, ContactArrived, MessageSent
from engine.ports import Receipt
from engine.uploads import submit_naming
from tests.driver_support import load_centre

CONTENT: Final = b"%PDF-1.4 a ticket"
MOMENTS: Final = ("before_the_line", "line_logged", "line_refused")
"""When it is killed."""


class _KillingStore(AttachmentStore):
    def settle(self, sha256: str, *, named: bool) -> None:
        kill()


def kill() -> None:
    """End the process as the kernel does when there is no memory left."""
    os.kill(os.getpid(), signal.SIGKILL)


async def bring(folder: Path, moment: str) -> None:
    """Begin a chat, bring a file, say a line with it."""
    host = EngineHost(load_centre(folder), folder / "data", segment_bytes=SMALLEST_SEGMENT_BYTES * 8)
    await host.start()
    engine = host.engine
    await engine.submit("desk", [ContactArrived(contact="c", queue="sales", channel="chat")])
    store = _KillingStore(folder / "data" / ATTACHMENT_FOLDER, lambda: engine.log.durable_seq)
    digest = store.store(CONTENT)
    file = Attachment(name="a.pdf", media_type="application/pdf", size_bytes=len(CONTENT), sha256=digest)
    contact = "nobody" if moment == "line_refused" else "c"

    def submit() -> asyncio.Future[list[Receipt]]:
        if moment == "before_the_line":
            kill()
        return engine.submit("desk", [MessageSent(contact=contact, attachment=file)])

    await (await submit_naming(file, store, submit))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(bring(Path(sys.argv[1]), sys.argv[2]))
