"""The demo as a user starts it: it ends by itself with books that balance, and it ends well on Ctrl-C."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.config import load_config
from simulations.demo.addresses import HOST, choose_addresses
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
CENTRE = ROOT / "simulations" / "demo" / "centre.yaml"
ANY_PORTS = ("--port", "0", "--sip-port", "0", "--chat-port", "0")


def demo(*options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "engine.main", "demo", *ANY_PORTS, *options]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.slow
def test_it_serves_calls_chats_and_tasks_and_its_books_balance(tmp_path: Path) -> None:
    program = demo("--for", "8s", "--json", "--data", str(tmp_path))
    output, said = program.communicate()
    assert program.returncode == 0, said
    books: dict[str, Any] = json.loads(output)
    assert books["balanced"] is True
    assert books["offered"] == sum(books["exits"].values()) + books["waiting"]
    assert books["offered"] == sum(channel["offered"] for channel in books["channels"].values())
    assert books["answered"] > 0
    assert books["channels"]["voice"]["answered"] > 0
    assert books["invariant_violations"] == 0
    assert books["recount"]["verified"] is True
    people = books["people"]
    assert people["calls"] == books["channels"]["voice"]["offered"]
    assert people["registered"] == 10
    assert people["chats"] == books["channels"]["chat"]["offered"]
    assert books["channels"]["chat"]["answered"] > 0
    assert people["chat_lines_answered"] > 0
    assert people["chat_lines_said"] >= people["chats"]
    assert people["chat_lines_lost"] == 0
    assert people["calls_open"] == people["calls_failed"] == people["http_failed"] == 0
    assert sum(people["statuses"].values()) == people["calls"]
    assert any((tmp_path / "log").iterdir())


@pytest.mark.slow
def test_ctrl_c_lets_everybody_finish() -> None:
    program = demo()
    assert program.stdout is not None
    heard = []
    for line in program.stdout:
        heard.append(line)
        if "HTTP interface" in line:
            break
    program.send_signal(signal.SIGINT)
    output, said = program.communicate()
    assert program.returncode == 0, said
    assert "counted again the same; decided again the same decisions" in output
    assert any("sip:sales@127.0.0.1:" in line for line in heard)
    assert any("/try/web (a page with the widget; agents answer)" in line for line in heard)
    assert any("/desk (sign in as you, password lotus; then choose Ready)" in line for line in heard)


@pytest.mark.slow
def test_ctrl_c_before_anybody_is_at_work_ends_it_as_cleanly(tmp_path: Path) -> None:
    program = demo("--json", "--data", str(tmp_path))
    while not (tmp_path / "log").exists():
        assert program.poll() is None
    program.send_signal(signal.SIGINT)
    output, said = program.communicate()
    assert (program.returncode, "Traceback" in said) == (0, False), said
    assert json.loads(output)["balanced"]


def test_it_moves_away_from_ports_that_are_taken() -> None:
    config = load_config(CENTRE)
    port = free_port()
    with socket.create_server((HOST, port)):
        found = choose_addresses(config, port, port, port)
    assert port not in (found.http_port, found.sip_port, found.chat_port)
    assert found.moved == (
        f"port {port} is taken, so HTTP listens at {found.http_port}",
        f"port {port} is taken, so SIP listens at {found.sip_port}",
        f"port {port} is taken, so web chat listens at {found.chat_port}",
    )
    assert choose_addresses(config, port, port, 0).moved == ()
