"""How fast the kernel routes: arrive, decide, answer, end, on 1,000 agents, 50 queues and 20 skills. Processor time.

A simulated world makes the history first, one row at a time; then the same observed rows go through `step` in batches
of 256 on fresh tables, and through `fold` with their decisions. Four events a contact are counted, as the field counts
them, however many rows the log holds; the bound is the fold: the same state changes with nothing decided.
"""

import statistics
import time
from typing import Any

from benchmarks.report import line
from engine.kernel.fingerprint import fingerprint
from engine.kernel.step import ROOM, fold, step
from engine.kernel.tables import new_tables
from engine.messages.kinds import CONTACT_ARRIVED
from engine.messages.rows import empty_rows
from simulations.world import Centre, World, joined

NAMES = ("kernel_events_per_s",)
CONTACTS = 30_000
BATCH = 256
ROUNDS = 7
CENTRE = Centre(
    agents=1000, queues=50, skills=20, skills_per_agent=4, occupancy=0.95, handle_s=180.0, contacts_max=2048
)


def run() -> list[dict[str, Any]]:
    """Return one line: events/s of step, with the fold's rate as the bound."""
    world = World(CENTRE)
    world.run(CONTACTS)
    observed, every = joined(world.observed), joined(world.produced)
    set_up = int((observed["kind"] == CONTACT_ARRIVED).argmax())
    wanted = fingerprint(world.tables)
    steps, folds = [], []
    for _ in range(ROUNDS):
        tables, out = new_tables(world.capacity), empty_rows(BATCH * 8 + ROOM)
        step(tables, observed[:set_up], empty_rows(set_up * 2 + ROOM))
        place = set_up
        began = time.thread_time()
        while place < len(observed):
            consumed, _ = step(tables, observed[place : place + BATCH], out)
            place += consumed
        steps.append(time.thread_time() - began)
        if fingerprint(tables) != wanted:
            raise AssertionError("the same rows led to another state")
        tables = new_tables(world.capacity)
        began = time.thread_time()
        fold(tables, every)
        folds.append(time.thread_time() - began)
    events = 4 * CONTACTS
    return [
        line(
            "kernel_events_per_s",
            round(events / statistics.median(steps)),
            "events/s",
            inputs=f"{CONTACTS} contacts, {CENTRE.agents} agents, {CENTRE.queues} queues, {CENTRE.skills} skills, "
            f"occupancy {CENTRE.occupancy}, strategy erlang, batches of {BATCH}, median of {ROUNDS}",
            best=round(events / min(steps)),
            rows_per_s=round((len(every) - set_up) / statistics.median(steps)),
            peer={
                "name": "fold of the same rows, nothing decided",
                "events_per_s": round(events / statistics.median(folds)),
            },
        )
    ]
