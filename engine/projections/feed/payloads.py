"""What payloads of recorded rows say, as far as events tell it."""

from typing import Any, Final

import msgspec

from engine.messages import kinds
from engine.model.directory import decode_loading
from engine.projections.feed.remarks import remark_in
from engine.projections.feed.transcripts import line_of, message_payload

Data = dict[str, Any]


class Order(msgspec.Struct, omit_defaults=True):
    """What the payload of an order may say."""

    by: str = ""
    reason: str = ""
    note: str = ""
    alert: str = ""
    since_ns: int = 0


_ORDER: Final = msgspec.msgpack.Decoder(Order)


class PlanOrder(msgspec.Struct):
    """What the payload says of an order about a continuity plan, beside its row."""

    plan: str
    by: str = ""
    reason: str = ""


_PLAN_ORDER: Final = msgspec.msgpack.Decoder(PlanOrder)


def who_and_why(row: Any, payload: memoryview) -> Data:
    """Who ordered what this row tells and why, as far as it was said."""
    start, size = int(row["payload_offset"]), int(row["payload_size"])
    if not size:
        return {}
    found: Data = msgspec.to_builtins(_ORDER.decode(payload[start : start + size]))
    return found


def ordered_plan(row: Any, payload: memoryview) -> Data:
    """Which continuity plan an order is about, who gave it and why."""
    start, size = int(row["payload_offset"]), int(row["payload_size"])
    found: Data = msgspec.to_builtins(_PLAN_ORDER.decode(payload[start : start + size]))
    return found


class NewNames(msgspec.Struct):
    """What the payload says of a row that loads no configuration, but gives names that facts brought."""

    sources: tuple[tuple[str, str], ...] = ()
    """(source, adapter that speaks for it)."""
    reasons: tuple[str, ...] = ()


_NEW_NAMES: Final = msgspec.msgpack.Decoder(NewNames)
_NAMES_ONLY: Final = 1
"""Of a CONFIGURATION_LOADED's `a`: it gives names and no configuration."""


def loaded_in(row: Any, payload: memoryview) -> Data:
    """Which file a configuration was read from and how many settings it changed, nothing in a log of old; or the names
    that came with facts; or up to where adapters that came up were told everything."""
    start, size = int(row["payload_offset"]), int(row["payload_size"])
    if not size:
        return {}
    if int(row["a"]) == _NAMES_ONLY:
        names = _NEW_NAMES.decode(payload[start : start + size])
        said: Data = {"sources": [source for source, _ in names.sources], "reasons": list(names.reasons)}
        return {name: what for name, what in said.items() if what} or {"told_seq": int(row["b"])}
    loading = decode_loading(payload[start : start + size])
    return {"digest": loading.digest, "settings": loading.settings} if loading.digest else {}


def said_in(row: Any, payload: memoryview) -> Data:
    """What a message says, and which side."""
    line = line_of(0, row, payload)
    said = message_payload(line.payload)
    found: Data = {"by": kinds.BY_NAMES.get(line.by, line.by), "text": said.text}
    if said.attachment is not None:
        found["attachment"] = msgspec.to_builtins(said.attachment)
    return found


def remarked_in(row: Any, payload: memoryview) -> Data:
    """What a note or a classification says."""
    said = remark_in(row, payload)
    return {"text": said.text} if int(row["kind"]) == kinds.NOTE_WRITTEN else {"code": said.code, "fields": said.fields}
