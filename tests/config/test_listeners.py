"""Adapters that would listen at one place: found by the file, before one of them cannot be started."""

from pathlib import Path

import pytest

from engine.config import load_config
from engine.errors import ConfigError

TLS = "{certificate_file: c.pem, key_file: k.pem%s}"


def faults(folder: Path, sections: str) -> list[str]:
    """The faults of a file with these adapters, by line and column."""
    for name in ("c.pem", "k.pem"):
        (folder / name).touch()
    file = folder / "centre.yaml"
    file.write_text(f"queues: {{q: {{channel: chat}}}}\nadapters:\n{sections}", encoding="utf-8")
    try:
        load_config(file, {})
    except ConfigError as error:
        return [line.removeprefix(f"{file}:") for line in error.faults]
    return []


def test_two_adapters_at_one_place_are_a_fault_at_the_second(tmp_path: Path) -> None:
    assert faults(tmp_path, "  http: {port: 8090}\n  webchat: {port: 8090, inboxes: {web: {queue: q}}}\n") == [
        "4:19: TCP port 8090 of 127.0.0.1 is that of adapters.http (line 3) already; give one of the two another 'port'"
    ]


def test_a_port_that_is_not_said_counts_as_well(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "  webchat: {port: 8080, inboxes: {web: {queue: q}}}\n  http: {}\n")
    assert fault.startswith("4:9: TCP port 8080 of 127.0.0.1 is that of adapters.webchat (line 3) already; ")


def test_it_is_told_beside_other_faults_of_the_sections(tmp_path: Path) -> None:
    said = faults(
        tmp_path, "  http: {port: 8090, streams: many}\n  webchat: {port: 8090, inboxes: {web: {queue: r}}}\n"
    )
    assert [fault.partition(" ")[0] for fault in said] == ["3:31:", "4:19:", "4:48:"]
    assert len(faults(tmp_path, "  http: {port: many}\n  webchat: {port: 8080, inboxes: {web: {queue: q}}}\n")) == 1


def test_calls_over_tls_need_a_port_of_their_own(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, f"  sip: {{port: 5060, tls: {TLS % ', port: 5060'}}}\n")
    assert "TCP port 5060 of 127.0.0.1 is that of adapters.sip (line 3) already" in fault
    assert faults(tmp_path, f"  sip: {{port: 5060, tcp: false, tls: {TLS % ', port: 5060'}}}\n") == []
    assert len(faults(tmp_path, f"  sip: {{tls: {TLS % ''}}}\n  http: {{port: 5061}}\n")) == 1


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ("127.0.0.1", "127.0.0.2", False),
        ("127.0.0.1", "0.0.0.0", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("::1", "0:0:0:0:0:0:0:1", True),
        ("::1", "::", True),
        ("127.0.0.1", "::", False),
        ("localhost", "127.0.0.1", True),
        ("localhost", "::1", False),
        ("Localhost", "127.0.0.1", True),
        ("localhost", "127.0.0.2", False),
        ("", "192.0.2.1", True),
        ("chat.example", "Chat.Example", True),
        ("chat.example", "127.0.0.1", False),
    ],
)
def test_which_hosts_are_one_place(tmp_path: Path, one: str, other: str, collide: bool) -> None:
    chat = f"  webchat: {{port: 8090, host: '{one}', inboxes: {{web: {{queue: q}}}}}}\n"
    sip = f"  sip: {{port: 8090, host: '{other}', advertise: 192.0.2.1, udp: false}}\n"
    said = faults(tmp_path, chat + sip)
    assert ["TCP port 8090" in fault for fault in said] == [True] * collide


def test_any_free_port_is_one_of_its_own(tmp_path: Path) -> None:
    assert faults(tmp_path, "  http: {port: 0}\n  webchat: {port: 0, inboxes: {web: {queue: q}}}\n") == []
