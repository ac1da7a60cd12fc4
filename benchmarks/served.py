"""A real `trunkline serve` as a process of its own, to be waited for, asked, and killed."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import aiohttp

READY_WITHIN_S: Final = 300.0
LOOK_EVERY_S: Final = 0.02


def free_port() -> int:
    """A TCP port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Started:
    """One Python process, running a module, with an HTTP server at `port`; what it says on stderr goes to `said`."""

    def __init__(self, port: int, said: Path, *arguments: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._said = said
        with said.open("wb") as file:
            command = [sys.executable, "-m", *arguments]
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    async def wait_ready(self) -> None:
        """Wait until /readyz is good. Raises RuntimeError, with what the process said, when it ends instead."""
        async with aiohttp.ClientSession(self.url) as session, asyncio.timeout(READY_WITHIN_S):
            while True:
                if self._process.poll() is not None:
                    raise RuntimeError(f"serve ended with {self._process.returncode}: {self.said()}")
                try:
                    async with session.get("/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(LOOK_EVERY_S)

    def rss_mb(self) -> float:
        """Resident memory, MB of 10**6 bytes."""
        return self._status_mb("VmRSS")

    def own_mb(self) -> float:
        """What of it is not the contents of files, as the code of libraries is, which the system can read again."""
        return self._status_mb("RssAnon")

    def processor_s(self) -> float:
        """Processor time that it has taken since it began, of all its threads."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _status_mb(self, name: str) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        kib = next(int(text.split()[1]) for text in status.splitlines() if text.startswith(f"{name}:"))
        return kib * 1024 / 1e6

    def kill(self) -> None:
        """End it as a power cut would, as far as a process can tell."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """End it in order; returns its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait()

    def said(self) -> str:
        """The end of what it said on stderr."""
        return self._said.read_text(encoding="utf-8", errors="replace")[-2000:]


class Served(Started):
    """One `trunkline serve` over a configuration and a data folder, with the HTTP adapter at `port`."""

    def __init__(self, config: Path, data: Path, port: int) -> None:
        super().__init__(port, config.with_suffix(".said"), "engine.main", "serve", str(config), "--data", str(data))
