"""A disruption with and without the plan, and late: what it costs beyond an undisturbed day."""

from typing import Final

from simulations.report.folder import Folder, Row, limits_of
from simulations.report.plot import digits_of
from simulations.report.rows import Named, in_rows
from simulations.report.section import Missing, Panel, Section, Table
from simulations.report.wording import NOTHING, Words

FIGURES: Final = ("lost_more", "backlog", "damage")


def resilience(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: a picture for each figure, and one of the service level while it lasted."""
    if folder.resilience is None:
        return Missing("resilience", "trunkline resilience FILE -o DIR")
    cases, currency = folder.resilience["cases"], folder.resilience["currency"]
    panels = [_panel(name, cases, currency, say) for name in FIGURES if any(case[name]["value"] for case in cases)]
    panels.append(_during(cases, say))
    lead = [
        say(
            _lead(case),
            points=say.number(100 * (_untold(case) or 0.0), 1),
            case=_called(case, say),
            lost=say.limits(limits_of(case["lost_more"]), 0),
            recovered=_recovered(case, say),
        )
        for case in cases[1:]
    ]
    return Section("resilience", lead, panels, _table(cases, currency, say), wide=True)


def _called(case: Row, say: Words) -> str:
    key = "case_" + case["case"].replace(" ", "_")
    return say(key) if say.has(key) else str(case["case"])


def _untold(case: Row) -> float | None:
    """Return by how much a service level that counts as back was lower; None where it is not much, or not told."""
    drop: float | None = case.get("untold_drop", {}).get("all")
    return drop


def _lead(case: Row) -> str:
    if case["recovered_s"]["all"] is None:
        return "resilience_lead_not"
    return "resilience_lead" if _untold(case) is None else "resilience_lead_untold"


def _recovered(case: Row, say: Words) -> str:
    after_s = case["recovered_s"]["all"]
    if after_s is None:
        return say("resilience_not_recovered")
    return say.duration(after_s) + ("" if _untold(case) is None else "?")


def _panel(name: str, cases: list[Row], currency: str, say: Words) -> Panel:
    named = [Named(_called(case, say), limits_of(case[name])) for case in cases]
    shapes, height = in_rows(named, lambda marks: lambda value: say.compact(value, digits_of(marks)), "")
    told = "; ".join(f"{one.name}: {say.amount(one.figure)}" for one in named)
    return Panel(say(f"resilience_{name}", currency=currency), told, shapes, height)


def _during(cases: list[Row], say: Words) -> Panel:
    named = []
    for case in cases:
        value, low, high = (
            None if end is None else 100 * end for end in limits_of(case["service_level_during"]["all"])
        )
        named.append(Named(_called(case, say), (value, low, high)))
    shapes, height = in_rows(named, lambda marks: lambda value: f"{say.number(value, digits_of(marks))}%", "")
    told = "; ".join(f"{one.name}: {say.limits(one.figure)}%" for one in named)
    return Panel(say("resilience_during"), told, shapes, height)


def _table(cases: list[Row], currency: str, say: Words) -> Table:
    queues = [name for name in cases[0]["service_level_during"] if name != "all"] if cases else []
    rows = [
        [
            _called(case, say),
            NOTHING if case["activated_s"] is None else say.duration(case["activated_s"]),
            *(say.limits(limits_of(case[name]), 0) for name in ("lost", *FIGURES)),
            _recovered(case, say),
            say.shares(limits_of(case["service_level_during"]["all"])),
            *(say.shares(limits_of(case["service_level_during"][queue])) for queue in queues[:8]),
        ]
        for case in cases
    ]
    names = ("activated", "lost", *FIGURES, "recovered", "during")
    headings = [say("case"), *(say(f"resilience_{name}", currency=currency) for name in names)]
    return Table([*headings, *(f"{queue}, %" for queue in queues[:8])], rows)
