"""As serve_process.py, but the timers of the SIP adapter run ten times as fast: silence is known after 3.2 seconds."""

import sys
from functools import partialmethod
from pathlib import Path

import uvloop

from adapters.sip.adapter import SipAdapter
from adapters.sip.protocol import Timing
from tests.sip.serve_process import main

TIMING = Timing(t1_ns=50_000_000, t2_ns=400_000_000, t4_ns=500_000_000)

if __name__ == "__main__":
    SipAdapter.__init__ = partialmethod(SipAdapter.__init__, timing=TIMING)  # type: ignore[method-assign,assignment]
    uvloop.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
