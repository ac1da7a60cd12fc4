"""One contact's way: as it was recorded, and under both sets of rules."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.log.reader import read_runs
from engine.messages.kinds import CONTACT_ARRIVED, FLAG_CLOSES
from engine.replay.restore import log_folder
from simulations.whatif.decisions import TOLD, Names, rows_of_contact, sentence
from simulations.whatif.policy import Said
from simulations.whatif.record import Record
from simulations.whatif.rules import as_recorded, changed_by
from simulations.whatif.told import MODEL, moment
from simulations.whatif.whatif import rows_of_rules

Array = np.ndarray[Any, Any]


def ways_told(record: Record, said: Said, contact: int, seed: int, time_zone: str) -> dict[str, Any]:
    """Return what happened to a contact in the record, and in the first replication of both sides."""
    before, now = as_recorded(record), changed_by(record, said, time_zone)
    names = Names(record.directory.queues.names, now.agents)

    def steps(rows: list[Array]) -> list[dict[str, str]]:
        return [{"at": moment(int(row["at_ns"]), time_zone), "says": sentence(row, names)} for row in rows]

    return {
        "model": MODEL,
        "contact": record.name_of(contact),
        "seq": int(record.arrivals["seq"][contact]),
        "queue": names.queues[int(record.arrivals["queue"][contact])],
        "seed": seed,
        "recorded": steps(list(_recorded_rows(record, contact))),
        "before": steps(rows_of_contact(rows_of_rules(record, before.rules, seed), contact)),
        "now": steps(rows_of_contact(rows_of_rules(record, now.rules, seed), contact)),
    }


def _recorded_rows(record: Record, contact: int) -> Iterator[Array]:
    """Yield the rows of a contact in the log, from its arrival until it closes."""
    seq = int(record.arrivals["seq"][contact])
    slot: int | None = None
    for run in read_runs(log_folder(record.folder), seq):
        rows: Array = np.asarray(run.rows)
        if slot is None:
            rows = rows[seq - run.first_seq :]
            slot = int(rows["contact"][0])
        of_contact = (rows["contact"] == slot) & np.isin(rows["kind"], TOLD)
        for row in rows[of_contact]:
            yield row
            if row["flags"] & FLAG_CLOSES and row["kind"] != CONTACT_ARRIVED:
                return
