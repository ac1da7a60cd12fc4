"""Scenarios that tests put together: single queues, and centres of types and groups as the papers describe them."""

import math
from typing import Any

from simulations.scenario.scenario import Scenario

HOURS_MAX = 5000


def single_queue(
    agents: int,
    per_min: float,
    talk: str,
    patience: str = "never",
    *,
    contacts: int = 12_000,
    **settings: Any,
) -> Scenario:
    """A queue in steady state: an hour's warm-up, then hours (or days) enough for so many contacts."""
    return Scenario.of(
        {
            "horizon": horizon(per_min, contacts),
            "queues": {
                "q": {
                    "arrivals": {"rate": f"{per_min:.12f}/min"},
                    "handle": {"talk": talk},
                    "patience": patience,
                    "strategy": "longest-idle",
                    "agents": agents,
                    **settings,
                }
            },
        }
    )


def horizon(per_min: float, contacts: int) -> dict[str, str]:
    """The horizon in which about so many contacts come."""
    hours = math.ceil(contacts / per_min / 60)
    if hours <= 20:
        return {"from": "2026-11-23 01:00", "to": f"2026-11-23 {1 + hours}:00", "interval": "1h", "warm_up": "1h"}
    days = math.ceil(hours / 24)
    month, day = 11 + (22 + days) // 30, 1 + (22 + days) % 30
    year = 2026 + (month - 1) // 12
    to = f"{year}-{1 + (month - 1) % 12:02}-{min(day, 28):02} 00:00"
    return {"from": "2026-11-23", "to": to, "interval": "1d", "warm_up": "1d"}


def centre(instance: dict[str, Any], strategy: str, *, contacts: int = 50_000, **settings: Any) -> Scenario:
    """A centre of types and groups: rates `lam`, mean handling times `m` by type and group (0: cannot), patience `pat`,
    agents `n`; minutes.
    """
    types, groups = range(len(instance["lam"])), range(len(instance["n"]))
    base = [next(mean for mean in instance["m"][k] if mean) for k in types]
    return Scenario.of(
        {
            "horizon": horizon(sum(instance["lam"]), contacts),
            "queues": {
                f"t{k}": {
                    "arrivals": {"rate": f"{instance['lam'][k]:.12f}/min"},
                    "handle": {"talk": f"exponential({base[k] * 60:.6f}s)"},
                    "patience": f"exponential({instance['pat'][k] * 60:.6f}s)",
                    "strategy": strategy,
                    "skills": {f"s{k}": 1},
                    **settings,
                }
                for k in types
            },
            "agents": [
                {
                    "group": f"g{g}",
                    "count": instance["n"][g],
                    "skills": {f"s{k}": 1 for k in types if instance["m"][k][g]},
                    "speed": {f"t{k}": base[k] / instance["m"][k][g] for k in types if instance["m"][k][g]},
                }
                for g in groups
            ],
        }
    )
