"""Adapters in a running engine: their links, their effects, their contacts after a restart, and their failures."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.errors import ConfigError
from engine.live.adapters import AdapterFailed, Adapters
from engine.live.recovered import Recovered, open_contacts, record_told
from engine.log.memory import MemoryLog
from engine.messages.effects import AnyEffect
from engine.messages.observed import (
    AgentStatusChanged,
    ContactArrived,
    ContactHeld,
    ContactReleased,
    ContactWithdrawn,
    LegRecorded,
    OfferAnswered,
)
from engine.messages.rows import ROW
from engine.ports import AdapterStatus, AgentEndpoint, EngineLink, OpenContact
from engine.replay.restore import restore
from engine.state import EngineState
from tests.driver_support import House, house, load_centre, types_of

ENDPOINTS = [AgentEndpoint(name="alice", phone="sip:alice@example", queues=("sales",), password="secret")]


class Desk:
    """An adapter that writes down its life."""

    Settings: type = dict
    life: list[str]

    def __init__(self, settings: dict[str, Any], engine: EngineLink) -> None:
        self.name = settings["name"]
        self.life = settings["life"]
        self.fails = settings.get("fails", "")
        self.engine: Any = engine
        self.contacts: Sequence[OpenContact] = ()
        self.effects: list[AnyEffect] = []
        self.effects_at_start = -1

    async def start(self, contacts: Sequence[OpenContact]) -> None:
        if self.fails == "start":
            raise OSError("address in use")
        self.contacts = contacts
        await self.engine.submit(self.name, [AgentStatusChanged(agent="alice", status="available")])
        self.effects_at_start = len(self.effects)
        self.life.append(f"start {self.name}")

    def act(self, effect: AnyEffect) -> None:
        self.effects.append(effect)

    def status(self) -> AdapterStatus:
        return AdapterStatus(self.name, True, True, "", {})

    async def stop(self) -> None:
        if self.fails == "stop":
            raise OSError("hangs")
        self.life.append(f"stop {self.name}")


def hosted(h: House, *names: str, fails: dict[str, str] | None = None) -> tuple[Adapters, dict[str, Desk], list[str]]:
    made: dict[str, Desk] = {}
    life: list[str] = []

    def find(name: str) -> Callable[[Any, Any], Desk]:
        def make(settings: Any, link: Any) -> Desk:
            made[name] = Desk(settings, link)
            return made[name]

        return make

    sections = {name: {"name": name, "life": life, "fails": (fails or {}).get(name, "")} for name in names}
    return Adapters(h.engine, sections, ENDPOINTS, find), made, life


async def test_effects_go_to_the_adapter_whatever_source_it_speaks_for(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        adapters, made, _ = hosted(h, "one", "two")
        await adapters.start()
        assert made["one"].engine.endpoints == tuple(ENDPOINTS)
        await made["one"].engine.submit("one:tenant 7", [ContactArrived(contact="c", queue="sales")])
        await made["two"].engine.submit("two", [OfferAnswered(contact="c", agent="alice")])
        await h.settle()
        assert list(types_of(made["one"].effects)) == ["OfferContact", "ConnectContact"]
        assert made["two"].effects == []
        assert [status.name for status in adapters.status()] == ["one", "two"]
        await adapters.stop()


class Pliant(Desk):
    """An adapter that can follow other settings, unless those make it fail."""

    def reload(self, settings: dict[str, Any]) -> list[str]:
        if settings["fails"] == "refuse":
            raise ConfigError([f"adapter '{self.name}' does not change its address"])
        if settings["fails"] == "break":
            raise OSError("no such file")
        self.fails = settings["fails"]
        self.life.append(f"reload {self.name}")
        return ["host"] if settings["fails"] == "keep" else []


async def test_a_reload_reaches_those_that_can_follow_and_names_the_others(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        life: list[str] = []
        sections = {name: {"name": name, "life": life, "fails": ""} for name in ("stiff", "pliant", "same")}
        classes = {"stiff": Desk, "pliant": Pliant, "same": Pliant}
        adapters = Adapters(h.engine, sections, ENDPOINTS, classes.__getitem__)
        await adapters.start()
        assert [status.name for status in adapters._links["stiff"].statuses()] == ["stiff", "pliant", "same"]
        assert adapters._links["stiff"].figures()["facts"] == 3
        life.clear()
        changed = {
            **sections,
            "stiff": {**sections["stiff"], "fails": "x"},
            "pliant": {**sections["pliant"], "fails": "x"},
        }
        stays = "adapters.stiff is followed only by a restart"
        waiting = ["adapters.new is started only by a restart", stays]
        assert adapters.reload({**changed, "new": {}}, ENDPOINTS) == (waiting, ["pliant"])
        assert life == ["reload pliant"]
        assert adapters.reload(changed, []) == ([stays], [])
        assert life == ["reload pliant", "reload pliant", "reload same"]
        assert adapters._links["stiff"].endpoints == ()
        gone = {name: section for name, section in changed.items() if name != "stiff"}
        assert adapters.reload(gone, []) == (["adapters.stiff is stopped only by a restart"], [])
        await adapters.stop()


async def test_phones_that_an_adapter_failed_to_follow_are_brought_to_it_again(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        life: list[str] = []
        section = {"name": "one", "life": life, "fails": ""}
        adapters = Adapters(h.engine, {"one": section}, ENDPOINTS, lambda _name: Pliant)
        await adapters.start()
        life.clear()
        section["fails"] = "break"
        failed = ["adapter 'one' failed to follow its settings: OSError: no such file"]
        assert adapters.reload({"one": section}, []).faults == failed
        section["fails"] = ""
        assert adapters.reload({"one": section}, []) == ([], [])
        assert life == ["reload one"], "its settings are the same; how agents are reached was not followed"
        assert adapters.reload({"one": section}, []) == ([], [])
        assert life == ["reload one"]
        await adapters.stop()


class Line(msgspec.Struct, frozen=True):
    """Settings that say whether their adapter can call."""

    calls_back: bool | None = None
    fails: str = ""


class Caller(Desk):
    """An adapter that follows whether it can call, unless it refuses."""

    def __init__(self, settings: Line, engine: EngineLink) -> None:
        super().__init__({"name": "line", "life": []}, engine)

    def reload(self, settings: Line) -> list[str]:
        if settings.fails == "refuse":
            raise ConfigError(["not that"])
        return ["port"] if settings.fails == "keep" else []


async def test_who_calls_back_is_whoever_can_after_a_reload(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        mute, able, chat = Line(), Line(calls_back=True), Line(calls_back=False)
        outbox = h.engine.outbox
        adapters = Adapters(h.engine, {"sip": mute, "chat": chat, "mail": mute}, ENDPOINTS, lambda _name: Caller)
        await adapters.start()
        link = adapters._links["chat"]
        for name in ("chat", "mail"):
            await adapters._links[name].submit(name, [ContactArrived(contact=f"of {name}", queue="sales")])
        assert (outbox.carrier("chat", True), link.rings("of chat"), link.rings("of mail")) == ("chat", False, True)
        assert adapters.reload({"sip": able, "chat": chat, "mail": mute}, ENDPOINTS) == ([], ["sip"])
        assert (outbox.carrier("chat", True), link.rings("of chat")) == ("sip", True)
        refused = Line(calls_back=False, fails="refuse")
        assert adapters.reload({"sip": refused, "chat": chat, "mail": chat}, ENDPOINTS).faults == ["not that"]
        assert (outbox.carrier("chat", True), outbox.carrier("mail", True)) == ("sip", "sip")
        followed = Line(calls_back=False, fails="keep")
        stays = ["adapters.sip.port is followed only by a restart"]
        for _ in range(2):
            assert adapters.reload({"sip": followed, "chat": chat, "mail": chat}, ENDPOINTS).faults == stays
        assert outbox.carrier("chat", True) == "chat", "but for its port it follows"
        adapters.reload({"sip": mute, "chat": chat, "mail": chat}, ENDPOINTS)
        assert (outbox.carrier("chat", True), link.rings("of chat"), link.rings("of mail")) == ("chat", False, False)
        await adapters.stop()


async def test_what_adapters_refuse_of_a_reload_is_said_of_each_and_keeps_no_other(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        life: list[str] = []
        sections = {name: {"name": name, "life": life, "fails": ""} for name in ("one", "two", "three")}
        adapters = Adapters(h.engine, sections, ENDPOINTS, lambda _name: Pliant)
        await adapters.start()
        life.clear()
        fails = {"one": "refuse", "two": "break", "three": "x"}
        changed = {name: {**section, "fails": fails[name]} for name, section in sections.items()}
        refused = [
            "adapter 'one' does not change its address",
            "adapter 'two' failed to follow its settings: OSError: no such file",
        ]
        assert adapters.reload(changed, ENDPOINTS) == (refused, ["three"])
        assert life == ["reload three"]
        assert adapters.reload(changed, ENDPOINTS).faults == refused, (
            "they are asked again: their settings still differ"
        )
        assert life == ["reload three"]
        await adapters.stop()


async def test_adapters_stop_in_reverse_and_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        adapters, _, life = hosted(h, "one", "two", "three", fails={"two": "stop"})
        await adapters.start()
        await adapters.stop()
        assert life == ["start one", "start two", "start three", "stop three", "stop one"]
        await adapters.stop()
        assert len(life) == 5


async def test_one_that_cannot_start_is_named_and_the_others_are_stopped(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        adapters, _, life = hosted(h, "one", "two", fails={"two": "start"})
        with pytest.raises(AdapterFailed, match="adapter 'two' could not be started: address in use"):
            await adapters.start()
        assert life == ["start one", "stop two", "stop one"], "it may have opened something by then"


async def test_after_a_restart_each_adapter_gets_its_contacts_and_orphans_are_released(tmp_path: Path) -> None:
    log = MemoryLog(row_dtype=ROW)

    def the_log(on_durable: Callable[[int], None]) -> MemoryLog:
        log._on_durable = on_durable
        return log

    async with house(tmp_path, log_of=the_log) as h:
        adapters, made, _ = hosted(h, "one", "gone")
        await adapters.start()
        one, gone = made["one"].engine, made["gone"].engine
        await one.submit("one", [ContactArrived(contact="first", queue="sales")])
        await one.submit("one", [OfferAnswered(contact="first", agent="alice"), ContactHeld(contact="first")])
        await one.submit("one", [LegRecorded(contact="first", leg="caller", record=b"1")])
        await one.submit("one", [LegRecorded(contact="first", leg="caller", record=b"2")])
        await gone.submit("gone", [ContactArrived(contact="lost", queue="help")])
        await one.submit("one:x", [ContactArrived(contact="second", queue="help")])
        await h.settle()
        before = open_contacts(h.state)
        await adapters.stop()
    again = await House(h.config, log_of=the_log).open()
    assert open_contacts(again.state) == before
    adapters, made, _ = hosted(again, "one")
    await adapters.start()
    await again.settle()
    assert made["one"].contacts == [
        OpenContact(
            contact="first",
            queue="sales",
            state="held",
            agents=("alice",),
            legs={"caller": b"2"},
            was_connected=True,
        ),
        OpenContact(contact="second", queue="help", state="waiting", agents=(), legs={}),
    ]
    assert {entry.name for entry in again.state.contacts} == {"first", "second"}
    await adapters.stop()
    await again.engine.stop()
    assert again.faults == []


async def test_effects_that_a_crash_swallowed_are_told_at_the_start(tmp_path: Path) -> None:
    log = MemoryLog(row_dtype=ROW)

    def the_log(on_durable: Callable[[int], None]) -> MemoryLog:
        log._on_durable = on_durable
        return log

    h = await House(load_centre(tmp_path), log_of=the_log).open()
    adapters, made, _ = hosted(h, "one", "two")
    await adapters.start()
    one = made["one"].engine
    await one.submit("one", [ContactArrived(contact=name, queue="sales") for name in ("talks", "waits", "again")])
    await one.submit("one", [LegRecorded(contact="talks", leg="caller", record=b"1")])
    await one.submit("one", [OfferAnswered(contact="talks", agent="alice")])
    h.engine.outbox.is_open = False  # from here on the process is as good as dead
    await one.submit(
        "one",
        [
            LegRecorded(contact="talks", leg="alice", record=b"2"),
            ContactReleased(contact="talks", by="agent"),
            ContactWithdrawn(contact="waits"),
            ContactWithdrawn(contact="again"),
            ContactArrived(contact="again", queue="sales"),
            ContactArrived(contact="gone by itself", queue="sales"),
            ContactReleased(contact="gone by itself"),
        ],
    )
    await h.settle()
    again = await House(h.config, log_of=the_log).open()
    adapters, made, _ = hosted(again, "one", "two")
    told_seq = await adapters.start(Recovered(again.state, again.replay.closed))
    await again.settle()
    assert again.engine.figures()["ends_told_again"] == 2
    assert [(found.contact, found.state, found.agents, found.legs) for found in made["one"].contacts] == [
        ("again", "offered", ("alice",), {}),
        ("talks", "connected", ("alice",), {"caller": b"1", "alice": b"2"}),
        ("waits", "waiting", (), {}),
    ]
    # Who hung up is known only where the adapter has heard it; nobody did in the waiting one.
    assert [found.released_by for found in made["one"].contacts] == ["", "agent", ""]
    assert [(type(effect).__name__, effect.contact) for effect in made["one"].effects] == [
        ("EndContact", "talks"),
        ("RefuseContact", "waits"),
    ]
    assert (made["two"].contacts, made["two"].effects) == ([], [])
    # That life took a contact; only what it says itself shows that its adapters were up and have been told.
    await made["one"].engine.submit("one", [ContactArrived(contact="new", queue="help")])
    await again.settle()
    found = restore(log, EngineState(h.capacity)).closed
    assert {closed.entry.name for closed in found} == {"talks", "waits", "gone by itself"}
    record_told(again.engine, told_seq)
    await again.settle()
    third = await House(h.config, log_of=the_log).open()
    assert third.replay.closed == []
    for ended in (third, again, h):
        await ended.engine.stop()


async def test_what_happens_while_adapters_start_reaches_them_afterwards(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        adapters, made, _ = hosted(h, "slow", "late")
        h.engine.outbox.is_open = False
        await h.engine.submit_for("late", "late", [ContactArrived(contact="c", queue="sales")])
        await adapters.start()
        assert made["late"].effects_at_start == 0
        assert "OfferContact" in types_of(made["late"].effects)
        await adapters.stop()
