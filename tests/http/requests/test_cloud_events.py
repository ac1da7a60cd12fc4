"""CloudEvents in, in all three forms; what is wrong with one is pointed at in the sender's own body."""

import json
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.http.requests.cloud_events import BATCHED, STRUCTURED, decode_cloud_events
from engine.messages.decoding import Malformed
from engine.messages.observed import ContactArrived
from tests.http.support import get

EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/pbx/1",
    "type": "io.trunkline.contact_arrived.v1",
    "subject": "c1",
    "time": "2026-03-01T08:00:00.250+01:00",
    "traceparent": "00-x",
    "data": {"queue": "sales", "customer": "+1555"},
}
ARRIVED = ContactArrived(
    id="/pbx/1 e-1", at_ns=1_772_348_400_250_000_000, contact="c1", queue="sales", customer="+1555"
)  # fmt: skip


def decoded(event: Any, content_type: str = STRUCTURED) -> Any:
    """Return the facts of a body."""
    return decode_cloud_events(json.dumps(event).encode(), content_type, {}, 3)[0]


def test_one_event_is_one_fact() -> None:
    assert decoded(EVENT) == [ARRIVED]
    assert decoded({**EVENT, "type": "contact_arrived"}) == [ARRIVED]
    (long,) = decoded({**EVENT, "source": "s" * 200})
    assert len(long.id) == 64
    assert long.id != decoded({**EVENT, "source": "s" * 201})[0].id


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"specversion": "0.3"}, "/1/specversion", "regex"),
        ({"id": ""}, "/1/id", "length >= 1"),
        ({"time": "yesterday"}, "/1/time", "RFC3339"),
        ({"time": "2026-03-01T08:00:00"}, "/1/time", "timezone"),
        ({"type": "com.example.tea_is_ready"}, "/1/type", "Invalid value 'com.example.tea_is_ready'"),
        ({"data": {"queue": 7}}, "/1/data/queue", "Expected `str`, got `int`"),
        ({"data": {}}, "/1/data", "missing required field `queue`"),
        ({"data": "text"}, "/1/data", "Expected `object`"),
        ({"data_base64": "AAAA"}, "/1/data", "must be application/json"),
        ({"datacontenttype": "text/xml"}, "/1/data", "must be application/json"),
    ],
)
def test_what_is_wrong_is_pointed_at(change: dict[str, Any], pointer: str, words: str) -> None:
    with pytest.raises(Malformed) as caught:
        decoded([EVENT, {**EVENT, **change}], BATCHED)
    (fault,) = caught.value.faults
    assert fault.pointer == pointer
    assert words in fault.detail


def test_batches_are_bounded() -> None:
    for events, words in (([], "empty"), ([EVENT] * 4, "at most 3")):
        with pytest.raises(Malformed, match=words):
            decoded(events, BATCHED)


async def test_all_three_forms_are_one_fact(client: ClientSession) -> None:
    binary = {f"ce-{name}": str(value) for name, value in EVENT.items() if name != "data"}
    sent: list[tuple[Any, dict[str, str]]] = [
        (EVENT, {"Content-Type": STRUCTURED}),
        ([EVENT], {"Content-Type": BATCHED + "; charset=utf-8"}),
        (EVENT["data"], {"Content-Type": "application/json", **binary}),
    ]
    seqs = set()
    for place, (body, headers) in enumerate(sent):
        async with client.post("/api/v1/events", data=json.dumps(body), headers=headers) as answer:
            told = await answer.json()
            assert answer.status == 202, told
        assert (told["accepted"], told["duplicates"]) == ((1, 0) if place == 0 else (0, 1))
        seqs.add(told["seq"])
    assert len(seqs) == 1
    assert (await get(client, "/api/v1/contacts/c1"))["contact"]["customer"] == "+1555"
    for headers, words in (
        ({**binary, "ce-id": ""}, "header ce-id"),
        ({**binary, "Content-Type": "text/xml"}, "must be application/json"),
    ):
        async with client.post(
            "/api/v1/events", data=b"{}", headers={"Content-Type": "application/json"} | headers
        ) as no:
            assert no.status == 400
            assert words in (await no.json())["detail"]
