"""The world's timers: whatever is armed, moved and disarmed, what is due next comes next."""

import random

from engine.kernel.jit import jit
from simulations.world.alarms import arm, disarm
from simulations.world.tables import WorldTables, blank_tables

SUBJECTS = 60


@jit
def pop(w: WorldTables) -> int:
    """Take out what is due next; return whose it was."""
    subject: int = w.timers[0].subject
    disarm(w, subject)
    return subject


def test_timers_are_due_in_order_of_time_and_then_of_subjects() -> None:
    for seed in range(20):
        chance = random.Random(seed)
        world = WorldTables(**blank_tables(timers=(SUBJECTS,), places=(SUBJECTS,)))
        due: dict[int, int] = {}
        for _ in range(400):
            subject = chance.randrange(SUBJECTS)
            if chance.random() < 0.6:
                due[subject] = chance.randrange(30)
                arm(world, subject, due[subject])
            elif chance.random() < 0.5:
                due.pop(subject, None)
                disarm(world, subject)
            elif due:
                first = min(due, key=lambda one: (due[one], one))
                assert pop(world) == first, f"seed {seed}"
                del due[first]
            assert world.book["timers"][0] == len(due)
        assert sorted((world.places > 0).nonzero()[0]) == sorted(due)
        assert [pop(world) for _ in range(len(due))] == sorted(due, key=lambda one: (due[one], one)), f"seed {seed}"
