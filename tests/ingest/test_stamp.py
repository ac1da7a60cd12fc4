"""Rows packed in place must be exactly the rows that numpy would have written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingest.stamp import RowBuffer
from engine.messages.kinds import CONTACT_ARRIVED, CONTACT_RELEASED
from engine.messages.row_fields import fields_of
from engine.messages.rows import ROW, empty_rows

I32 = st.integers(-(2**31), 2**31 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)


@given(
    at_ns=st.integers(0, 2**62),
    kind=st.integers(1, 65_535),
    flags=st.integers(0, 65_535),
    source=st.integers(0, 2**32 - 1),
    dedupe=st.integers(0, 2**64 - 1),
    agent=I32,
    queue=I32,
    contact=I32,
    a=I64,
    b=I64,
    payload=st.binary(max_size=40),
)
def test_a_packed_row_has_every_field_in_its_place(
    at_ns: int,
    kind: int,
    flags: int,
    source: int,
    dedupe: int,
    agent: int,
    queue: int,
    contact: int,
    a: int,
    b: int,
    payload: bytes,
) -> None:
    buffer = RowBuffer(2, 1000)
    buffer.begin(at_ns)
    buffer.put(CONTACT_RELEASED)
    place = buffer.put(
        kind,
        flags=flags,
        source=source,
        dedupe=dedupe,
        agent=agent,
        queue=queue,
        contact=contact,
        a=a,
        b=b,
        payload=payload,
    )
    expected = empty_rows(1)
    expected[0] = (at_ns, kind, flags, source, dedupe, agent, queue, contact, 0, a, b, 0, len(payload))
    assert place == 1
    assert np.asarray(buffer.rows[1:]).tobytes() == np.asarray(expected).tobytes()
    assert fields_of(expected)[0]._asdict() == {name: int(expected[name][0]) for name in ROW.names or ()}


def test_begin_forgets_the_turn_before() -> None:
    buffer = RowBuffer(4, 1000)
    buffer.begin(1)
    buffer.put(CONTACT_ARRIVED, payload=b"abc")
    buffer.begin(2)
    assert len(buffer.rows) == 0
    assert buffer.payload_of_first(0) == b""


def test_room_is_counted_in_rows_and_bytes() -> None:
    buffer = RowBuffer(2, 10)
    buffer.begin(1)
    buffer.put(CONTACT_ARRIVED, payload=b"12345")

    def fits(rows: int, payload_bytes: int) -> bool:
        rows_max, bytes_max = buffer.full_beyond(rows, payload_bytes)
        return buffer.count <= rows_max and len(buffer.payload) <= bytes_max

    assert fits(1, 5)
    assert not fits(1, 6)
    assert not fits(2, 0)


@pytest.mark.parametrize("consumed", [1, 2, 3, 4])
def test_rows_split_over_two_frames_keep_their_payloads(consumed: int) -> None:
    payloads = [b"first", b"", b"third!", b"4"]
    buffer = RowBuffer(8, 1000)
    buffer.begin(7)
    for number, payload in enumerate(payloads):
        buffer.put(CONTACT_ARRIVED, a=number, payload=payload)
    first, first_payload = buffer.rows[:consumed].copy(), buffer.payload_of_first(consumed)
    buffer.drop_first(consumed)
    rest, rest_payload = buffer.rows.copy(), buffer.payload_of_first(buffer.count)
    found = [
        (int(row["a"]), area[int(row["payload_offset"]) :][: int(row["payload_size"])])
        for rows, area in ((first, first_payload), (rest, rest_payload))
        for row in rows
    ]
    assert found == list(enumerate(payloads))
    assert len(first_payload) + len(rest_payload) == sum(len(payload) for payload in payloads)
