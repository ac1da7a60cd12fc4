"""Facts read back from the log: as they were recorded, without the bounds that a fact from outside must keep."""

from typing import Any, Final, TypeVar

import msgspec

from engine.messages.observed import CallbackRequested, ContactArrived, Fact, LegRecorded

F = TypeVar("F", bound=Fact)
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
