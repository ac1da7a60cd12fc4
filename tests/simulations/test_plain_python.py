"""A what-if and a forecast as plain Python, where an index beyond a table is an error: compiled it is none."""

import os
import subprocess
import sys
from pathlib import Path

SHORT = """
import asyncio, sys
from pathlib import Path
import msgspec
from engine.errors import ForecastFailed
from engine.live.plans import PlanDriver
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased
from simulations.experiment.recording import record
from simulations.forecast.play import Hour
from simulations.forecast.present import estimates_of, present_tables
from simulations.scenario.scenario import Scenario
from simulations.whatif.people import people_of
from simulations.whatif.record import read_record
from simulations.whatif.rerun import RulesRunner
from simulations.whatif.rules import as_recorded
from tests.driver_support import SECOND_NS, house
from tests.simulations.forecast.test_forecast import CENTRE, answered

folder = Path(sys.argv[1])
horizon = {"from": "2026-11-23 08:00", "to": "2026-11-23 08:10", "interval": "5m"}
queue = {
    "arrivals": {"rate": "1/min"}, "handle": {"talk": "exponential(3m)"}, "patience": "exponential(2m)",
    "strategy": "longest-idle", "agents": 1,
}
record(Scenario.of({"horizon": horizon, "queues": {"q": queue}}), 5, 0, folder / "log")
found = read_record(folder / "log")
people = people_of(found)
played = RulesRunner(as_recorded(found).rules, people).play(people.drawn(1, 0))
print("whatif", int((played.waited_ns > 0).sum()))

class Kept:
    async def __call__(self, question):
        self.question = question
        raise ForecastFailed("starting", "only the question is wanted")

async def asked():
    async with house(folder, CENTRE) as h:
        await h.tell(AgentStatusChanged(agent="agent1", status="available"))
        for number in range(6):
            await h.tell(ContactArrived(contact=f"c{number}", queue="sales"))
            await answered(h, f"c{number}")
            await h.pass_time(30)
            await h.tell(ContactReleased(contact=f"c{number}"))
            await h.pass_time(30)
        await h.tell(*(ContactArrived(contact=f"w{number}", queue="sales") for number in range(3)))
        one = Kept()
        await PlanDriver(h.engine, None, one, h.clock.now_ns).preview("closed")
        return one.question

question = msgspec.structs.replace(asyncio.run(asked()), horizon_ns=300 * SECOND_NS)
now = present_tables(question)
expected = estimates_of(now, len(question.queues), question.now_ns)
print("forecast", int(Hour(question, now, expected, question.rows[:0]).play(1)[0].sum() > 0))
"""


def test_nothing_is_written_beside_the_tables_of_a_what_if_or_a_forecast(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHORT, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[0].startswith("whatif ")
    assert int(done.stdout.split()[1]) > 0, "somebody waited, and was counted"
    assert done.stdout.splitlines()[1] == "forecast 1"
