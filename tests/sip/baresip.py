"""A real baresip without sound: registers, answers by itself or by command, calls, holds, transfers."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from tests.ports import free_port

MODULES: Final = Path("/usr/lib/baresip/modules")
DEADLINE_S: Final = 20.0
needs_baresip = pytest.mark.skipif(
    shutil.which("baresip") is None or not (MODULES / "aubridge.so").exists(),
    reason="needs baresip (Debian package baresip-core)",
)

CONFIG: Final = """
poll_method		epoll
sip_listen		127.0.0.1:{port}
call_local_timeout	120
call_max_calls		8
audio_path		/usr/share/baresip
audio_player		aubridge,loop
audio_source		aubridge,loop
audio_alert		aubridge,alert
audio_level		no
ausrc_srate		8000
auplay_srate		8000
ausrc_channels		1
auplay_channels		1
rtp_ports		{rtp}-{rtp_end}
rtcp_mux		no
jitter_buffer_delay	5-10
net_interface		127.0.0.1
module_path		{modules}
module			g711.so
module			aubridge.so
module_tmp		uuid.so
module_tmp		account.so
module_app		menu.so
module_app		ctrl_tcp.so
ctrl_tcp_listen		127.0.0.1:{control}
"""


class Baresip:
    """One process with one account; `events` are what its control port reports."""

    def __init__(self, folder: Path, account: str) -> None:
        self._folder = folder
        self._account = account
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self.events: list[dict[str, Any]] = []
        self.port = 0
        """Where it listens."""

    async def start(self) -> None:
        """Start it and connect to its control port."""
        port, control, rtp = free_port(), free_port(), free_port() & ~1
        self.port = port
        self._folder.mkdir(parents=True)
        text = CONFIG.format(
            port=port, control=control, rtp=min(rtp, 65_000), rtp_end=min(rtp, 65_000) + 100, modules=MODULES
        )
        (self._folder / "config").write_text(text)
        (self._folder / "accounts").write_text(self._account + "\n")
        (self._folder / "contacts").write_text("")
        with (self._folder / "output").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                "baresip",
                *("-f", str(self._folder), "-v"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "HOME": str(self._folder)},
            )
        reader = await self._connect(control)
        self._reading = asyncio.get_running_loop().create_task(self._read(reader))

    async def _connect(self, port: int) -> asyncio.StreamReader:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    return reader

    def command(self, name: str, params: str = "") -> None:
        """Give a command."""
        text = json.dumps({"command": name, "params": params, "token": "t"}).encode()
        assert self._writer is not None
        self._writer.write(b"%d:%b," % (len(text), text))

    async def event(self, kind: str, within_s: float = DEADLINE_S) -> dict[str, Any]:
        """Wait for an event of this type, and take it."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    for place, event in enumerate(self.events):
                        if event.get("type") == kind:
                            return self.events.pop(place)
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            output = (self._folder / "output").read_text(errors="replace")
            raise AssertionError(f"waited for {kind} but heard {self.events}\n{output[-3000:]}") from None

    async def end(self) -> None:
        """End it."""
        if self._reading is not None:
            self._reading.cancel()
        if self._writer is not None:
            self._writer.close()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while not reader.at_eof():
            try:
                length = int((await reader.readuntil(b":"))[:-1])
                text = await reader.readexactly(length + 1)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            self.events.append(json.loads(text[:-1]))
            self._news.set()
