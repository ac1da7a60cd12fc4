"""As serve_process.py, but it kills itself where an effect that ends or moves a call is durable and about to leave."""

import os
import signal
import sys
from pathlib import Path

import uvloop

from engine.effects.outbox import Outbox
from engine.messages.effects import EndContact, MoveContact, RefuseContact
from tests.sip.serve_process import main

_release = Outbox.release


def release(outbox: Outbox, durable_seq: int) -> None:
    """Hand out as ever, but die with the first effect that would end or move a call."""
    if (
        outbox._held
        and outbox._held[0][0] <= durable_seq
        and isinstance(outbox._held[0][2], EndContact | MoveContact | RefuseContact)
    ):
        os.kill(os.getpid(), signal.SIGKILL)
    _release(outbox, durable_seq)


if __name__ == "__main__":
    Outbox.release = release  # type: ignore[method-assign,assignment]
    uvloop.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
