"""Durations and clock times: what people write, and nothing else."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.durations import DAY_MINUTES, format_duration, parse_clock, parse_duration

MS = 1_000_000


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("20s", 20_000),
        ("1m30s", 90_000),
        ("500ms", 500),
        ("8h", 28_800_000),
        ("1.5h", 5_400_000),
        ("1d2h3m4s5ms", 93_784_005),
    ],
)
def test_durations(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds * MS


@pytest.mark.parametrize(
    "text", ["", "20", "s", "20 s", "20x", "30s1m", "1s1s", "-1s", "1e3s", "٣s", "1.s", ".5s", "1s "]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write it as 20s"):
        parse_duration(text)


@given(st.integers(0, 10**9))
def test_a_duration_reads_back_as_it_was_written(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds * MS)) == milliseconds * MS


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_duration(text) >= 0


@given(st.integers(0, DAY_MINUTES))
def test_clock_times(minutes: int) -> None:
    assert parse_clock(f"{minutes // 60}:{minutes % 60:02}") == minutes
    assert parse_clock(f"{minutes // 60:02}:{minutes % 60:02}") == minutes


@pytest.mark.parametrize("text", ["", "8", "8:3", "8:60", "24:01", "25:00", "-1:00", "8:30:00", "8.30", "٨:30"])
def test_what_is_no_clock_time(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time of day; write it as 8:30"):
        parse_clock(text)
