"""What a structure costs and brings over the months: investment, running cost, benefit, and when it has paid itself.

Days are simulated at a few volumes between that of the first month and that of the last, with the same callers; months
lie on lines between them, replication by replication, so sums over months keep their intervals of confidence.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import ConfigError
from simulations.compare.growth import grown
from simulations.experiment.asked import whole
from simulations.experiment.costs import total_benefits, total_costs
from simulations.experiment.estimates import Estimate, mean
from simulations.experiment.simulate import Progress, replications_of, seed_of, simulate
from simulations.experiment.summary import plain
from simulations.experiment.worker_pool import Workers
from simulations.scenario.money import MONTHS_MAX, Business
from simulations.scenario.scenario import Scenario

Array = np.ndarray[Any, Any]
VOLUMES: Final = 4
"""Volumes that are simulated where it grows or shrinks."""
DAY_NS: Final = 86_400e9


class Outlook(msgspec.Struct, frozen=True):
    """The months of one structure. `costs` and `benefits` have the shape (replications, months), others (months,)."""

    name: str
    currency: str
    confidence: float
    investment: float
    volumes: Array
    """Contacts, as a factor of the first month's."""
    costs: Array
    """Of the simulated days, and of what runs every month."""
    benefits: Array
    discounts: Array
    """What an amount of the month counts today."""
    service_levels: Array
    """nan where nobody came whose wait could tell."""

    @property
    def balance(self) -> Array:
        """Benefits less costs until each month, investment included, as of today; shape (replications, months)."""
        balance: Array = ((self.benefits - self.costs) * self.discounts).cumsum(axis=1) - self.investment
        return balance


def outlook(
    scenario: Scenario, months: int | None = None, replications: int = 20, seed: int = 1, workers: Workers | None = None
) -> Outlook:
    """Play a structure at the volumes that its months come to. Raises ConfigError and SimulationFailed."""
    file, business = scenario.file, scenario.file.business
    volumes = (1.0 + business.growth) ** np.arange(business.months if months is None else months)
    least, most = sorted((1.0, float(volumes[-1])))
    knots = np.linspace(least, most, VOLUMES) if least < most else np.ones(1)
    at_knots = (grown(scenario, float(knot), staff_grows=business.staff_grows) for knot in knots)
    results = [simulate(one, replications, seed, workers=workers) for one in at_knots]
    share = business.days_a_month / max(round((file.end_ns - file.start_ns) / DAY_NS), 1)
    levels = [float(result.estimate("service_level").value) for result in results]
    return Outlook(
        name=file.name,
        currency=file.costs.currency,
        confidence=file.experiment.confidence,
        investment=sum(business.investment.values()),
        volumes=volumes,
        costs=_along(volumes, knots, [total_costs(one) * share for one in results]) + sum(business.running.values()),
        benefits=_along(volumes, knots, [total_benefits(one) * share for one in results]),
        discounts=discounts(business, len(volumes)),
        service_levels=np.interp(volumes, knots, levels),
    )


def discounts(business: Business, months: int) -> Array:
    """Return what an amount at the end of each month counts today, by the interest of a year."""
    found: Array = (1.0 + business.interest) ** (-(np.arange(months) + 1) / 12)
    return found


def _along(volumes: Array, knots: Array, amounts: list[Array]) -> Array:
    """Return amounts of every replication at every volume, on lines between the volumes simulated."""
    return np.array([np.interp(volumes, knots, each) for each in np.stack(amounts, axis=1)])


def payback(balance: Array, confidence: float) -> Estimate:
    """Return the month, from 1 on, from which on the balance stays at 0 or above; inf where it does not come to that.

    Its limits are those of the balance: the later one that of the balance's lower limit.
    """
    found = mean(balance, confidence)
    return Estimate(*(_first_month(line) for line in (found.value, found.high, found.low)))


def _first_month(balance: Array) -> float:
    short = np.flatnonzero(~(balance >= 0))
    after = int(short[-1]) + 1 if len(short) else 0
    return float(after + 1) if after < len(balance) else np.inf


def against(one: Outlook, other: Outlook) -> Array:
    """Return the balance of `one` less that of `other`, replication by replication; both of as many months."""
    return one.balance - other.balance


def structures(
    scenarios: Sequence[Scenario],
    months: int | None = None,
    replications: int | None = None,
    seed: int | None = None,
    *,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return everything that `payback --json` prints; what is not said is as the first scenario has it.

    `progress` is told structures. Raises ConfigError, SimulationFailed and ClusterFailed.
    """
    if not scenarios:
        raise ConfigError(["no structures: name one scenario or more, the first as the yardstick"])
    first = scenarios[0].file
    names = _names(scenarios)
    _check_currencies(scenarios, names)
    months = _months_of(months, first.business.months)
    count = replications_of(replications, first.experiment.replications, least=2)
    seed = seed_of(seed, first.experiment.seed)
    outlooks = []
    for place, scenario in enumerate(scenarios, 1):
        found = outlook(scenario, months, count, seed, workers)
        outlooks.append(msgspec.structs.replace(found, name=names[place - 1]))
        if progress is not None:
            progress(place, len(scenarios))
    head = {"seed": seed, "replications": count, "confidence": first.experiment.confidence}
    return head | {"structures": told(outlooks)}


def _months_of(said: int | None, otherwise: int) -> int:
    """Return how many months were said, or else `otherwise`. Raises ConfigError where that is none, or too many."""
    advice = f"tell 1 to {MONTHS_MAX}, or say none, for as many as the first scenario says"
    found = otherwise if said is None else whole(said, "months", 1, advice)
    if found > MONTHS_MAX:
        raise ConfigError([f"months {found}: {advice}"])
    return found


def _names(scenarios: Sequence[Scenario]) -> list[str]:
    """Return what structures are called: scenarios of one name by their files, too, and of one file by their place."""
    names = [(scenario.name, scenario.path) for scenario in scenarios]
    alike = Counter(name for name, _ in names), Counter(names)
    found = []
    for place, (name, path) in enumerate(names, 1):
        apart = [path] * bool(path) + [str(place)] * (alike[1][name, path] > 1)
        found.append(f"{name} ({', '.join(apart)})" if alike[0][name] > 1 and apart else name)
    return found


def _check_currencies(scenarios: Sequence[Scenario], names: list[str]) -> None:
    """Raise ConfigError for money that cannot be held against that of the first."""
    currency = scenarios[0].file.costs.currency
    for scenario, name in zip(scenarios, names, strict=True):
        if scenario.file.costs.currency != currency:
            text = f"'{name}' reckons in {scenario.file.costs.currency}, and '{names[0]}' in {currency}"
            raise scenario.fault(("costs",), f"{text}; give both one currency, as costs: {{currency: {currency}}}")


def told(outlooks: list[Outlook]) -> list[dict[str, Any]]:
    """Return everything that `--json` prints of structures; the first is that which the others are compared with."""
    return [_told(one, outlooks[0]) for one in outlooks]


def _told(one: Outlook, first: Outlook) -> dict[str, Any]:
    balance, confidence = one.balance, one.confidence
    months = {name: mean(each, confidence) for name, each in (("cost", one.costs), ("benefit", one.benefits))}
    months["balance"] = mean(balance, confidence)
    found: dict[str, Any] = {
        "scenario": one.name,
        "currency": one.currency,
        "investment": one.investment,
        "balance": plain(months["balance"].at(-1)),
        "payback_month": month_told(payback(balance, confidence)),
        "months": [
            {
                "month": place + 1,
                "volume": round(float(one.volumes[place]), 6),
                "service_level": _known(one.service_levels[place]),
                **{name: plain(estimate.at(place)) for name, estimate in months.items()},
            }
            for place in range(len(one.volumes))
        ],
    }
    if one is not first:
        gap = against(one, first)
        found["against_first"] = {
            "balance": plain(mean(gap[:, -1], confidence)),
            "payback_month": month_told(payback(gap, confidence)),
        }
    return found


def _known(level: float) -> float | None:
    return round(float(level), 6) if np.isfinite(level) else None


def month_told(month: Estimate) -> dict[str, int | None]:
    """Return a month and its limits as whole numbers, None where it does not come."""
    return {
        key: int(value) if np.isfinite(value) else None
        for key, value in (("value", month.value), ("low", month.low), ("high", month.high))
    }
