"""The keeping of a connection, against a broker of a few bytes."""

import asyncio
import shutil
import ssl
from collections import Counter
from pathlib import Path
from typing import Any

from adapters.mqtt.broker import BrokerClient
from adapters.mqtt.connection import Connection
from adapters.mqtt.settings import Settings, Tls
from adapters.mqtt.topics import Topics
from tests.certificates import make_certificates
from tests.mqtt.conftest import until
from tests.ports import free_port

CONNACK_ACCEPTED = bytes((0x20, 2, 1, 0))
CONNACK_WRONG_VERSION = bytes((0x20, 2, 0, 1))


class OldBroker:
    """Speaks MQTT 3.1.1 only, and keeps a session for everybody."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        """Serial numbers of clients' certificates."""
        self.levels: list[int] = []
        self.clean: list[bool] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        certificate = writer.get_extra_info("peercert")
        self.shown += [certificate["serialNumber"]] if certificate else []
        packet = await reader.read(1024)
        start = packet.index(b"MQTT") + 4
        level, flags = packet[start], packet[start + 1]
        self.levels.append(level)
        self.clean.append(bool(flags & 2))
        writer.write(CONNACK_ACCEPTED if level == 4 else CONNACK_WRONG_VERSION)
        if level == 4:
            await reader.read()
        writer.close()


def connection(port: int, serve: Any, counters: Counter[str]) -> Connection:
    return Connection(Settings(port=port), Topics("t", "s"), counters, serve, lambda: 0.0)


async def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1() -> None:
    old = OldBroker()
    server = await asyncio.start_server(old.serve, "127.0.0.1", 0)
    served: list[tuple[bool, bool]] = []
    found: Connection | None = None

    async def serve(client: BrokerClient) -> None:
        assert found is not None
        served.append((client.speaks_5, client.session_present))
        await found.stopping.wait()

    found = connection(server.sockets[0].getsockname()[1], serve, Counter())
    found.prepare()
    assert found.detail.startswith("connecting to ")
    task = asyncio.ensure_future(found.run())
    await until(lambda: served, "served")
    assert "(MQTT 3.1.1)" in found.detail
    found.stopping.set()
    await task
    server.close()
    assert (old.levels, old.clean, served) == ([5, 4], [False, False], [(False, True)])


async def test_a_broker_that_is_not_there_and_a_failure_of_our_own() -> None:
    port = free_port()
    counters: Counter[str] = Counter()

    async def broken(_: BrokerClient) -> None:
        raise ZeroDivisionError

    found = connection(port, broken, counters)
    task = asyncio.ensure_future(found.run())
    await until(lambda: "trying again in" in found.detail, "the first attempt failed")
    assert found.detail.startswith(f"cannot connect to the broker at 127.0.0.1:{port}")
    again = await asyncio.start_server(OldBroker().serve, "127.0.0.1", port)
    await until(lambda: counters["failures"], "a failure within is counted and does not end it")
    assert "failed within, see the log" in found.detail
    found.stopping.set()
    await task
    assert found.detail == "stopped"
    again.close()


async def test_version_5_is_tried_again_later_and_certificates_are_shown_as_they_are_now(tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "renewed"]
    for folder in folders:
        folder.mkdir()
        make_certificates(folder)
    used = tmp_path / "used"
    shutil.copytree(folders[0], used)
    both = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    both.load_cert_chain(folders[0] / "server.pem", folders[0] / "server.key")
    both.verify_mode = ssl.CERT_REQUIRED
    for folder in folders:
        both.load_verify_locations(folder / "ca.pem")
    old, served = OldBroker(), list[BrokerClient]()
    server = await asyncio.start_server(old.serve, "127.0.0.1", 0, ssl=both)
    tls = Tls(
        ca_file=str(folders[0] / "ca.pem"), certificate_file=str(used / "server.pem"), key_file=str(used / "server.key")
    )

    async def serve(client: BrokerClient) -> None:
        served.append(client)

    port = server.sockets[0].getsockname()[1]
    found = Connection(Settings(port=port, tls=tls), Topics("t", "s"), Counter(), serve, lambda: 0.0)
    found.prepare()
    for _ in range(2):
        await found._connect_once()
    assert (old.levels, len(set(old.shown))) == ([5, 4], 1)
    for name in ("server.pem", "server.key"):
        shutil.copy(folders[1] / name, used / name)
    await found._connect_once()
    assert (old.levels, len(set(old.shown))) == ([5, 4, 4], 2)
    found._old_until_s = 0.0
    for _ in range(2):
        await found._connect_once()
    assert (old.levels, len(served)) == ([5, 4, 4, 5, 4], 3)
    (used / "server.pem").write_text("nothing of the kind")
    assert (await found._connect_once()).startswith("cannot connect to the broker")
    server.close()
