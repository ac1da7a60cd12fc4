"""The adapter against a real broker: facts in, results, states, events and effects out."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import aiomqtt
import msgpack
import msgspec
import pytest

from adapters.mqtt import connection
from adapters.mqtt.adapter import MqttAdapter
from engine.messages.observed import ContactArrived, ContactReleased, Observed
from tests.certificates import make_certificates
from tests.mqtt.conftest import CENTRE, ROOT, Broker, Build, Connect, House, Peer, until

pytestmark = [pytest.mark.peer, pytest.mark.slow]
IN = f"{ROOT}/in/events"
RESULTS = f"{ROOT}/in/results"


def arrival(number: int, **fields: Any) -> dict[str, Any]:
    return {"type": "contact_arrived", "id": f"a{number}", "contact": f"c{number}", "queue": "sales", **fields}


async def test_facts_by_json_and_messagepack_once_each(house: House, connect: Connect) -> None:
    peer = await connect("pbx", RESULTS)
    await peer.publish(IN, arrival(1))
    first = await peer.latest(RESULTS)
    assert (first["accepted"], first["duplicates"], first["rejected"], first["errors"]) == (1, 0, 0, [])
    seq = first["results"][0]["seq"]
    assert house.engine.views.contacts.find("c1").contact.id == seq
    await peer.publish(IN, msgpack.packb([arrival(1), arrival(2)]))
    second = await peer.latest(RESULTS, lambda found: len(found["results"]) == 2)
    assert second["results"][0] == {"seq": seq, "id": "a1", "duplicate": True}
    assert second["results"][1]["id"] == "a2"
    assert (second["accepted"], second["duplicates"]) == (1, 1)
    await house.counted(received=2, accepted=2, duplicates=1, rejected=0)


async def test_the_answer_goes_where_the_sender_wants_it(house: House, connect: Connect) -> None:
    peer = await connect("pbx", "pbx/answers", f"{RESULTS}/#")
    await peer.publish(f"{IN}/pbx-1", arrival(1), ResponseTopic="pbx/answers", CorrelationData=b"\x00\xff7")
    assert (await peer.latest("pbx/answers"))["source"] == "pbx-1"
    (message,) = peer.on("pbx/answers")
    assert getattr(message.properties, "CorrelationData", None) == b"\x00\xff7"
    assert getattr(message.properties, "ContentType", None) == "application/json"
    await peer.publish(f"{IN}/pbx-1", arrival(2), ResponseTopic=f"{ROOT}/queue/sales/state")
    forged = await peer.latest(f"{RESULTS}/pbx-1")
    assert forged["accepted"] == 1
    assert "response topic is the engine's own" in forged["errors"][0]["detail"]


async def test_ids_belong_to_the_source_that_the_topic_names(house: House, connect: Connect) -> None:
    peer = await connect("pbx", f"{RESULTS}/#")
    await peer.publish(f"{IN}/north", arrival(1))
    await peer.publish(f"{IN}/south", arrival(1, contact="other"))
    await peer.latest(f"{RESULTS}/north")
    assert (await peer.latest(f"{RESULTS}/south"))["accepted"] == 1
    await house.counted(accepted=2, duplicates=0)


async def test_wrong_messages_change_nothing_and_say_what_is_wrong(house: House, connect: Connect) -> None:
    peer = await connect("pbx", f"{RESULTS}/#")
    before = house.engine.views.as_of
    cases: list[tuple[str, Any, dict[str, Any], str, str]] = [
        (IN, b"", {}, "nothing in it", ""),
        (IN, b"{oops", {}, "JSON is malformed", ""),
        (IN, b"x" * (1 << 20) + b"y", {}, "at most 1048576 are possible", ""),
        (IN, [arrival(1), {**arrival(2), "priority": 9}], {}, "Expected `int` <= 7", "/1/priority"),
        (IN, {"type": "nonsense"}, {}, "Invalid value 'nonsense'", "/type"),
        (IN, [], {}, "the array is empty", ""),
        (IN, arrival(1), {"ContentType": "text/html"}, "content type 'text/html'", ""),
        (f"{IN}/a/b", arrival(1), {}, "is not a topic for facts", ""),
        (f"{IN}/", arrival(1), {}, "is not a topic for facts", ""),
        (IN, arrival(1, queue="slaes"), {}, "slaes", "/queue"),
        (IN, [{"type": "offer_answered", "contact": "nobody", "agent": "alice"}], {}, "no open contact", "/0/contact"),
    ]
    for number, (topic, value, properties, detail, pointer) in enumerate(cases, 1):
        await peer.publish(topic, value, **properties)
        await peer.count(RESULTS, number)
        result = peer.values(RESULTS)[-1]
        assert (result["accepted"], result["rejected"], result["seq"]) == (0, 1, 0)
        assert detail in result["errors"][0]["detail"]
        assert result["errors"][0]["pointer"] == pointer
    assert house.engine.views.history.find("c1") is None
    assert house.engine.views.as_of - before <= 2, "only the names of sources were recorded"
    await house.counted(received=len(cases), rejected=len(cases), accepted=0, gaps=0)


async def test_a_retained_fact_is_not_taken(build: Build, broker: Broker, connect: Connect) -> None:
    peer = await connect("pbx", RESULTS)
    await peer.client.publish(IN, json.dumps(arrival(1)).encode(), qos=1, retain=True)
    house = await build()
    await house.wait_up()
    await peer.publish(IN, arrival(2))
    await peer.latest(RESULTS, lambda found: found["results"][0]["id"] == "a2")
    assert house.engine.views.history.find("c1") is None


async def test_states_are_retained_and_follow(house: House, connect: Connect) -> None:
    peer = await connect("wallboard", f"{ROOT}/+/+/state", "trunkline/v1/$status")
    sales, alice = f"{ROOT}/queue/sales/state", f"{ROOT}/agent/alice/state"
    assert (await peer.latest(sales))["waiting"] == 0
    await until(lambda: peer.on("trunkline/v1/$status"), "the status")
    assert [message.payload for message in peer.on("trunkline/v1/$status")] == [b"online"]
    await peer.latest(alice, lambda state: state["state"] == "offline")
    await until(lambda: peer.on(f"{ROOT}/queue/a%2Fb%2Bc%23d/state"), "the queue with wildcards in its name")
    await peer.publish(IN, arrival(1))
    waiting = await peer.latest(sales, lambda state: state["waiting"] == 1)
    assert waiting["as_of"] <= house.engine.views.as_of
    await peer.publish(IN, {"type": "agent_status_changed", "agent": "alice", "status": "available"})
    offered = await peer.latest(alice, lambda state: state["state"] == "offered")
    assert offered["loads"]["voice"] == {"used": 1, "capacity": 1}
    late = await connect("late", sales, alice)
    assert (await late.latest(alice))["state"] == "offered"
    assert all(message.retain for message in late.received)


async def test_states_of_the_gone_are_taken_back(build: Build, broker: Broker, connect: Connect) -> None:
    peer = await connect("wallboard", f"{ROOT}/+/+/state")
    stale = f"{ROOT}/queue/gone/state"
    await peer.client.publish(stale, b'{"waiting":3}', qos=1, retain=True)
    house = await build()
    await house.wait_up()
    await until(lambda: peer.on(stale) and peer.on(stale)[-1].payload == b"", "the state of an earlier run")
    await peer.latest(f"{ROOT}/agent/bob/state")
    (broker.folder / "less.yaml").write_text(CENTRE.replace("  - {name: bob, queues: [sales]}\n", ""))
    from engine.config.load import load_config

    house.engine.configure(load_config(broker.folder / "less.yaml"))
    await until(lambda: peer.on(f"{ROOT}/agent/bob/state")[-1].payload == b"", "the state of bob")
    late = await connect("late", f"{ROOT}/+/+/state")
    await late.latest(f"{ROOT}/queue/sales/state")
    await late.latest(f"{ROOT}/agent/alice/state")
    assert not late.on(stale)
    assert not late.on(f"{ROOT}/agent/bob/state")


async def test_a_bridge_serves_a_contact_by_effects(house: House, connect: Connect) -> None:
    effects = f"{ROOT}/contact/call%2F7/effect"
    peer = await connect("bridge", effects)
    await peer.publish(IN, {"type": "agent_status_changed", "agent": "alice", "status": "available"})
    await peer.publish(IN, arrival(7, contact="call/7"))
    offer = await peer.latest(effects, lambda found: found["type"] == "offer_contact")
    assert (offer["contact"], offer["agent"], offer["queue"]) == ("call/7", "alice", "sales")
    await peer.publish(IN, {"type": "offer_answered", "contact": "call/7", "agent": "alice"})
    connected = await peer.latest(effects, lambda found: found["type"] == "connect_contact")
    assert connected["agent"] == "alice"
    await peer.publish(IN, {"type": "contact_released", "contact": "call/7"})
    ended = await peer.latest(effects, lambda found: found["type"] == "end_contact")
    assert ended["seq"] > connected["seq"] > offer["seq"]
    await house.counted(effects=3, effects_waiting=0, effects_dropped=0)


async def test_events_are_the_log_in_words(house: House, connect: Connect) -> None:
    peer = await connect("reader", f"{ROOT}/event/#")
    after = house.engine.views.as_of
    await peer.publish(IN, arrival(1))
    await peer.publish(IN, {"type": "contact_released", "contact": "c1"})
    await until(lambda: peer.on(f"{ROOT}/event/contact_left"), "the contact left")
    page = house.engine.views.read_events(after, 100, house.adapter.settings.event_types)
    told = [json.loads(message.payload) for message in peer.received]
    assert told == json.loads(msgspec.json.encode(page.events))
    assert [event["type"] for event in told][:2] == ["contact_arrived", "contact_queued"]
    assert all(str(m.topic) == f"{ROOT}/event/{e['type']}" for m, e in zip(peer.received, told, strict=True))


async def test_events_can_be_off(build: Build, broker: Broker, connect: Connect) -> None:
    house = await build("events: false")
    await house.wait_up()
    peer = await connect("reader", f"{ROOT}/event/#", RESULTS)
    await peer.publish(IN, arrival(1))
    await peer.latest(RESULTS)
    await until(lambda: house.counters["events_behind"] == 0, "events are passed over")
    assert [str(message.topic) for message in peer.received] == [RESULTS]


# The library leaves a socket whose handshake failed to the garbage collector, which complains.
@pytest.mark.filterwarnings("ignore:.*ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
async def test_tls_password_and_what_is_said_when_they_are_wrong(stopped_broker: Broker, build: Build) -> None:
    folder = stopped_broker.folder
    make_certificates(folder)
    add_password(folder / "passwords")
    stopped_broker.configure(
        "allow_anonymous false",
        f"password_file {folder}/passwords",
        f"cafile {folder}/ca.pem",
        f"certfile {folder}/server.pem",
        f"keyfile {folder}/server.key",
    )
    stopped_broker.start()
    await stopped_broker.wait_ready()
    (folder / "password").write_text("secret\n")
    tls, password = f"tls: {{ca_file: {folder}/ca.pem}}, username: engine", f"password_file: {folder}/password"
    house = await build(f"{tls}, {password}")
    await house.wait_up()
    assert "MQTT 5" in house.adapter.status().detail
    await house.close()
    for settings, said in (
        (f"{tls}, password: wrong, client_id: x", "Not authorized"),
        (f"tls: true, username: engine, {password}, client_id: y", "certificate verify failed"),
    ):
        refused = await build(settings)
        await refused.told("trying again")
        assert said in refused.adapter.status().detail
        assert not refused.adapter.status().up
        await refused.close()


def add_password(path: Path) -> None:
    """Let the user `engine` in with the password `secret`."""
    path.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(path), "engine", "secret"], check=True)


async def test_nothing_is_acknowledged_before_it_is_durable(build: Build, broker: Broker, connect: Connect) -> None:
    peer = await connect("pbx", RESULTS)
    house = await build(hold=True)
    await house.wait_up()
    await peer.publish(IN, arrival(1))
    await until(lambda: house.engine.views.open_contacts.slot_of("c1") >= 0, "the fact is decided, but not on disk")
    await house.adapters.stop()
    assert house.counters["received"] == 1
    assert peer.received == []
    again = await build()
    result = await peer.latest(RESULTS)
    assert result["accepted"] == 1
    assert again.engine.views.open_contacts.slot_of("c1") >= 0
    await again.counted(received=1, accepted=1, gaps=0)


async def test_what_came_while_the_engine_was_away_is_taken_at_its_start(
    build: Build, broker: Broker, connect: Connect
) -> None:
    first = await build()
    await first.wait_up()
    await first.close()
    peer = await connect("pbx", f"{RESULTS}/#", "trunkline/v1/$status")
    await until(lambda: peer.on("trunkline/v1/$status"), "the status")
    assert peer.received[0].payload == b"offline"
    for number in range(300):
        await peer.publish(IN, arrival(number))
    second = await build()
    await second.counted(received=300, accepted=300, gaps=0)
    await peer.count(RESULTS, 300)
    assert [value["results"][0]["id"] for value in peer.values(RESULTS)] == [f"a{number}" for number in range(300)]


async def test_a_broker_that_forbids_topics_is_counted(stopped_broker: Broker, build: Build, connect: Connect) -> None:
    rules = stopped_broker.folder / "acl"
    rules.write_text(
        f"topic readwrite {ROOT}/in/#\ntopic readwrite {ROOT}/cursor\ntopic readwrite trunkline/v1/$status\n"
    )
    rules.chmod(0o600)
    stopped_broker.configure("allow_anonymous true", f"acl_file {rules}")
    stopped_broker.start()
    await stopped_broker.wait_ready()
    house = await build()
    await house.wait_up()
    await until(lambda: house.counters["refused_by_broker"] >= 4, "states are refused")
    assert house.adapter.status().up


async def test_the_same_in_mqtt_3_1_1(
    build: Build, broker: Broker, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "NEWEST", aiomqtt.ProtocolVersion.V311)
    peer = await connect("pbx", f"{ROOT}/#")
    first = await build()
    await first.wait_up()
    assert "(MQTT 3.1.1)" in first.adapter.status().detail
    await peer.publish(IN, arrival(1), CorrelationData=b"7")
    assert (await peer.latest(RESULTS))["accepted"] == 1
    await peer.latest(f"{ROOT}/queue/sales/state", lambda state: state["waiting"] == 1)
    await peer.count(f"{ROOT}/event/contact_queued", 1)
    await first.close()
    await peer.publish(IN, arrival(2))
    second = await build()
    await second.counted(accepted=1, gaps=0)


class TestBrokerKilled:
    """kill -9, and a new one on the same port."""

    async def test_every_fact_counts_once(self, build: Build, broker: Broker, connect: Connect) -> None:
        broker.persistent = False
        house = await build("retry_limit: 1s")
        await house.wait_up()
        answered: dict[str, int] = {}
        sender = await connect("pbx-0", RESULTS)
        for attempt, count in enumerate((100, 200)):
            await send(sender, count)
            await sender.count(RESULTS, 1)
            broker.kill()
            note(answered, sender)
            await sender.close()
            broker.start()
            await broker.wait_ready()
            await house.reconnected(attempt + 1)
            sender = await connect(f"pbx-{attempt + 1}", RESULTS)
        await house.wait_up()
        missing = [number for number in range(200) if f"a{number}" not in answered]
        for number in missing:
            await sender.publish(IN, arrival(number))
        await until(lambda: len(sender.on(RESULTS)) >= len(missing), "results of all that had none")
        note(answered, sender)
        assert len(answered) == 200
        counters = house.counters
        assert (counters["accepted"], counters["rejected"], counters["reconnects"]) == (200, 0, 2)
        arrivals = house.engine.views.read_events(0, 1000, ["contact_arrived"]).events
        assert {event.contact: event.seq for event in arrivals} == {f"c{k[1:]}": seq for k, seq in answered.items()}
        assert len(arrivals) == 200
        assert counters["gaps"] == 2, "a broker that forgot the session may have lost facts"
        assert len(house.engine.views.read_events(0, 10, ["stream_gapped"]).events) == 2

    async def test_events_and_effects_of_the_meantime_follow(
        self, build: Build, broker: Broker, connect: Connect
    ) -> None:
        house = await build("retry_limit: 1s")
        await house.wait_up()
        reader = await connect("reader", f"{ROOT}/event/#", f"{ROOT}/contact/+/effect", clean=False)
        await until(lambda: house.counters["events_behind"] == 0, "all events are published")
        await broker.save()
        start = house.engine.views.as_of
        broker.kill()
        await until(lambda: not house.adapter.status().up, "the adapter notices")
        assert "trying again in" in house.adapter.status().detail
        await reader.close()
        link = house.adapter._engine
        for number in range(50):
            facts: list[Observed] = [
                ContactArrived(contact=f"m{number}", queue="sales"),
                ContactReleased(contact=f"m{number}"),
            ]
            assert not any(receipt.error for receipt in await link.submit("mqtt", facts))
        await link.submit("mqtt", [ContactArrived(contact="stays", queue="sales")])
        broker.start()
        await broker.wait_ready()
        reader = await connect("reader", clean=False)
        wanted = house.engine.views.read_events(start, 1000, house.adapter.settings.event_types).events
        await until(lambda: len(events_of(reader)) >= len(wanted), "all events")
        assert events_of(reader) == [event.seq for event in wanted]
        effect = await reader.latest(f"{ROOT}/contact/stays/effect")
        assert effect["type"] == "inform_queued"
        counters = house.counters
        assert (counters["dropped"], counters["gaps"], counters["reconnects"]) == (0, 0, 1)


async def send(sender: Peer, count: int) -> None:
    """Publish all of them; repeats those of an earlier call."""
    await asyncio.gather(*(sender.publish(IN, arrival(number)) for number in range(count)))


def note(answered: dict[str, int], sender: Peer) -> None:
    """Keep the sequence of each fact that has a result: it must always be the same."""
    for value in sender.values(RESULTS):
        for result in value["results"]:
            assert answered.setdefault(result["id"], result["seq"]) == result["seq"]


def events_of(reader: Peer) -> list[int]:
    return [json.loads(message.payload)["seq"] for message in reader.received if "/event/" in str(message.topic)]


def test_the_adapter_is_found_by_its_entry_point() -> None:
    from engine.config.adapters import adapter_class

    assert adapter_class("mqtt") is MqttAdapter
