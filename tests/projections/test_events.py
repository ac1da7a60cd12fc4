"""The log in words: pages join to the whole, whatever their size and however the log is read."""

from pathlib import Path

import pytest

from engine.projections.contacts.history import ContactHistory
from engine.projections.feed.events import Event, EventReader
from tests.driver_support import house
from tests.random_day import Day


def paged(reader: EventReader, limit: int, types: tuple[str, ...] = ()) -> list[Event]:
    """All events, page by page."""
    found: list[Event] = []
    after_seq, more = 0, True
    while more:
        page = reader.read(after_seq, limit, types)
        assert len(page.events) <= limit
        assert page.next_after_seq > after_seq or not page.more
        found += page.events
        after_seq, more = page.next_after_seq, page.more
    return found


@pytest.mark.parametrize("run_rows", [1, 50, 100_000])
async def test_pages_join_to_the_log(tmp_path: Path, run_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.log.runs.RUN_ROWS", run_rows)
    async with house(tmp_path) as h:
        await Day(3).run(h, 60)
        reader = h.engine.views.events
        every = paged(reader, 10_000)
        assert [event.seq for event in every] == list(range(1, h.log.durable_seq + 1))
        assert paged(reader, 7) == every
        wanted = ("offer_made", "contact_arrived")
        assert paged(reader, 3, wanted) == [event for event in every if event.type in wanted]
        record = next(h.engine.views.history.records())
        timeline = reader.read(0, 1000, (), record)
        assert [event for event in every if event.contact_id == record.id] == timeline.events


async def test_a_page_ends_where_contacts_have_no_names_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.log.runs.RUN_ROWS", 1)
    async with house(tmp_path) as h:
        await Day(3).run(h, 60)
        views = h.engine.views
        whole = paged(views.events, 10_000)
        history = ContactHistory(views.directory, views.interned)
        reader = EventReader(h.log, views.directory, views.interned, history)
        told: list[Event] = []
        for turn in list(h.log.read_runs()):
            history.apply(turn)
            page = reader.read(told[-1].seq if told else 0, 10_000)
            assert page.next_after_seq == history.as_of
            told += page.events
        assert [(one.seq, one.contact) for one in told] == [(one.seq, one.contact) for one in whole]
