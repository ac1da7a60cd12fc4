"""The adapter's life: what it has opened is closed, also where its start fails."""

import socket
from pathlib import Path

import pytest

from adapters.sip import adapter as adapter_module
from engine.live.adapters import AdapterFailed
from engine.live.loop import LiveEngine
from engine.log.memory import MemoryLog
from engine.messages.rows import ROW
from engine.state import EngineState
from tests.ports import free_port
from tests.sip.support import CAPACITY, centre, make_exchange


def fail(*_arguments: object) -> None:
    """Stand in for a part that fails in an unforeseen way."""
    raise RuntimeError("unforeseen")


async def test_a_start_that_fails_leaves_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_module, "recover", fail)
    path, port = tmp_path / "centre.yaml", free_port()
    path.write_text(centre(agents=["{name: ann}"]).replace("port: 0", f"port: {port}"))
    engine = LiveEngine(EngineState(CAPACITY))
    engine.attach(MemoryLog(row_dtype=ROW, on_durable=engine.on_durable))
    engine.run()
    adapter, adapters = make_exchange(engine, path)
    try:
        with pytest.raises(AdapterFailed, match="adapter 'sip' could not be started: unforeseen"):
            await adapters.start()
        assert not adapter.status().up
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as own:
                own.bind(("127.0.0.1", port))
    finally:
        await engine.stop()
