"""Which ports the demo listens at: those asked for, or free ones where they are taken."""

import socket
from contextlib import ExitStack
from typing import Final

import msgspec

from engine.config.sections import Config

YOU: Final = "you"
"""The agent of the example centre whom nobody plays."""
PASSWORD: Final = "lotus"
"""Theirs at the desk, whose hash stands in the example centre."""
HOST: Final = "127.0.0.1"


class Addresses(msgspec.Struct, frozen=True):
    """Where the demo can be reached, all on this machine."""

    http_port: int
    sip_port: int
    """0: nowhere."""
    chat_port: int
    """0: nowhere."""
    moved: tuple[str, ...] = ()
    """What is said about ports that were taken."""

    @property
    def url(self) -> str:
        """Of the pages and the HTTP interface."""
        return f"http://{HOST}:{self.http_port}"

    @property
    def chat_url(self) -> str:
        """Of the web chat."""
        return f"http://{HOST}:{self.chat_port}"


def choose_addresses(config: Config, http_port: int, sip_port: int, chat_port: int) -> Addresses:
    """Look which of the wanted ports are free; 0 stands for any free one."""
    moved = []
    http, sip, chat = _free_port(http_port, socket.SOCK_STREAM), 0, 0
    if "sip" in config.adapters:
        sip = _free_port(sip_port, socket.SOCK_STREAM, socket.SOCK_DGRAM)
    if "webchat" in config.adapters:
        chat = _free_port(chat_port, socket.SOCK_STREAM)
    for word, wanted, found in (("HTTP", http_port, http), ("SIP", sip_port, sip), ("web chat", chat_port, chat)):
        if wanted and found and found != wanted:
            moved.append(f"port {wanted} is taken, so {word} listens at {found}")
    return Addresses(http, sip, chat, tuple(moved))


def at_addresses(config: Config, addresses: Addresses) -> Config:
    """Return the configuration with its adapters at these addresses."""
    ports = {"http": addresses.http_port, "sip": addresses.sip_port, "webchat": addresses.chat_port}
    sections = {
        name: section.model_copy(update={"host": HOST, "port": ports[name]}) if name in ports else section
        for name, section in config.adapters.items()
    }
    return config.model_copy(update={"adapters": sections})


def _free_port(wanted: int, *kinds: int) -> int:
    for port in (wanted, *[0] * 20):
        found = _bound(port, kinds)
        if found:
            return found
    raise OSError(f"no port of {HOST} is free for both UDP and TCP")


def _bound(port: int, kinds: tuple[int, ...]) -> int:
    """The port, if sockets of all kinds can be bound to it (any one for 0), else 0; they are closed again."""
    with ExitStack() as stack:
        for kind in kinds:
            place = stack.enter_context(socket.socket(socket.AF_INET, kind))
            if kind == socket.SOCK_STREAM:
                # As servers do: connections of an earlier run that linger do not count.
                place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                place.bind((HOST, port))
            except OSError:
                return 0
            port = place.getsockname()[1]
    return port
