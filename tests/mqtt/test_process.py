"""A whole engine process that dies: the broker tells of it, and the next process goes on where it stopped."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mqtt.conftest import CENTRE, ROOT, Broker, Connect, Peer, until

pytestmark = [pytest.mark.peer, pytest.mark.slow]
RESULTS = f"{ROOT}/in/results"
STATUS = "trunkline/v1/$status"
LIMITS = "limits: {contacts: 256, agents: 16, queues: 8, trunk_groups: 4, requirements: 32, lines: 32, intervals: 16}\n"


class Engine:
    """`trunkline serve` as a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._config = folder / "centre.yaml"
        self._config.write_text(f"{LIMITS}{CENTRE}\nadapters:\n  mqtt: {{port: {port}}}\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = ["serve", str(self._config), "--data", str(self._folder / "data")]
        program = "from engine.main import main; main()"
        with (self._folder / "engine.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", program, *words], stdout=log, stderr=log, cwd=Path(__file__).parents[2]
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(20)
        self._process = None
        return code


@pytest.fixture
def engine(tmp_path: Path, broker: Broker) -> Iterator[Engine]:
    found = Engine(tmp_path, broker.port)
    yield found
    found.kill()


def arrival(number: int) -> dict[str, str]:
    return {"type": "contact_arrived", "id": f"a{number}", "contact": f"c{number}", "queue": "sales"}


def results_of(peer: Peer, after: int) -> list[dict[str, Any]]:
    """The results of single facts that came after so many others."""
    return [value["results"][0] for value in peer.values(RESULTS)[after:]]


def restored_of(peer: Peer, names: set[str]) -> set[str]:
    """Those of these contacts that were given back."""
    told = [value for name in names for value in peer.values(f"{ROOT}/contact/{name}/effect")]
    return {value["contact"] for value in told if value["type"] == "contact_restored"}


async def status(peer: Peer, word: bytes) -> None:
    await until(lambda: peer.on(STATUS) and peer.on(STATUS)[-1].payload == word, f"{word!r}", 90)


async def test_last_will_then_everything_goes_on(engine: Engine, connect: Connect) -> None:
    peer = await connect("pbx", f"{ROOT}/#", STATUS)
    engine.start()
    await status(peer, b"online")
    for number in range(20):
        await peer.publish(f"{ROOT}/in/events", arrival(number))
    await peer.count(RESULTS, 20)
    first = results_of(peer, 0)
    assert [found["id"] for found in first] == [f"a{number}" for number in range(20)]
    engine.kill()
    await status(peer, b"offline")
    seen = len(peer.on(RESULTS))
    for number in range(30):  # those of before once more, and ten new ones
        await peer.publish(f"{ROOT}/in/events", arrival(number))
    engine.start()
    await status(peer, b"online")
    await until(lambda: [found for found in results_of(peer, seen) if found["id"] == "a29"], "all results")
    # The last ones of before the end come twice if their acknowledgement did not reach the broker.
    later = results_of(peer, seen)[-30:]
    assert [found["seq"] for found in later[:20]] == [found["seq"] for found in first]
    assert all(found["duplicate"] for found in results_of(peer, seen)[:-10])
    assert not any("duplicate" in found for found in later[20:])
    await peer.latest(f"{ROOT}/queue/sales/state", lambda state: state["waiting"] == 30)
    names = {f"c{number}" for number in range(20)}
    await until(lambda: restored_of(peer, names) == names, "all contacts of before")
    wanted = {found["seq"] for found in later}
    topic = f"{ROOT}/event/contact_arrived"
    await until(lambda: {event["seq"] for event in peer.values(topic)} >= wanted, "events of all arrivals")
    assert {event["seq"] for event in peer.values(topic)} == wanted
    assert not peer.on(f"{ROOT}/event/stream_gapped"), "the broker kept the session: nothing was lost"
    await peer.latest(f"{ROOT}/cursor", lambda cursor: cursor["seq"] >= max(wanted))
    assert engine.stop() == 0
    await status(peer, b"offline")
