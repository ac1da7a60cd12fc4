"""What the file of registrations gives back, and what it does not."""

import asyncio
import threading
from pathlib import Path

import pytest

from adapters.sip.protocol import Hop
from adapters.sip.registration.binding_cache import FILE, BindingCache
from adapters.sip.registration.bindings import Binding, Bindings
from tests.sip.conftest import OpenExchange
from tests.sip.support import centre

SECOND_NS = 1_000_000_000
UDP = Hop("udp", "192.0.2.7", 5060)


class Clocks:
    """A monotonic clock that begins anew with each process, and one on the wall."""

    def __init__(self) -> None:
        self.monotonic_ns = 5 * SECOND_NS
        self.wall_ns = 1_000_000 * SECOND_NS

    def cache(self, folder: Path | None, bindings: Bindings) -> BindingCache:
        """A cache that reads these clocks."""
        return BindingCache(folder, bindings, lambda: self.monotonic_ns, lambda: self.wall_ns)


def bindings(clocks: Clocks) -> Bindings:
    """Two registrations of an agent, of a minute and of ten."""
    made, held = Bindings(4, lambda agent, reachable: None), []
    for number, seconds in ((1, 60), (2, 600)):
        uri = f"sip:ann@192.0.2.{number}"
        held.append(Binding(uri, UDP, clocks.monotonic_ns + seconds * SECOND_NS, 1.0, "c", 7, ("<sip:edge;lr>",)))
    made.replace("ann", held)
    return made


async def test_what_holds_still_comes_back_with_the_time_that_is_left(tmp_path: Path) -> None:
    clocks = Clocks()
    held = bindings(clocks)
    before = clocks.cache(tmp_path / "sip", held)
    before.touch()
    await before.close()
    assert (tmp_path / "sip" / FILE).stat().st_mode & 0o077 == 0
    clocks.monotonic_ns, clocks.wall_ns = 1 * SECOND_NS, clocks.wall_ns + 100 * SECOND_NS
    found = clocks.cache(tmp_path / "sip", Bindings(4, lambda agent, reachable: None)).load(3600 * SECOND_NS)
    assert [(agent, binding.uri) for agent, binding in found] == [("ann", "sip:ann@192.0.2.2")]
    assert found[0][1].expires_ns == (1 + 500) * SECOND_NS
    assert (found[0][1].path, found[0][1].cseq, found[0][1].flow) == (("<sip:edge;lr>",), 7, UDP)
    clocks.wall_ns -= 86_400 * SECOND_NS  # a wall clock that was set back keeps nothing alive for longer than allowed
    assert {binding.expires_ns for _, binding in clocks.cache(tmp_path / "sip", held).load(60 * SECOND_NS)} == {
        61 * SECOND_NS
    }


async def test_a_file_that_cannot_be_read_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(b"\x93\x01")
    cache = Clocks().cache(tmp_path, bindings(Clocks()))
    assert cache.load(SECOND_NS) == []
    assert (cache.failed, "passed over" in caplog.text) == (1, True)


async def test_a_registration_that_leads_nowhere_keeps_nobody_from_starting(
    open_exchange: OpenExchange, tmp_path: Path
) -> None:
    clocks = Clocks()
    held = Bindings(4, lambda agent, reachable: None)
    for agent, uri in (("ann", "sip:ann@192.0.2.1"), ("eve", "nowhere at all")):
        held._by_agent[agent] = [Binding(uri, UDP, clocks.monotonic_ns + 600 * SECOND_NS, 1.0, "c", 7)]
    kept = clocks.cache(tmp_path, held)
    kept.touch()
    await kept.close()
    agents = [f"{{name: {name}, phone: {{address: 'sip:{name}@h', password: secret}}}}" for name in ("ann", "eve")]
    registrar = (await open_exchange(centre(agents=agents))).sip.core.registrar
    registrar.cache = clocks.cache(tmp_path, registrar.bindings)
    registrar.start()
    assert [agent for agent, _ in registrar.bindings.all()] == ["ann"]
    assert registrar.cache.failed == 1


async def test_a_folder_that_cannot_be_written_is_counted(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Clocks().cache(tmp_path / "file", bindings(Clocks()))
    cache.touch()
    await cache.close()
    assert cache.failed == 1


async def test_nothing_is_kept_without_a_folder() -> None:
    cache = Clocks().cache(None, bindings(Clocks()))
    cache.touch()
    await cache.close()
    assert (cache.load(SECOND_NS), cache.failed) == ([], 0)


async def test_octets_that_cannot_be_kept_cost_one_registration_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clocks = Clocks()
    held = bindings(clocks)
    bad = Binding("sip:eve@192.0.2.3", UDP, 600 * SECOND_NS, 1.0, "c", 7, ("<sip:edge\udcff;lr>",))
    held.replace("eve", [bad])
    cache = clocks.cache(tmp_path, held)
    cache.touch()
    await cache.close()
    assert (cache.failed, "agent eve" in caplog.text) == (1, True)
    assert {agent for agent, _ in cache.load(3600 * SECOND_NS)} == {"ann"}


async def test_what_changes_while_the_file_is_written_is_kept_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks()
    held = bindings(clocks)
    cache = clocks.cache(tmp_path, held)
    begun, may_go_on, write = threading.Event(), threading.Event(), cache._write

    def slow(octets: bytes) -> None:
        begun.set()
        may_go_on.wait(30)
        write(octets)

    monkeypatch.setattr(cache, "_write", slow)
    cache._begin()
    assert await asyncio.to_thread(begun.wait, 30)
    held.replace("eve", [Binding("sip:eve@192.0.2.3", UDP, 600 * SECOND_NS, 1.0, "c", 7)])
    cache.touch()
    may_go_on.set()
    await cache.close()
    assert {agent for agent, _ in cache.load(3600 * SECOND_NS)} == {"ann", "eve"}
