"""The sections `quality` and `cases`: what they become, and every fault where it stands."""

from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.config.quality import compile_quality
from engine.errors import ConfigError

CENTRE = """
service: {time_zone: Asia/Ho_Chi_Minh}
queues: {sales: {}}
agents: [{name: an}, {name: binh}]
"""
HOUR_NS = 3600 * 10**9


def load(folder: Path, text: str) -> list[str]:
    """Return the faults of a configuration with this text at its end."""
    path = folder / "centre.yaml"
    path.write_text(CENTRE + text)
    try:
        load_config(path, adapters={})
    except ConfigError as error:
        return error.faults
    return []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("quality: {surveys: {joy: {}}}", "'joy' is not a kind of survey"),
        ("quality: {surveys: {csat: {queues: [sale]}}}", "there is no queue 'sale'; did you mean 'sales'?"),
        ("quality: {surveys: {csat: {sample: 2}}}", "2 is out of range"),
        (
            "quality: {scorecards: [{name: a, sections: [{name: b, criteria: [{name: c, weight: 90}]}]}]}",
            "the weights of all criteria sum to 90; they must sum to 100",
        ),
        (
            "quality: {schedule: [{agent: an, from: 2026-01-01T08:00, to: 2026-01-01T10:00}, "
            "{agent: an, from: 2026-01-01T09:00, to: 2026-01-01T11:00}]}",
            "agent 'an' does something else then; see entry 1",
        ),
        ("quality: {schedule: [{agent: an, from: noon, to: 2026-01-01T10:00}]}", "'noon' in 'from' is no time"),
        ("quality: {schedule_file: none.csv}", "the schedule cannot be read"),
        ("cases: {complaint: {queue: sales}}", "limit"),
        ("cases: {complaint: {queue: back, limit: 1d}}", "there is no queue 'back'"),
    ],
)
def test_a_fault_is_told_where_it_stands(tmp_path: Path, text: str, words: str) -> None:
    faults = load(tmp_path, text)
    assert any(words in fault for fault in faults), faults
    assert all(fault.startswith(f"{tmp_path / 'centre.yaml'}:5:") for fault in faults)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("s.csv", "agent,from,to,activity\nan,2026-01-01T08:00,2026-01-01T09:00,work\n"),
        ("s.yaml", "- {agent: an, from: 2026-01-01T08:00, to: 2026-01-01T02:00+00:00, activity: work}\n"),
    ],
)
def test_a_schedule_is_read_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    path = tmp_path / "centre.yaml"
    path.write_text(f"{CENTRE}\nquality: {{schedule_file: {name}}}\n")
    config = load_config(path, adapters={})
    (shift,) = compile_quality(config.quality, config.cases).schedule
    begin_ns = 1_767_229_200 * 10**9  # 2026-01-01T08:00 in Ho Chi Minh City is 01:00 UTC
    assert (shift.agent, shift.from_ns, shift.to_ns, shift.activity) == ("an", begin_ns, begin_ns + HOUR_NS, "work")


def test_a_file_without_its_columns_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("agent,start\nan,8\n")
    (fault,) = load(tmp_path, "quality: {schedule_file: s.csv}")
    assert "must name the columns agent, from, to, activity" in fault
