"""How many SIP calls a second are routed, sipp at both ends, every turn durable on disk.

A call is INVITE, 180, 200, ACK and BYE in two dialogs: 16 messages over UDP. The engine and the adapter run in one
process; sipp calls and sipp answers. The rate is raised until calls fail or the callers fall behind: what counts is the
highest rate at which every call was good. The bound of the peer, sipp against sipp in the same run, stands
beside it. The second figure is processor time of our process (its log thread included) divided by calls.
"""

import asyncio
import datetime
import json
import os
import platform
import resource
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

NAMES: Final = ("sip_calls_per_s", "sip_cpu_per_call")
SCENARIOS: Final = Path(__file__).parents[1] / ".." / "shared" / "data" / "sip" / "sipp"
AGENTS: Final = 250
RATES: Final = (200, 400, 600, 800, 1000, 1250, 1500)
SECONDS: Final = 6
SIPP: Final = shlex.split("sipp -i 127.0.0.1 -t u1 -nostdin -buff_size 4000000 -timeout 90s -timeout_error")


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def configuration(phone_port: int, port: int) -> str:
    """One queue, agents who all have the answering sipp as their phone."""
    return f"""
limits: {{contacts: 16384, agents: 512}}
queues:
  sales: {{strategy: longest-idle}}
agents:
  - {{name: "agent{{n}}", count: {AGENTS}, phone: {{address: "sip:agent{{n}}@127.0.0.1:{phone_port}"}}}}
adapters:
  sip: {{port: {port}, calls_per_second: 100000}}
"""


async def serve(config: Path, data: Path) -> None:
    """The engine's process: says `ready`; when told to end, says what it used."""
    from engine.config.load import load_config
    from engine.live.host import EngineHost
    from engine.messages.observed import AgentStatusChanged

    host = EngineHost(load_config(config), data)
    await host.start()
    agents = [f"agent{number}" for number in range(1, AGENTS + 1)]
    await host.engine.submit("bench", [AgentStatusChanged(agent=name, status="available") for name in agents])
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line.strip():
            break
        used = resource.getrusage(resource.RUSAGE_SELF)
        counters = dict(host.status()[0].counters)
        queue = host.engine.views.queues(0).queues[0]
        made = {"cpu_s": used.ru_utime + used.ru_stime, "turns": host.engine.counters["turns"], "exits": queue.exits}
        print(json.dumps({**made, **counters}), flush=True)
    await host.stop()


class Engine:
    """The engine's process, asked over its pipes."""

    def __init__(self, folder: Path, phone_port: int) -> None:
        self.port = free_port()
        config = folder / "centre.yaml"
        config.write_text(configuration(phone_port, self.port))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bench_sip", "serve", str(config), str(folder / "data")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "ready"

    def ask(self) -> dict[str, Any]:
        """What it has done and used so far."""
        self._write("?\n")
        answer: dict[str, Any] = json.loads(self._read())
        return answer

    def end(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._write("\n")
            self._process.wait(30)

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def answering(folder: Path, port: int, scenario: list[str]) -> "subprocess.Popen[bytes]":
    """A sipp that answers calls until it is ended."""
    command = [*SIPP, *scenario, "-p", str(port), "-mp", "20000"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def call(folder: Path, target: int, rate: int, scenario: list[str]) -> tuple[bool, float]:
    """Calls at this rate for a while: whether all were good, and the rate reached."""
    calls = rate * SECONDS
    command = [
        *(*SIPP, *scenario, f"127.0.0.1:{target}", "-s", "sales", "-p", str(free_port()), "-mp", "40000"),
        *("-r", str(rate), "-m", str(calls), "-l", "20000", "-d", "0"),
    ]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0, calls / (time.perf_counter() - start)


def routed(folder: Path) -> dict[str, Any]:
    """The highest rate at which every call through the engine was good, and what a call cost."""
    phone_port = free_port()
    phones = answering(folder, phone_port, ["-sf", str((SCENARIOS / "agent_fast.xml").resolve())])
    engine = Engine(folder, phone_port)
    best: dict[str, Any] = {"calls_per_s": 0.0}
    try:
        for rate in RATES:
            before = engine.ask()
            good, reached = call(folder, engine.port, rate, ["-sf", str((SCENARIOS / "uac_rr.xml").resolve())])
            after = engine.ask()
            calls = after["exits"]["answered"] - before["exits"]["answered"]
            good = good and calls == rate * SECONDS
            if not good or reached < 0.9 * rate:
                best["stopped_by"] = f"{rate}/s: " + ("fell behind" if good else "calls failed")
                break
            best = {
                "calls_per_s": reached,
                "cpu_ms_per_call": 1000 * (after["cpu_s"] - before["cpu_s"]) / calls,
                "turns_per_call": round((after["turns"] - before["turns"]) / calls, 3),
                "retransmissions": after.get("sip.retransmissions_sent", 0) - before.get("sip.retransmissions_sent", 0),
            }
    finally:
        engine.end()
        phones.kill()
        phones.wait()
    return best


def peer_bound(folder: Path) -> float:
    """sipp against sipp: its own default scenarios, no server between."""
    port = free_port()
    phones = answering(folder, port, ["-sn", "uas"])
    try:
        best = 0.0
        for rate in (1000, 2000, 4000, 6000):
            good, reached = call(folder, port, rate, ["-sn", "uac"])
            if not good or reached < 0.9 * rate:
                break
            best = reached
        return best
    finally:
        phones.kill()
        phones.wait()


def run() -> list[dict[str, Any]]:
    """Measure; one record per number. Empty, with a word on stderr, where sipp is absent."""
    if shutil.which("sipp") is None or not SCENARIOS.is_dir():
        print("bench_sip: needs sipp (Debian package sip-tester) and the shared data folder", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as name:
        folder = Path(name).resolve()
        bound = peer_bound(folder)
        found = routed(folder)
    common = {
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "peer": {"name": "sipp against sipp", "calls_per_s": round(bound)},
    }
    detail = {name: value for name, value in found.items() if name not in ("calls_per_s", "cpu_ms_per_call")}
    return [
        {"name": "sip_calls_per_s", "value": round(found["calls_per_s"]), "unit": "calls/s", **common, **detail},
        {"name": "sip_cpu_per_call", "value": round(found.get("cpu_ms_per_call", 0), 3), "unit": "ms", **common},
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        import uvloop

        uvloop.run(serve(Path(sys.argv[2]), Path(sys.argv[3])))
    else:
        for line in run():
            print(json.dumps(line))
