"""A process that writes as fast as it can and prints each durable sequence."""

import os
import sys
from pathlib import Path

from engine.log.event_log import SegmentLog
from tests.log.support import make_payload, make_rows

SEGMENT_BYTES = 1 << 20
STAGED_LIMIT_BYTES = 1 << 18


def print_durable(seq: int) -> None:
    os.write(1, f"{seq}\n".encode())


def main(folder: Path) -> None:
    log = SegmentLog.open(folder, on_durable=print_durable, segment_bytes=SEGMENT_BYTES)
    while True:
        seq = log.next_seq
        count = 1 + seq % 37
        log.append(make_rows(seq, count), make_payload(seq, seq % 200), seq * 1000)
        if log.staged_bytes > STAGED_LIMIT_BYTES:
            log.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
