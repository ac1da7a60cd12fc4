"""Compile the simulated world now, so that nobody waits for it later: `python -m simulations.world.warm`."""

import functools
import sys
import time


@functools.cache
def warm() -> float:
    """Compile or load the world, once in a process; return the seconds it took."""
    began = time.perf_counter()
    from simulations.experiment.runner import ReplicationRunner
    from simulations.scenario.scenario import Scenario

    queue = {"arrivals": {"rate": "1/min"}, "handle": {"talk": "1m"}, "agents": 1}
    horizon = {"from": "2026-11-23 08:00", "to": "2026-11-23 09:00", "interval": "1h"}
    ReplicationRunner(Scenario.of({"horizon": horizon, "queues": {"q": queue}}).model).play(1, 0)
    return time.perf_counter() - began


if __name__ == "__main__":
    print("compiling the simulated world (about a minute, once)", file=sys.stderr)
    print(f"simulated world ready in {warm():.1f} s", file=sys.stderr)
