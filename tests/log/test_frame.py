"""Frames: golden bytes, round trips, and what is not a frame."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.log.frame import RAW_ROW, frame_bytes, read_frame, read_header, row_bytes, seal

GOLDEN_SEED = 0x0123456789ABCDEF
GOLDEN = bytes.fromhex(
    "544b4631 c0000000 192e79b25745e9d1"  # magic, size, checksum
    "0700000000000000 0500000000000000 1032547698badcfe 15cd853dfe9c9717"  # first_seq, durable_seq, chain, at_ns
    "01000000 05000000 03000000 0200 0000"  # rows, payload bytes, epoch, schema, flags
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
    "68656c6c6f" + "00" * 59
)


def build(rows: bytes, payload: bytes, seed: int, first_seq: int = 7) -> bytearray:
    buffer = bytearray(frame_bytes(len(rows) // 64, len(payload)))
    buffer[64 : 64 + len(rows)] = rows
    buffer[64 + len(rows) : 64 + len(rows) + len(payload)] = payload
    seal(
        buffer,
        0,
        seed=seed,
        first_seq=first_seq,
        durable_seq=5,
        prev_checksum=0xFEDCBA9876543210,
        at_ns=1_700_000_000_123_456_789,
        row_count=len(rows) // 64,
        payload_size=len(payload),
        epoch=3,
        schema=2,
    )
    return buffer


def test_golden_bytes() -> None:
    assert build(bytes(range(64)), b"hello", GOLDEN_SEED) == GOLDEN
    header = read_header(memoryview(GOLDEN), 0, GOLDEN_SEED)
    assert header is not None
    assert (header.first_seq, header.durable_seq, header.next_seq) == (7, 5, 8)
    assert (header.epoch, header.schema, header.flags) == (3, 2, 0)


def test_every_flipped_bit_of_a_frame_is_noticed() -> None:
    for bit in range(8 * len(GOLDEN)):
        image = bytearray(GOLDEN)
        image[bit // 8] ^= 1 << (bit % 8)
        assert read_header(memoryview(image), 0, GOLDEN_SEED) is None


def test_another_segment_s_frame_is_not_a_frame() -> None:
    assert read_header(memoryview(GOLDEN), 0, GOLDEN_SEED + 1) is None


@pytest.mark.parametrize("size", [0, 1, 63, 64, 128, 191])
def test_a_cut_frame_is_not_a_frame(size: int) -> None:
    assert read_header(memoryview(GOLDEN)[:size], 0, GOLDEN_SEED) is None


@given(
    count=st.integers(1, 20),
    payload=st.binary(max_size=300),
    seed=st.integers(0, 2**64 - 1),
    first_seq=st.integers(1, 2**63),
    start=st.integers(0, 3),
)
def test_round_trip(count: int, payload: bytes, seed: int, first_seq: int, start: int) -> None:
    rows = np.random.default_rng(count).bytes(64 * count)
    image = bytes(64 * start) + build(rows, payload, seed, first_seq)
    view = memoryview(image)
    header = read_header(view, 64 * start, seed)
    assert header is not None
    frame = read_frame(view, 64 * start, header, RAW_ROW)
    assert frame.rows.tobytes() == rows
    assert bytes(frame.payload) == payload
    assert (frame.first_seq, frame.last_seq) == (first_seq, first_seq + count - 1)
    assert not frame.rows.flags.writeable
    assert len(image) % 64 == 0


def test_rows_of_any_64_byte_type_are_taken_and_others_refused() -> None:
    typed = np.zeros(3, np.dtype([("at_ns", "i8"), ("rest", "V56")]))
    assert len(row_bytes(typed)) == 192
    assert len(row_bytes(np.zeros((3, 64), np.uint8))) == 192
    assert len(row_bytes(np.zeros((6, 64), np.uint8)[::2])) == 192
    for wrong in (np.zeros(3, np.int64), np.zeros((3, 63), np.uint8)):
        with pytest.raises(ValueError, match="64 bytes each"):
            row_bytes(wrong)
