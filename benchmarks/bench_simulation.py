"""How fast the planner simulates: the full kernel with its counters, in compiled worlds, beside general simulators.

Single queues M/M/c+M with 12 and 490 agents, first in first out, and a centre of 6 types and 10 groups with 98 agents.
Processor time of one thread; peers run the same queue, on fewer contacts. Each round has all of them, and a ratio is
the median of those of the rounds, so that a machine that is now faster and now slower changes both sides of it.

All begin empty and count from the first contact. Beside the queue itself each does what it does anyway: ours checks,
decides and writes a row for each event, counts by interval, agent and bin, and draws by key (SplitMix64), so that all
scenarios meet the same callers; simpy keeps nothing and draws by Mersenne Twister; ciw keeps a record of each customer;
the C loop adds up who was answered, who gave up and the waits, and draws by xoshiro256+.
"""

import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.report import Line, line
from simulations.experiment.runner import ReplicationRunner
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario

NAMES = (
    "sim_single_queue_contacts_per_s",
    "sim_vs_simpy",
    "sim_vs_ciw",
    "sim_vs_c",
    "sim_6x10_contacts_per_s",
    "two_core_speedup",
)
QUEUES: Final = ((12, 2.4), (490, 100.0))
"""Agents and contacts a minute; talk 5 minutes, patience 3 minutes, both exponential."""
CONTACTS: Final = 400_000
PEERS_CONTACTS: Final = 20_000
C_CONTACTS: Final = 2_000_000
ROUNDS: Final = 5
Rates = dict[str, list[float]]
"""By who plays: contacts a second of processor time, round by round."""
C_SOURCE: Final = Path(__file__).with_name("event_loop.c")
SIX_BY_TEN: Final[dict[str, Any]] = {
    "lam": [6.0, 4.0, 3.0, 2.0, 1.5, 0.8],
    "pat": [3, 3, 4, 5, 2, 6],
    "m": [
        [5.0, 0, 0, 5.5, 0, 0, 0, 5.5, 0, 6.0],
        [0, 5.0, 0, 5.5, 5.5, 0, 0, 0, 5.5, 6.0],
        [0, 0, 6.0, 0, 6.5, 6.5, 0, 6.5, 0, 6.5],
        [0, 0, 0, 0, 0, 7.0, 7.5, 7.5, 7.5, 8.0],
        [0, 0, 0, 4.0, 0, 0, 4.0, 4.5, 0, 4.5],
        [0, 0, 0, 0, 9.0, 0, 9.0, 0, 9.5, 9.5],
    ],
    "n": [16, 10, 8, 14, 10, 10, 9, 8, 8, 5],
}


Rate = Callable[[int], float]
"""Contacts a second of processor time in the round of this number, one thread."""
Peer = Callable[[int, float], Rate]
"""Makes a peer ready for so many agents and contacts a minute."""
NotThere = str
"""Why there is no such peer here."""


def run() -> list[Line]:
    """Return the lines of NAMES."""
    with tempfile.TemporaryDirectory() as folder:
        peers = {"simpy": _simpy(), "ciw": _ciw(), "c": _c(Path(folder))}
        rates = {agents: _rounds(agents, per_min, peers) for agents, per_min in QUEUES}
    ours = {agents: statistics.median(found["ours"]) for agents, found in rates.items()}
    lines = [
        line(
            "sim_single_queue_contacts_per_s",
            round(min(ours.values())),
            "contacts/s a core",
            inputs=f"M/M/c+M, full kernel, about {CONTACTS} contacts, median of {ROUNDS}; the slower of the two",
            by_agents={agents: round(rate) for agents, rate in ours.items()},
        )
    ]
    lines += [_beside(name, peer, rates) for name, peer in peers.items()]
    of_centre = _ours(_six_by_ten())
    lines.append(
        line(
            "sim_6x10_contacts_per_s",
            round(statistics.median(of_centre(number) for number in range(ROUNDS))),
            "contacts/s a core",
            inputs="6 types, 10 groups, 98 agents, strategy erlang, counters by half hour",
        )
    )
    return [*lines, _speedup()]


def _rounds(agents: int, per_min: float, peers: dict[str, Peer | NotThere]) -> Rates:
    """Return the rates of ours and of every peer that is there, round by round: each round has all of them, one after
    the other, so that whatever else the machine does slows down what is compared alike.
    """
    plays = {"ours": _ours(_single_queue(agents, per_min))}
    plays |= {name: peer(agents, per_min) for name, peer in peers.items() if not isinstance(peer, NotThere)}
    found: Rates = {name: [] for name in plays}
    for number in range(ROUNDS):
        for name, play in plays.items():
            found[name].append(play(number))
    return found


def _single_queue(agents: int, per_min: float) -> Scenario:
    hours = round(CONTACTS / per_min / 60)
    days = max(round(hours / 24), 1)
    return Scenario.of(
        {
            "horizon": {"from": "2026-01-01", "to": _day(days), "interval": "1d"},
            "queues": {
                "q": {
                    "arrivals": {"rate": f"{per_min}/min"},
                    "handle": {"talk": "exponential(5m)"},
                    "patience": "exponential(3m)",
                    "strategy": "longest-idle",
                    "agents": agents,
                }
            },
        }
    )


def _day(days: int) -> str:
    import datetime

    return (datetime.date(2026, 1, 1) + datetime.timedelta(days)).isoformat()


def _six_by_ten() -> Scenario:
    types, groups = range(6), range(10)
    means = [next(mean for mean in SIX_BY_TEN["m"][k] if mean) for k in types]
    return Scenario.of(_six_by_ten_values(types, groups, means))


def _six_by_ten_values(types: range, groups: range, means: list[float]) -> dict[str, Any]:
    rates, patience, handling, counts = (SIX_BY_TEN[key] for key in ("lam", "pat", "m", "n"))
    return {
        "horizon": {"from": "2026-01-01", "to": "2026-01-11", "interval": "30m"},
        "queues": {
            f"t{k}": {
                "arrivals": {"rate": f"{rates[k]}/min"},
                "handle": {"talk": f"exponential({means[k] * 60}s)"},
                "patience": f"exponential({patience[k] * 60}s)",
                "skills": {f"s{k}": 1},
            }
            for k in types
        },
        "agents": [
            {
                "group": f"g{g}",
                "count": counts[g],
                "skills": {f"s{k}": 1 for k in types if handling[k][g]},
                "speed": {f"t{k}": means[k] / handling[k][g] for k in types if handling[k][g]},
            }
            for g in groups
        ],
    }


def _ours(scenario: Scenario) -> Rate:
    runner = ReplicationRunner(scenario.model)
    runner.play(1, ROUNDS)  # the first one makes room, and loads what was compiled

    def play(number: int) -> float:
        began = time.process_time()
        played = runner.play(1, number)
        return played.contacts / (time.process_time() - began)

    return play


def _beside(name: str, peer: Peer | NotThere, rates: dict[int, Rates]) -> Line:
    """Return the least ratio of our rate to the peer's over both queues, or why there is none."""
    if isinstance(peer, NotThere):
        return line(f"sim_vs_{name}", 0, "ratio", skipped=peer)
    ratios = {agents: ratio(found["ours"], found[name]) for agents, found in rates.items()}
    theirs = {f"c{agents}": round(statistics.median(found[name])) for agents, found in rates.items()}
    return line(
        f"sim_vs_{name}",
        round(min(ratios.values()), 2),
        "ratio",
        peer={"name": name, **theirs},
        **{f"c{agents}": round(value, 2) for agents, value in ratios.items()},
    )


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median of the ratios of each round."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def _simpy() -> Peer | NotThere:
    try:
        import simpy
    except ImportError:
        return "simpy is not installed"

    def of(agents: int, per_min: float) -> Rate:
        def ready(seed: int) -> Callable[[], object]:
            env, draw = simpy.Environment(), random.Random(seed)
            servers = simpy.Resource(env, agents)

            def caller() -> Any:
                with servers.request() as turn:
                    yield turn | env.timeout(draw.expovariate(1 / 3.0))
                    if turn.triggered:
                        yield env.timeout(draw.expovariate(1 / 5.0))

            def arrivals() -> Any:
                for _ in range(PEERS_CONTACTS):
                    yield env.timeout(draw.expovariate(per_min))
                    env.process(caller())

            env.process(arrivals())
            return env.run

        return _timed(ready)

    return of


def _ciw() -> Peer | NotThere:
    try:
        import ciw
    except ImportError:
        return "ciw is not installed"

    def of(agents: int, per_min: float) -> Rate:
        def ready(seed: int) -> Callable[[], object]:
            network = ciw.create_network(
                arrival_distributions=[ciw.dists.Exponential(per_min)],
                service_distributions=[ciw.dists.Exponential(1 / 5.0)],
                reneging_time_distributions=[ciw.dists.Exponential(1 / 3.0)],
                number_of_servers=[agents],
            )
            ciw.seed(seed)
            simulation = ciw.Simulation(network)
            return lambda: simulation.simulate_until_max_customers(PEERS_CONTACTS, method="Finish")

        return _timed(ready)

    return of


def _timed(ready: Callable[[int], Callable[[], object]]) -> Rate:
    """Return the rate of what is made ready for a round; making it ready does not count."""

    def play(number: int) -> float:
        work = ready(number)
        began = time.process_time()
        work()
        return PEERS_CONTACTS / (time.process_time() - began)

    return play


def _c(folder: Path) -> Peer | NotThere:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return "there is no C compiler (cc)"
    program = folder / "event_loop"
    subprocess.run([compiler, "-O3", "-march=native", "-o", program, C_SOURCE, "-lm"], check=True)

    def of(agents: int, per_min: float) -> Rate:
        def play(number: int) -> float:
            given = (agents, per_min, 5.0, 3.0, C_CONTACTS, number + 1)
            done = subprocess.run(
                [str(program), *(str(value) for value in given)], check=True, capture_output=True, text=True
            )
            return float(done.stdout.split()[0])

        return play

    return of


def _speedup() -> Line:
    scenario = _six_by_ten()
    simulate(scenario, 2, 1, workers=2)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3):
        for workers in (1, 2):
            began = time.perf_counter()
            simulate(scenario, 8, 1, workers=workers)
            seconds[workers].append(time.perf_counter() - began)
    one, two = (min(seconds[workers]) for workers in (1, 2))
    return line("two_core_speedup", round(one / two, 2), "ratio", inputs="8 replications of 6 x 10, best of 3")
