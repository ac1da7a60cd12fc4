"""Facts read back from the log: as they were recorded, without the bounds that a fact from outside must keep."""

from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from engine.messages.observed import CallbackRequested, ContactArrived, Fact, LegRecorded

F = TypeVar("F", bound=Fact)
T = TypeVar("T")
Array = np.ndarray[Any, Any]
_NO_FACTS: Final = b"\x80"
"""The payload of an arrival that says nothing (a simulated one), as a map of MessagePack."""
_ARRAY: Final = b"\xdd"
"""Of MessagePack, before the length of an array."""
_DECODERS: Final[dict[type[Fact], "msgspec.msgpack.Decoder[Fact]"]] = {
    shape: msgspec.msgpack.Decoder(shape) for shape in (ContactArrived, CallbackRequested, LegRecorded)
}


def read_recorded(payload: bytes | memoryview, shape: type[F]) -> F:
    """Return the fact that a row's payload holds.

    What is in the log happened: a bound that is narrower today, or that its writer never checked, must not keep an
    engine from starting. Raises msgspec.DecodeError for what is no fact at all.
    """
    try:
        fact = _DECODERS[shape].decode(payload)
    except msgspec.ValidationError:
        fields = msgspec.msgpack.decode(payload, type=dict[str, Any])
        return shape(**{name: value for name, value in fields.items() if name in shape.__struct_fields__})
    assert isinstance(fact, shape)
    return fact


def read_each(decoder: "msgspec.msgpack.Decoder[list[T]]", rows: Array, payload: bytes | memoryview) -> list[T]:
    """Return what each row's payload says, all at once: one by one, the way to the decoder costs as much as decoding.

    `payload` is their turn's. Raises msgspec.DecodeError.
    """
    count, starts, sizes = len(rows), rows["payload_offset"].astype(np.int64), rows["payload_size"].astype(np.int64)
    ends = starts + sizes
    if count and sizes.all() and (starts[1:] == ends[:-1]).all():  # one behind the other, as they nearly always lie
        parts = [payload[starts.item(0) : ends.item(-1)]]
    else:
        columns = zip(starts.tolist(), ends.tolist(), strict=True)
        parts = [payload[start:end] if end > start else _NO_FACTS for start, end in columns]
    return decoder.decode(b"".join((_ARRAY, count.to_bytes(4, "big"), *parts)))
