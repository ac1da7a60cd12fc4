"""The sentence at the top: what is kept over the whole time, and which intervals of which queue are not."""

from pathlib import Path
from typing import Any

import pytest

from simulations.report.folder import Folder
from simulations.report.headline import headline, verdict
from simulations.report.wording import Words

STARTS = [f"2026-11-23T{8 + place // 2:02}:{place % 2 * 30:02}:00+07:00" for place in range(6)]


def folder(whole: dict[str, float], levels: dict[str, list[float | None]], half: float = 0.01, **more: Any) -> Folder:
    """Results of queues with a target of 80 %: levels over the whole time, and by interval."""
    rows = [
        {"queue": name, "interval_start": start, "interval_s": 1800.0, "service_level": level}
        | {"sl_lo": None if level is None else level - half, "sl_hi": None if level is None else level + half}
        for name, found in levels.items()
        for start, level in zip(STARTS, found, strict=True)
    ]
    queues = {
        name: {"service_level": {"value": level, "low": level - half, "high": level + half}}
        for name, level in whole.items()
    }
    plan = {"queues": {name: {"target": 0.8, "within_s": 20.0} for name in whole}}
    run = {"queues": queues, "replications": 20, "confidence": 0.95}
    return Folder(Path(), run=run, plan=plan, intervals=rows, **more)


def test_intervals_that_fail_are_named_though_the_whole_holds() -> None:
    found = folder(
        {"sales": 0.9, "help": 0.9},
        {"sales": [0.9, 0.5, 0.6, 0.9, 0.9, 0.7], "help": [0.9, 0.9, None, 0.9, 0.2, 0.9]},
    )
    assert headline(found, Words()) == (
        "warn",
        "Over the whole time every queue keeps its service level. Missed beyond chance in 4 of 11 intervals: "
        "sales 08:30–09:30, 10:30–11:00; help 10:00–10:30.",
    )
    kind, text = headline(found, Words("vi"))
    assert (kind, "sales 08:30–09:30" in text) == ("warn", True)


def test_all_that_holds_is_said_to_hold() -> None:
    kept = headline(folder({"sales": 0.9}, {"sales": [0.9] * 6}), Words())
    assert kept == ("ok", "Over the whole time every queue keeps its service level. Every interval does, too.")
    below = headline(folder({"sales": 0.9}, {"sales": [0.795, *[0.9] * 5]}), Words())
    assert below == (
        "ok",
        "Over the whole time every queue keeps its service level. No interval misses it beyond chance; 1 of 6 lie "
        "below it.",
    )


def test_what_no_number_of_agents_keeps_is_said() -> None:
    found = folder({"sales": 0.9, "help": 0.9}, {"sales": [0.9, 0.1, 0.9, 0.9, 0.9, 0.9], "help": [0.9] * 6})
    assert found.plan is not None
    found.plan["queues"]["sales"]["intervals_out_of_reach"] = 1
    found.plan["queues"]["help"]["intervals_out_of_reach"] = 0
    begin = "Targets that no number of agents or channels keeps, or none that is allowed: "
    kind, text = headline(found, Words())
    assert kind == "warn"
    assert text.endswith(f"{begin}sales in 1 of 6 intervals.")
    found.plan["trunk_groups"] = {"main": {"intervals_out_of_reach": 2}, "spare": {"intervals_out_of_reach": 0}}
    assert headline(found, Words())[1].endswith(f"{begin}sales in 1 of 6 intervals, main in 2 of 6 intervals.")


def test_intervals_are_judged_together() -> None:
    levels: list[float | None] = [0.788, *[0.9] * 5]
    assert headline(folder({"sales": 0.9}, {"sales": levels}, half=0.01), Words())[0] == "ok", "one of six may be so"
    assert headline(folder({"sales": 0.9}, {"sales": levels}, half=0.005), Words())[0] == "warn"


@pytest.mark.parametrize(
    ("level", "kind", "words"),
    [(0.7, "alert", "missed, beyond chance, by: sales"), (0.8, "warn", "Too close to say")],
)
def test_what_fails_over_the_whole_time_comes_first(level: float, kind: str, words: str) -> None:
    found = headline(folder({"sales": level}, {"sales": [0.5, *[0.9] * 5]}), Words())
    assert found[0] == kind
    assert words in found[1]
    assert "sales 08:00–08:30" in found[1]


def test_many_stretches_are_cut_short_and_without_targets_nothing_is_said() -> None:
    found = folder({"sales": 0.9}, {"sales": [0.1] * 6})
    found.intervals = [
        found.intervals[0]
        | {"interval_start": f"2026-11-{10 + place // 48:02}T{place // 2 % 24:02}:{place % 2 * 30:02}:00+07:00"}
        | {"service_level": 0.1 if place % 2 else 0.9, "sl_hi": 0.2 if place % 2 else 0.95}
        for place in range(96)
    ]
    text = headline(found, Words())[1]
    assert "10 Nov 00:30–01:00" in text
    assert text.endswith("and 42 more.")
    assert headline(Folder(Path()), Words()) == ("", "")


def test_a_queue_that_nobody_reaches_is_not_said_to_be_kept() -> None:
    found = folder({"sales": 0.9, "fraud": 0.9}, {"sales": [0.9] * 6, "fraud": [None] * 6})
    assert found.run is not None
    found.run["queues"]["fraud"] = {"service_level": {"value": None, "low": None, "high": None}}
    for row in found.queues["fraud"]:
        row["trunk_blocking"] = 1.0
    assert headline(found, Words()) == (
        "alert",
        "No caller reaches: fraud; no call found a channel. Over the whole time every other queue keeps its service "
        "level. Every interval does, too.",
    )
    assert verdict(found, "fraud") == "alert"
    found.run["queues"]["fraud"] = found.run["queues"]["sales"]
    assert verdict(found, "fraud") == "alert", "whoever was handed over is served well"
    found.queues["fraud"][0]["trunk_blocking"] = None
    found.queues["fraud"][1]["trunk_blocking"] = 0.9
    assert verdict(found, "fraud") == "ok"
    found.queues["fraud"][1]["trunk_blocking"] = 1.0
    del found.run["queues"]["sales"]
    assert headline(found, Words("vi"))[0] == "alert"
