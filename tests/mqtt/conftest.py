"""A real broker on a free port of this machine, a real engine with the MQTT adapter, and a peer that talks to it."""

import asyncio
import contextlib
import json
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from adapters.mqtt.adapter import MqttAdapter
from engine.config.load import load_config
from engine.kernel.tables import Capacity
from engine.live.adapters import Adapters
from engine.live.loop import LiveEngine
from engine.log.memory import MemoryLog
from tests.adapter_support import make_adapter, run_engine
from tests.ports import free_port

MOSQUITTO: Final = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
DEADLINE_S: Final = 30.0
ROOT: Final = "trunkline/v1/main"
CENTRE: Final = """
service: {name: test centre, interval: 15m}
skills: [english, billing]
queues:
  sales:
    display_name: Sales
    strategy: longest-idle
    service_level: {threshold: 20s, target: 0.8}
    members_only: true
    wrap_up: 0s
  a/b+c#d:
    members_only: true
agents:
  - {name: alice, queues: [sales], skills: {english: 5}}
  - {name: bob, queues: [sales]}
"""
CAPACITY: Final = Capacity(contacts=2048, agents=16, queues=8, trunk_groups=4, requirements=32, lines=32, intervals=16)


async def until(condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Wait until `condition` is true and return what it returned."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + deadline_s
    while not (found := condition()):
        assert loop.time() < end_s, f"{what}: not within {deadline_s:g} s"
        await asyncio.sleep(0.01)
    return found


class Broker:
    """A mosquitto of our own. `kill` is kill -9; `start` again listens at the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines = ["allow_anonymous true"]
        self.persistent = True

    def configure(self, *lines: str) -> None:
        """Replace the lines that say who may connect and how."""
        self._lines = list(lines)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        assert MOSQUITTO is not None
        path = self.folder / "mosquitto.conf"
        kept = [f"persistence {str(self.persistent).lower()}", f"persistence_location {self.folder}/"]
        lines = ["user root", "log_type all", f"listener {self.port} 127.0.0.1", *kept, *self._lines]
        path.write_text("\n".join(lines) + "\n")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen([MOSQUITTO, "-c", str(path)], stdout=log, stderr=log)

    async def wait_ready(self) -> None:
        """Wait until it listens."""

        def listens() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "mosquitto.log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
            return False

        await until(listens, "the broker listens")

    async def save(self) -> None:
        """Make it write its sessions and retained messages now."""
        assert self._process is not None
        database = self.folder / "mosquitto.db"
        before = database.stat().st_mtime_ns if database.exists() else 0
        self._process.send_signal(signal.SIGUSR1)
        await until(lambda: database.exists() and database.stat().st_mtime_ns > before, "the broker saves")

    def kill(self, with_signal: int = signal.SIGKILL) -> None:
        """End it."""
        if self._process is not None:
            self._process.send_signal(with_signal)
            self._process.wait()
            self._process = None


class Peer:
    """A client of the broker that keeps whatever it receives."""

    def __init__(self, port: int, identifier: str, *, clean: bool = True, **options: Any) -> None:
        self.received: list[aiomqtt.Message] = []
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0 if clean else 3600
        self.client = aiomqtt.Client(
            "127.0.0.1",
            port,
            identifier=identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=clean,
            properties=properties,
            max_inflight_messages=20,
            socket_options=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
            **options,
        )
        self.client.pending_calls_threshold = 10_000
        self._task: asyncio.Task[None] | None = None

    async def connect(self, *filters: str) -> None:
        """Connect and subscribe."""
        await self.client.__aenter__()
        self._task = asyncio.get_running_loop().create_task(self._collect())
        if filters:
            await self.client.subscribe([(name, 1) for name in filters])

    async def _collect(self) -> None:
        with contextlib.suppress(aiomqtt.MqttError):
            async for message in self.client.messages:
                self.received.append(message)

    async def close(self) -> None:
        """Disconnect, if the broker is still there."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        with contextlib.suppress(aiomqtt.MqttError):
            await self.client.__aexit__(None, None, None)
        ended = self.client._disconnected
        if ended.done():
            ended.exception()

    def on(self, topic: str) -> list[aiomqtt.Message]:
        """What came on a topic."""
        return [message for message in self.received if str(message.topic) == topic]

    def values(self, topic: str) -> list[Any]:
        """What came on a topic, as JSON."""
        return [json.loads(message.payload) for message in self.on(topic) if message.payload]

    async def latest(self, topic: str, condition: Callable[[Any], Any] = bool) -> Any:
        """Wait until the latest JSON on a topic fulfils the condition, and return it."""
        await until(lambda: (found := self.values(topic)) and condition(found[-1]), f"{topic} of {len(self.received)}")
        return self.values(topic)[-1]

    async def count(self, topic: str, at_least: int) -> None:
        """Wait until so many messages came on a topic."""
        await until(lambda: len(self.on(topic)) >= at_least, f"{at_least} messages on {topic}")

    async def publish(self, topic: str, value: Any, **properties: Any) -> None:
        """Publish JSON, or bytes as they are, with QoS 1."""
        payload = value if isinstance(value, bytes) else json.dumps(value).encode()
        given = None
        if properties:
            given = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            for name, content in properties.items():
                setattr(given, name, content)
        await self.client.publish(topic, payload, qos=1, properties=given)


class House:
    """One engine and its MQTT adapter."""

    def __init__(self, engine: LiveEngine, adapter: MqttAdapter, adapters: Adapters, log: MemoryLog) -> None:
        self.engine = engine
        self.adapter = adapter
        self.adapters = adapters
        self.log = log

    @property
    def counters(self) -> dict[str, int]:
        """The adapter's counters."""
        return dict(self.adapter.status().counters)

    async def wait_up(self) -> None:
        """Wait until the adapter is connected and publishes."""
        await until(lambda: self.adapter.status().up and self.adapter.survey.done, "the adapter is up")

    async def told(self, text: str) -> None:
        """Wait until the adapter's detail says this."""
        await until(lambda: text in self.adapter.status().detail, text)

    async def reconnected(self, times: int) -> None:
        """Wait until the adapter has connected again so often."""
        await until(lambda: self.counters["reconnects"] >= times, f"{times} reconnects")

    async def counted(self, **wanted: int) -> None:
        """Wait until the counters have these values."""
        await until(lambda: all(self.counters[name] >= value for name, value in wanted.items()), f"{wanted}")
        found = {name: self.counters[name] for name in wanted}
        assert found == wanted

    async def close(self) -> None:
        """Stop both."""
        await self.adapters.stop()
        self.log.flush()
        await self.engine.stop()


Build = Callable[..., Awaitable[House]]
Connect = Callable[..., Awaitable[Peer]]


@pytest.fixture
def stopped_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker that does not run yet."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    found = Broker(tmp_path)
    yield found
    found.kill()


@pytest.fixture
async def broker(stopped_broker: Broker) -> Broker:
    """A broker that lets everybody in."""
    stopped_broker.start()
    await stopped_broker.wait_ready()
    return stopped_broker


@pytest.fixture
async def build(tmp_path: Path, stopped_broker: Broker) -> AsyncIterator[Build]:
    """Return a function that opens a house whose adapter connects to the broker."""
    houses: list[House] = []

    async def open_house(settings: str = "", centre: str = CENTRE, hold: bool = False) -> House:
        path = tmp_path / "centre.yaml"
        port = stopped_broker.port
        path.write_text(f"{centre}\nadapters:\n  mqtt: {{port: {port}{', ' + settings if settings else ''}}}\n")
        config = load_config(path, adapters={"mqtt": lambda: MqttAdapter})
        engine, log = run_engine(config, CAPACITY, hold=hold)
        log.flush()
        await engine.durable()
        adapter, adapters = make_adapter(engine, config, partial(MqttAdapter, jitter=lambda: 0.0))
        house = House(engine, adapter, adapters, log)
        houses.append(house)
        await adapters.start()
        return house

    yield open_house
    for house in houses:
        await house.close()


@pytest.fixture
async def house(build: Build, broker: Broker) -> House:
    """A house that is connected to a broker which lets everybody in."""
    found = await build()
    await found.wait_up()
    return found


@pytest.fixture
async def connect(stopped_broker: Broker) -> AsyncIterator[Connect]:
    """Return a function that connects a peer: identifier, filters, options."""
    peers: list[Peer] = []

    async def connected(identifier: str, *filters: str, **options: Any) -> Peer:
        peer = Peer(stopped_broker.port, identifier, **options)
        await peer.connect(*filters)
        peers.append(peer)
        return peer

    yield connected
    for peer in peers:
        await peer.close()
