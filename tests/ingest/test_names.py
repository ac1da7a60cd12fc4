"""Names from outside get numbers that the log gives back."""

import msgspec
import pytest

from engine.errors import Overloaded, SourcesFull
from engine.ingest.names import (
    ENGINE_SOURCE,
    NAMES_ONLY,
    REASONS_MAX,
    SOURCES_MAX,
    UNNUMBERED,
    InternedNames,
    NamesRecord,
    put_names,
)
from engine.ingest.stamp import RowBuffer
from engine.messages.kinds import CONFIGURATION_LOADED


def replayed(*records: NamesRecord) -> InternedNames:
    names = InternedNames()
    for record in records:
        names.apply(msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=NamesRecord))
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
    assert names.sources[names.source("callbacks", "sip", reserved=True)] == "callbacks"
    for number in range(REASONS_MAX - 1):
        names.reason(f"r{number}")
    with pytest.raises(Overloaded, match="4096 different reasons were given, and 'one too many' would be one more"):
        names.reason("one too many")
    assert names.reason("r7") == 8


def test_who_speaks_gets_a_number_when_it_is_asked_for() -> None:
    names = InternedNames()
    first, second = names.speaker("sip", "sip"), names.speaker("sip", "other")
    names.find(second)
    assert (first.number, second.number, len(names.sources), names.unrecorded) == (UNNUMBERED, UNNUMBERED, 1, False)
    number = names.source(first.name, first.owner)
    names.find(second)
    assert (second.number, second.owner) == (number, "sip")
    known = names.speaker("sip", "other")
    assert (known.name, known.number, known.owner) == ("sip", number, "sip")


def test_who_is_one_too_many_is_told_before_it_speaks_and_when_others_came_first() -> None:
    names = InternedNames()
    for number in range(SOURCES_MAX - 2):
        names.source(f"s{number}", "")
    one, two = names.speaker("one", ""), names.speaker("two", "")
    names.source(one.name, one.owner)
    with pytest.raises(SourcesFull, match="'two' would be one more"):
        names.find(two)
    with pytest.raises(SourcesFull, match="'two' would be one more"):
        names.speaker("two", "")
    assert names.speaker("callbacks", "sip", reserved=True).number == UNNUMBERED


def test_new_names_get_a_row_once() -> None:
    names, buffer = InternedNames(), RowBuffer(8, 1 << 10)
    put_names(names, buffer)
    assert buffer.count == 0
    names.source("sip", "sip")
    put_names(names, buffer)
    put_names(names, buffer)
    assert buffer.rows["kind"].tolist() == [CONFIGURATION_LOADED]
    record = msgspec.msgpack.decode(buffer.payload, type=NamesRecord)
    assert (record.sources, buffer.rows["a"].tolist()) == ((("sip", "sip"),), [NAMES_ONLY])


def test_numbers_that_no_row_named_get_a_name_and_no_living_owner() -> None:
    names = InternedNames()
    names.name_sources(3)
    assert (names.sources, names.owners) == (["engine", "source-1", "source-2"], ["", "source-1", "source-2"])
    assert names.unrecorded
    assert names.source("sip", "sip") == 3


def test_a_snapshot_does_not_count_as_the_log() -> None:
    names = InternedNames()
    names.source("sip", "sip")
    assert names.all().sources == ((ENGINE_SOURCE, ""), ("sip", "sip"))
    assert names.unrecorded
    assert names.record() == NamesRecord(1, (("sip", "sip"),), 1, ())
