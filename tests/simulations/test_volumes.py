"""Volumes of files and lists: brought to the intervals of the horizon by their clock; told where they do not fit."""

import re
from pathlib import Path

import pytest

from engine.errors import ConfigError
from simulations.scenario.portable import portable
from simulations.scenario.scenario import Scenario

GOOD = """
time_zone: Europe/Berlin
horizon: {from: 2026-11-23 08:00, to: 2026-11-23 10:00, interval: 30m}
queues:
  sales:
    arrivals: {csv: day.csv}
    handle: {talk: 3m}
    agents: 8
"""
HALF_HOURS = "interval_start,volume\n07:30,5\n08:00,10\n8:30,20\n09:00,30\n09:30,40\n10:00,50\n"
ARRIVALS = "{csv: day.csv}"


def volumes(folder: Path, day: str = HALF_HOURS, changes: tuple[str, ...] = (), text: str = GOOD) -> list[float]:
    """Return the volumes of the scenario whose file of volumes is `day`."""
    (folder / "day.csv").write_text(day, encoding="utf-8")
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    scenario = Scenario.load(path, changes)
    arrivals = scenario.file.queues["sales"].arrivals
    assert arrivals is not None
    assert portable(scenario)["queues"]["sales"]["arrivals"] == {"volumes": arrivals.volumes}
    assert arrivals.volumes is not None
    return arrivals.volumes


def fault(folder: Path, day: str = HALF_HOURS, changes: tuple[str, ...] = (), text: str = GOOD) -> str:
    """Return what is wrong with it, without the folder."""
    with pytest.raises(ConfigError) as raised:
        volumes(folder, day, changes, text)
    (found,) = raised.value.faults
    return found.replace(str(folder), "")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ((), [10, 20, 30, 40]),
        (("horizon.from=2026-11-23 09:00",), [30, 40]),
        (("horizon.from=2026-11-23 07:30", "horizon.to=2026-11-23 08:30"), [5, 10]),
        (("horizon.interval=1h",), [30, 70]),
        (("horizon.interval=15m",), [5, 5, 10, 10, 15, 15, 20, 20]),
        (("horizon.from=2026-11-23 08:15", "horizon.to=2026-11-23 09:00", "horizon.interval=15m"), [5, 10, 10]),
    ],
)
def test_rows_with_a_clock_are_aligned_by_it(tmp_path: Path, changes: tuple[str, ...], expected: list[float]) -> None:
    assert volumes(tmp_path, changes=changes) == expected
    shuffled = "".join([HALF_HOURS.splitlines(keepends=True)[0], *reversed(HALF_HOURS.splitlines(keepends=True)[1:])])
    assert volumes(tmp_path, shuffled, changes) == expected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (("horizon.interval=20m",), "a row every 30 min, which neither divides the interval of 20 min nor"),
        (
            ("horizon.from=2026-11-23 07:00",),
            "no row for 2026-11-23 07:00; its rows are from 07:30 to 10:00, 30 min each",
        ),
        (("horizon.to=2026-11-23 11:00",), "no row for 2026-11-23 10:30"),
        (("horizon.to=2026-11-24 10:00",), "the horizon has more than one day; say 'repeat: true' if every day"),
    ],
)
def test_a_grid_that_does_not_fit_is_told_with_what_to_do(tmp_path: Path, changes: tuple[str, ...], said: str) -> None:
    found = fault(tmp_path, changes=changes)
    assert said in found
    assert re.match(r"--set horizon\.\w+=[^=]+: /scenario\.yaml:6:21: ", found), found


def test_rows_that_begin_between_intervals_are_told(tmp_path: Path) -> None:
    day = HALF_HOURS.replace("00,", "10,").replace("30,", "40,")
    assert "no row of day.csv begins at 2026-11-23 08:00, when an interval does; its rows begin at 07:40" in fault(
        tmp_path, day
    )


def test_a_day_repeats_where_the_scenario_says_so(tmp_path: Path) -> None:
    day = "interval_start,volume\n" + "".join(f"{(8 + hour) % 24:02}:00,{hour}\n" for hour in range(24))
    changes = ("horizon.to=2026-11-24 12:00", "horizon.interval=1h")
    assert "say 'repeat: true'" in fault(tmp_path, day, changes)
    found = volumes(tmp_path, day, (*changes, "queues.sales.arrivals.repeat=true"))
    assert found == [*range(24), 0, 1, 2, 3]


def test_dates_and_times_are_instants(tmp_path: Path) -> None:
    day = "interval_start,volume\n2026-11-23T06:00:00+00:00,1\n2026-11-23T07:00:00+00:00,2\n2026-11-23 09:00,3\n"
    assert volumes(tmp_path, day, ("horizon.interval=1h",)) == [2, 3], "eight in Berlin is seven in UTC"
    assert volumes(tmp_path, day) == [1, 1, 1.5, 1.5]
    other = ("horizon.from=2026-11-23 07:00", "horizon.to=2026-11-23 11:00", "horizon.interval=1h")
    assert "no row for 2026-11-23 10:00" in fault(tmp_path, day, other)
    assert volumes(tmp_path, day, (*other, "queues.sales.arrivals.repeat=true")) == [1, 2, 3, 1]


def test_the_clock_of_the_wall_counts_when_it_is_put_back(tmp_path: Path) -> None:
    day = "interval_start,volume\n" + "".join(f"{hour:02}:00,{hour}\n" for hour in range(24))
    changes = ("horizon.from=2026-10-25 00:00", "horizon.to=2026-10-26 00:00", "horizon.interval=1h")
    assert volumes(tmp_path, day, changes) == [0, 1, 2, 2, *range(3, 24)]


@pytest.mark.parametrize("arrivals", ["{csv: day.csv}", "{volumes: [1, 2, 3]}"])
def test_without_a_clock_there_is_one_an_interval(tmp_path: Path, arrivals: str) -> None:
    text, day = GOOD.replace(ARRIVALS, arrivals), "volume\n1\n2\n3\n"
    found = fault(tmp_path, day, text=text)
    assert "the horizon has 4 intervals of 30 min; give one an interval" in found
    assert "'repeat: true'" in found
    assert ("'interval_start'" in found) == ("csv" in arrivals)
    assert "2 intervals" in fault(tmp_path, day, ("horizon.to=2026-11-23 09:00",), text)
    assert volumes(tmp_path, day, ("horizon.to=2026-11-23 09:30",), text) == [1, 2, 3]
    assert volumes(tmp_path, day, ("queues.sales.arrivals.repeat=true",), text) == [1, 2, 3, 1]


@pytest.mark.parametrize(
    ("arrivals", "day", "said"),
    [
        ("{csv: day.csv, column: vol}", HALF_HOURS, "day.csv has no column 'vol'; there is interval_start, volume"),
        ("{csv: none.csv}", HALF_HOURS, "none.csv cannot be read: No such file"),
        ("{csv: day.csv, column: interval_start}", HALF_HOURS, "day.csv:2: a volume is no number: '07:30'"),
        (ARRIVALS, HALF_HOURS.replace("09:00,30", "09:00,-30"), "day.csv:5: a volume must be from 0 to 10,000,000"),
        (ARRIVALS, HALF_HOURS.replace("09:00,30", "09:00,nan"), "day.csv:5: a volume must be from 0 to 10,000,000"),
        (ARRIVALS, HALF_HOURS.replace("09:00", "9 o'clock"), "day.csv:5: '9 o'clock' in 'interval_start' is no time"),
        (ARRIVALS, HALF_HOURS.replace("09:00", "25:00"), "day.csv:5: '25:00' in 'interval_start' is no time"),
        (ARRIVALS, HALF_HOURS.replace("09:00", "8:30"), "day.csv:5: '8:30' stands twice in 'interval_start'"),
        (ARRIVALS, HALF_HOURS.replace("09:00", "2026-11-23 09:00"), "a time of day in some rows, and a date and time"),
        (ARRIVALS, HALF_HOURS.replace("09:00,30\n", ""), "day.csv has no row for 2026-11-23 09:00"),
        (ARRIVALS, "volume\n", "day.csv has a heading and no volumes"),
        ("{volumes: []}", "", "there must be one volume at least"),
        ("{rate: 1/min, repeat: true}", "", "only volumes of a list or a file repeat"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, arrivals: str, day: str, said: str) -> None:
    assert said in fault(tmp_path, day, text=GOOD.replace(ARRIVALS, arrivals))
