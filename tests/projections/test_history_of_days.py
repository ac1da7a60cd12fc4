"""The records of random days, however the log is cut into turns, against rows gathered contact by contact."""

from pathlib import Path

import numpy as np
import pytest

from engine.log_port import Turn
from engine.messages.kinds import CONTACT_ARRIVED, FACT_REFUSED, FLAG_CLOSES
from engine.messages.row_fields import fields_of
from engine.projections.contacts.history import FOLLOWED, ContactHistory
from engine.projections.contacts.records import ContactRecord, Words, begun, go_on
from tests.driver_support import House, house
from tests.random_day import Day


def turns_of(h: House) -> list[Turn]:
    frames = h.log.read()
    return [Turn(frame.first_seq, frame.first_seq + len(frame.rows) - 1, frame.rows, frame.payload) for frame in frames]


def one_by_one(words: Words, turns: list[Turn]) -> list[ContactRecord]:
    """Every contact's record, made of its rows as they come."""
    records: list[ContactRecord] = []
    there: dict[int, ContactRecord] = {}
    for turn in turns:
        rows = fields_of(turn.rows)
        refused = {place - row.cause for place, row in enumerate(rows) if row.kind == FACT_REFUSED}
        for place, row in enumerate(rows):
            if place in refused or not FOLLOWED.mask(np.array([row.kind])).item():
                continue
            seq = turn.first_seq + place
            if row.kind == CONTACT_ARRIVED:
                payload = turn.payload[row.payload_offset : row.payload_offset + row.payload_size]
                there[row.contact] = begun(words, seq, row, bytes(payload))
                records.append(there[row.contact])
            elif row.contact in there:
                go_on(there[row.contact], words, seq, row)
            if row.flags & FLAG_CLOSES:
                del there[row.contact]
    return records


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("run_rows", [1, 200, 100_000])
async def test_records_are_those_of_rows_one_by_one(
    tmp_path: Path, seed: int, run_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.log.runs.RUN_ROWS", run_rows)
    async with house(tmp_path) as h:
        await Day(seed).run(h, 150)
        views = h.engine.views
        words = Words(views.directory, views.interned, views.history.name_in)
        expected = one_by_one(words, turns_of(h))
        assert list(views.history.records()) == expected
        again = ContactHistory(views.directory, views.interned)
        few = ContactHistory(views.directory, views.interned, records_max=7)
        for run in h.log.read_runs():
            again.apply(run)
            few.apply(run)
        assert list(again.records()) == expected
        kept = expected[-7:]
        assert len(kept) == 7
        assert [(one.id, one.last_seq, one.closed_ns) for one in few.records()] == [
            (one.id, one.last_seq, one.closed_ns) for one in kept
        ]
        for name in {one.contact for one in expected}:
            ids = {one.id for one in kept if one.contact == name}
            found = few.find(name)
            assert (found.id if found else None) == max(ids, default=None)
