"""Ports for servers of the tests that are opened later than they are chosen, or that are closed and opened again."""

import random
import socket
from typing import Final

SERVERS: Final = (12_000, 32_000)
"""Ports that systems keep for servers, as Linux does by default."""


def free_port() -> int:
    """A port that is free for UDP and TCP, and so is the next one.

    Below those that a system gives to outgoing connections: a server that is started again finds it free still.
    """
    while True:
        port = random.randrange(*SERVERS)
        try:
            for other in (port, port + 1):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("127.0.0.1", other))
        except OSError:
            continue
        return port
