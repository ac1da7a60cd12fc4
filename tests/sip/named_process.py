"""As serve_process.py, but a name has two addresses of this machine, 127.0.0.2 the first."""

import sys
from pathlib import Path

import uvloop

from adapters.sip.transport.resolver import Resolver
from tests.sip.serve_process import main

NAME = "trunk.example"
ADDRESSES = ("127.0.0.2", "127.0.0.1")

_all_known = Resolver.all_known


def all_known(resolver: Resolver, host: str) -> tuple[str, ...]:
    """Know the name, and others as ever."""
    return ADDRESSES if host == NAME else _all_known(resolver, host)


if __name__ == "__main__":
    Resolver.all_known = all_known  # type: ignore[method-assign,assignment]
    uvloop.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
