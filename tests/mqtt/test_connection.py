"""The keeping of a connection, against a broker of a few bytes."""

import asyncio
from collections import Counter
from typing import Any

from adapters.mqtt.broker import BrokerClient
from adapters.mqtt.connection import Connection
from adapters.mqtt.settings import Settings
from adapters.mqtt.topics import Topics
from tests.mqtt.conftest import until

CONNACK_ACCEPTED = bytes((0x20, 2, 1, 0))
CONNACK_WRONG_VERSION = bytes((0x20, 2, 0, 1))


class OldBroker:
    """Speaks MQTT 3.1.1 only, and keeps a session for everybody."""

    def __init__(self) -> None:
        self.levels: list[int] = []
        self.clean: list[bool] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
    server = await asyncio.start_server(OldBroker().serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
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
