"""CloudEvents 1.0 in, purely: structured, batched and binary events become the same facts as native bodies.

`type` names the fact, as `contact_arrived` or `io.trunkline.contact_arrived.v1`; `data` holds its fields. `source` and
`id` together name it for good, `time` says when it happened, `subject` is its contact where `data` names none.
Extensions are let be.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import unquote

import msgspec

from engine.messages.decoding import JSON, Fault, Malformed, TooMany, build_fact, decode_as, fault_of, is_text, reading
from engine.messages.observed import INTEGER_MAX, Observed

STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"
PREFIX: Final = "io.trunkline."
ID_MAX: Final = 128
FAULTS_MAX: Final = 100
_VERSION: Final = re.compile(r"\.v1$")
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_HEADERS: Final = ("specversion", "id", "source", "type", "subject", "time")
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class CloudEvent(msgspec.Struct, frozen=True):
    """One event in the JSON format of CloudEvents 1.0."""

    specversion: Annotated[str, msgspec.Meta(pattern=r"^1\.")]
    id: Text
    source: Text
    type: Text
    subject: str = ""
    time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    datacontenttype: str = JSON
    data: dict[str, Any] = {}
    data_base64: str = ""


def is_cloud_event(content_type: str, headers: Mapping[str, str]) -> bool:
    """Whether a request carries CloudEvents rather than native facts."""
    return content_type in (STRUCTURED, BATCHED) or "ce-specversion" in headers


@reading()
def decode_cloud_events(
    body: bytes, content_type: str, headers: Mapping[str, str], batch_limit: int
) -> tuple[list[Observed], bool]:
    """Return the facts of a request, and whether it was a batch. Raises Malformed."""
    if content_type == BATCHED:
        events: list[CloudEvent] = decode_as(body, JSON, list[CloudEvent])
        if not events:
            raise Malformed([Fault("the batch is empty; send at least one event")])
        if len(events) > batch_limit:
            raise TooMany([Fault(f"the batch has {len(events)} events; at most {batch_limit} are possible")])
        return _facts(events), True
    if content_type == STRUCTURED:
        return [_fact(decode_as(body, JSON, CloudEvent), "")], False
    return [_fact(_of_headers(body, content_type, headers), "", in_headers=True)], False


def _of_headers(body: bytes, content_type: str, headers: Mapping[str, str]) -> CloudEvent:
    if content_type != JSON:
        raise Malformed([Fault(f"the data of an event in headers must be {JSON}, not {content_type[:80]!r}")])
    fields: dict[str, Any] = {name: unquote(headers[f"ce-{name}"]) for name in _HEADERS if f"ce-{name}" in headers}
    faults = [Fault(f"header ce-{name}: the text is not UTF-8") for name, text in fields.items() if not is_text(text)]
    if faults:
        raise Malformed(faults)
    fields["data"] = decode_as(body, JSON, dict[str, Any])
    try:
        return msgspec.convert(fields, CloudEvent)
    except msgspec.ValidationError as error:
        fault = fault_of(error)
        raise Malformed([Fault(f"header ce-{fault.pointer.lstrip('/')}: {fault.detail}")]) from None


def _facts(events: list[CloudEvent]) -> list[Observed]:
    found: list[Observed] = []
    faults: list[Fault] = []
    for place, event in enumerate(events):
        try:
            found.append(_fact(event, f"/{place}"))
        except Malformed as malformed:
            faults += malformed.faults
    if faults:
        raise Malformed(faults[:FAULTS_MAX])
    return found


def _fact(event: CloudEvent, base: str, *, in_headers: bool = False) -> Observed:
    if event.data_base64 or event.datacontenttype.partition(";")[0].strip() != JSON:
        raise Malformed([Fault(f"the data must be {JSON}, in 'data'", f"{base}/data")])
    fields = {"contact": event.subject, **event.data} if event.subject else dict(event.data)
    fields["type"] = _VERSION.sub("", event.type.removeprefix(PREFIX))
    fields["id"] = _name(event)
    if event.time is not None:
        since = event.time - _EPOCH
        at_ns = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
        if not 0 <= at_ns <= INTEGER_MAX:
            raise Malformed([Fault("the time is not between 1970-01-01 and 2262-04-11 (UTC)", f"{base}/time")])
        fields["at_ns"] = at_ns
    try:
        return build_fact(fields)
    except Malformed as malformed:
        inside = "" if in_headers else f"{base}/data"
        own = {"/type": f"{base}/type", "/id": f"{base}/id", "/at_ns": f"{base}/time"}
        faults = [Fault(fault.detail, own.get(fault.pointer, inside + fault.pointer)) for fault in malformed.faults]
        raise Malformed(faults) from None


def _name(event: CloudEvent) -> str:
    """Name an event among all of one sender: by source and id, or by their digest where that is too long."""
    name = f"{event.source} {event.id}"
    return name if len(name) <= ID_MAX else hashlib.sha256(name.encode()).hexdigest()
