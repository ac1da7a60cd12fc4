"""Whatever is sent, in whatever form: it is answered with what is wrong with it, or the engine takes it in."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args

import msgpack
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.http.requests.cloud_events import STRUCTURED, decode_cloud_events
from adapters.http.requests.translate import unreadable
from adapters.mqtt.translate import form_of, result_of, unread
from engine.messages.decoding import FAULTS_MAX, JSON, MSGPACK, Fault, Malformed, decode_facts
from engine.messages.observed import ContactArrived, Observed
from engine.projections.views import Views
from tests.driver_support import house
from tests.ingest.test_unwritable import RIGHT

BATCH = 100
FIRST, LAST = datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-12-31T23:59:59")
INTEGERS = [0, 1, -1, 7, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 2**70, 10**400]
integers = st.sampled_from(INTEGERS) | st.integers()
texts = st.text(st.characters(), max_size=80) | st.sampled_from(["\ud800", "\udcff", "\0", "a" * 2000, "c", "sales"])
values = st.recursive(
    st.none() | st.booleans() | integers | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """A fact with fields that are right, and up to two that are anything."""
    shape = draw(st.sampled_from(get_args(Observed)))
    fields = {name: value for name, value in RIGHT.items() if name in shape.__struct_fields__}
    fields = {name: "x" if isinstance(value, bytes) else value for name, value in fields.items()}
    for _ in range(draw(st.integers(0, 2))):
        field = draw(st.sampled_from(shape.__struct_fields__))
        by_type = integers if "int" in str(shape.__annotations__.get(field, "int")) else texts
        fields[field] = draw(by_type | values)
    return {"type": str(shape.__struct_config__.tag), **fields}


zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(timezones=zones) | st.sampled_from([time.replace(tzinfo=UTC) for time in (FIRST, LAST)])


def answered(
    views: Views, taken: list[Observed], body: bytes, form: str, headers: dict[str, str] | None = None
) -> None:
    """Keep the facts of a body, or see to it that what is wrong with it can be told."""
    try:
        if headers is not None:
            found = decode_cloud_events(body, form, headers, 10)[0]
        else:
            found = decode_facts(body, form_of(body, form), 10)[0]
        taken += found
    except Malformed as malformed:
        tell(malformed, views.faults_of(malformed, FAULTS_MAX))


def tell(malformed: Malformed, faults: list[Fault]) -> None:
    """Say by HTTP and by MQTT what is wrong."""
    assert faults
    assert all(fault.detail for fault in faults)
    assert unreadable(malformed, faults).body("/", "1")
    assert msgspec.json.encode(unread("", faults))


def messagepack(fact: Any) -> bytes | None:
    """The fact as MessagePack, surrogates as the bytes that some make of them; None if a number is too large."""
    try:
        return bytes(msgpack.packb(fact, unicode_errors="surrogatepass"))
    except OverflowError:
        return None


def in_headers(fact: dict[str, Any], time: str) -> dict[str, str]:
    """A CloudEvent's headers for a fact."""
    named = {"ce-specversion": "1.0", "ce-source": "s", "ce-type": fact["type"], "ce-time": time}
    return {**named, "ce-id": str(fact.get("id") or 1), "ce-subject": str(fact.get("contact", ""))}


async def test_every_fact_is_taken_or_answered(tmp_path: Path) -> None:
    async with house(tmp_path) as opened:
        await opened.tell(ContactArrived(contact="c", queue="sales"))
        taken = gathered(opened.engine.views)
        for start in range(0, len(taken), BATCH):
            batch = taken[start : start + BATCH]
            receipts = await opened.submit(*batch)
            assert msgspec.json.encode(result_of("", batch, receipts, True))
        assert opened.faults == []
        await opened.settle()
        last_seq = opened.state.seq
        assert (await opened.reopen(opened.capacity)).state.seq > last_seq


def gathered(views: Views) -> list[Observed]:
    """Return what can be read of many facts in every form."""
    taken: list[Observed] = []

    @settings(max_examples=600, deadline=None, database=None)
    @given(facts(), times)
    def gather(fact: dict[str, Any], when: datetime) -> None:
        time = when.isoformat()
        data = {name: value for name, value in fact.items() if name not in ("type", "id", "at_ns")}
        event = {"specversion": "1.0", "id": "1", "source": "s", "type": fact["type"], "time": time, "data": data}
        for text in (json.dumps(fact), json.dumps(fact, ensure_ascii=False)):
            answered(views, taken, text.encode("utf-8", "surrogatepass"), JSON)
        answered(views, taken, json.dumps(event).encode(), STRUCTURED, {})
        answered(views, taken, json.dumps(data).encode(), JSON, in_headers(fact, time))
        packed = messagepack(fact)
        if packed is not None:
            answered(views, taken, packed, MSGPACK)

    gather()
    assert len(taken) > BATCH
    return taken


def test_instants_of_other_clocks_are_taken_and_those_of_no_row_are_not() -> None:
    def at(time: str) -> Any:
        event = {"specversion": "1.0", "id": "1", "source": "s", "type": "queue_opened", "time": time}
        body = json.dumps({**event, "data": {"queue": "q"}}).encode()
        try:
            return decode_cloud_events(body, STRUCTURED, {}, 1)[0][0].at_ns
        except Malformed as malformed:
            return [(fault.pointer, fault.detail) for fault in malformed.faults]

    assert at("1970-01-01T00:00:00Z") == 0
    assert at("2262-04-11T00:00:00Z") == int(datetime(2262, 4, 11, tzinfo=UTC).timestamp()) * 10**9
    wrong = [("/time", "the time is not between 1970-01-01 and 2262-04-11 (UTC)")]
    for time in ("0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "3000-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"):
        assert at(time) == wrong
