"""Names from outside get numbers that the log gives back."""

import msgspec
import pytest

from engine.errors import Overloaded
from engine.ingest.names import ENGINE_SOURCE, REASONS_MAX, SOURCES_MAX, InternedNames, NamesRecord, record_payload


def replayed(*records: NamesRecord) -> InternedNames:
    names = InternedNames()
    for record in records:
        names.apply(msgspec.msgpack.decode(record_payload(record), type=NamesRecord))
    return names


def test_a_name_keeps_its_number_and_its_adapter() -> None:
    names = InternedNames()
    sip = names.source("sip", "sip")
    http = names.source("http:crm", "http")
    assert (names.source("sip", "http"), names.source("http:crm", "http")) == (sip, http)
    assert (names.sources[sip], names.owners[sip], names.owners[http]) == ("sip", "sip", "http")
    assert names.sources[0] == "engine"
    assert names.reason("") == 0


def test_a_replay_of_what_was_recorded_gives_the_same_numbers() -> None:
    names = InternedNames()
    names.source("sip", "sip")
    first = names.record(everything=True)
    assert not names.unrecorded
    names.source("hours", "")
    names.reason("lunch")
    assert names.unrecorded
    second = names.record()
    assert second.sources == (("hours", ""),)
    again = replayed(first, second)
    assert (again.sources, again.owners, again.reasons) == (names.sources, names.owners, names.reasons)
    assert again.source("hours", "") == names.source("hours", "")
    assert not again.unrecorded


def test_names_are_bounded() -> None:
    names = InternedNames()
    for number in range(SOURCES_MAX - 1):
        names.source(f"s{number}", "")
    with pytest.raises(Overloaded, match="'one too many'"):
        names.source("one too many", "")
    for number in range(REASONS_MAX - 1):
        names.reason(f"r{number}")
    assert names.reason("one too many") == 0


def test_a_snapshot_does_not_count_as_the_log() -> None:
    names = InternedNames()
    names.source("sip", "sip")
    assert names.all().sources == ((ENGINE_SOURCE, ""), ("sip", "sip"))
    assert names.unrecorded
    assert names.record() == NamesRecord(1, (("sip", "sip"),), 1, ())
