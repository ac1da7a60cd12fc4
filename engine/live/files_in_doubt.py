"""Files that an earlier process left: those of messages that the log may or may not have, and those of none."""

import logging
import time
from collections.abc import Iterator

from engine.log.attachments import AttachmentStore
from engine.log.event_log import SegmentLog
from engine.messages.kinds import MESSAGE_SENT
from engine.projections.feed.transcripts import line_of, message_payload, was_refused

logger = logging.getLogger(__name__)


def settle_files(store: AttachmentStore, log: SegmentLog) -> None:
    """Keep what a line of the log names and give the rest back; sweep what waits too long. Before any other is kept.

    Reads the log from where the first of them was about to be named: few rows, as the process ended soon after. What
    the disk refuses is logged, and settled at the next start.
    """
    try:
        store.sweep(time.time())
    except OSError as error:
        logger.warning("files that nothing names are swept later: %s", error)
    in_doubt = store.in_doubt()
    if not in_doubt:
        return
    named = set(_named(log, min(in_doubt.values()) + 1))
    for digest, after_seq in in_doubt.items():
        is_named = digest in named or after_seq + 1 < log.first_seq  # a line that named it may have been deleted
        try:
            store.judge(digest, named=is_named)
        except OSError as error:
            logger.warning("file %s is settled at the next start: %s", digest, error)
            continue
        logger.info("file %s was brought for a line that the log %s", digest, "has" if is_named else "does not have")


def _named(log: SegmentLog, from_seq: int) -> Iterator[str]:
    """Yield the digests that lines from a position on name, but for those that the kernel set aside."""
    if max(from_seq, log.first_seq) > log.durable_seq:
        return
    for run in log.read_runs(max(from_seq, log.first_seq)):
        for place in (run.rows["kind"] == MESSAGE_SENT).nonzero()[0].tolist():
            if not was_refused(run.rows, place):
                said = message_payload(line_of(run.first_seq + place, run.rows[place], run.payload).payload)
                if said.attachment is not None:
                    yield said.attachment.sha256
