"""Segment headers and names: golden bytes, and every way to refuse one."""

from pathlib import Path

import pytest

from engine.errors import LogDamaged
from engine.log.segment import (
    SegmentHeader,
    decode_header,
    encode_header,
    segment_first_seq,
    segment_name,
)

HEADER = SegmentHeader(
    bytes(range(16)), 9, 1000, 0x1122334455667788, 0x99AABBCCDDEEFF00, 1_700_000_000_000_000_000, 134217728
)
GOLDEN = bytes.fromhex(
    "54524b5345473031 0100 4000 0100 0000 000102030405060708090a0b0c0d0e0f"
    "0900000000000000 e803000000000000 8877665544332211 00ffeeddccbbaa99"
    "00002a36fe9c9717 0000000800000000 2c4ae23be3041680"
).ljust(4096, b"\0")
PATH = Path(segment_name(1000))


def test_golden_bytes() -> None:
    assert encode_header(HEADER) == GOLDEN


def test_round_trip() -> None:
    header = HEADER._replace(size=4096)
    assert decode_header(PATH, memoryview(encode_header(header))) == header


def test_names_sort_as_sequences_and_nothing_else_is_a_segment() -> None:
    assert segment_name(1000) == "00000000000000001000.log"
    assert segment_first_seq(segment_name(2**63)) == 2**63
    for name in ("lock", "floor", "spare-1", "spare-1.tmp", "1.log", "00000000000000001000", "snapshot-1.trk"):
        assert segment_first_seq(name) is None


def test_refusals_say_what_and_where() -> None:
    with pytest.raises(LogDamaged, match="cut short: 4096 of 134217728"):
        decode_header(PATH, memoryview(GOLDEN))
    with pytest.raises(LogDamaged, match="cut short"):
        decode_header(PATH, memoryview(GOLDEN[:4000]))
    with pytest.raises(LogDamaged, match="checksum"):
        decode_header(PATH, memoryview(bytes(4096)))
    with pytest.raises(LogDamaged, match="begins at 1000") as caught:
        decode_header(Path(segment_name(5)), memoryview(GOLDEN))
    assert caught.value.seq == 5
