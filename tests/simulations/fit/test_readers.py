"""Calls come out of every kind of record as one table; what cannot be used is said with its line."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ConfigError, LogError
from engine.messages.kinds import CONTACT_ANSWERED, CONTACT_QUEUED
from engine.messages.observed import (
    AgentStatusChanged,
    ContactArrived,
    ContactReleased,
    OfferAnswered,
    TransferRequested,
)
from simulations.fit.calls import SECOND_NS, UNKNOWN, local_ns
from simulations.fit.fitted import fit
from simulations.fit.read import read_calls
from simulations.fit.read_log import calls_of
from simulations.fit.retrials import fit_retrials
from simulations.fit.scenario_file import write_scenario
from simulations.scenario.scenario import Scenario
from tests.driver_support import house
from tests.random_day import Day

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"
CSV = """arrival,wait_s,outcome,handle_s,wrap_up_s,queue,priority,agent,customer
2026-11-23 08:00:05,12.5,answered,180,20,sales,2,Ann,c1
2026-11-23 08:01:00+07:00,30,abandoned,,,sales,,,c2
1795424460,7,other,,,support,,,
"""


def written(folder: Path, text: str, name: str = "calls.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_becomes_a_table_in_order_of_arrival(tmp_path: Path) -> None:
    calls = read_calls(written(tmp_path, CSV), "Asia/Ho_Chi_Minh")
    rows = calls.rows
    assert calls.types == ("sales", "support")
    assert calls.agents == ("Ann",)
    assert np.diff(rows["arrival_ns"]).min() >= 0
    ann = rows[rows["agent"] == 0][0]
    assert (ann["wait_ns"], ann["handle_ns"], ann["wrap_up_ns"]) == (12_500_000_000, 180 * SECOND_NS, 20 * SECOND_NS)
    assert (int(ann["priority"]), bool(ann["answered"]), bool(ann["abandoned"])) == (2, True, False)
    gone = rows[rows["abandoned"]][0]
    assert (int(gone["arrival_ns"]) - int(ann["arrival_ns"])) == 55 * SECOND_NS, "local, and with its offset"
    assert gone["handle_ns"] == UNKNOWN
    assert not (rows["answered"] | rows["abandoned"])[rows["type"] == 1].any()


def test_a_heading_without_a_needed_column_is_refused_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no column 'wait_s'; did you mean 'wait'"):
        read_calls(written(tmp_path, "arrival,wait,outcome\n"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("soon,1,answered", "calls.csv:2: the arrival 'soon' is no time"),
        ("2026-11-23 08:00,-1,answered", "calls.csv:2: wait_s '-1' is not a number of seconds"),
        ("2026-11-23 08:00,nan,answered", "calls.csv:2: wait_s 'nan'"),
        ("2026-11-23 08:00,1,gone", "calls.csv:2: the outcome 'gone' is none of answered, abandoned, other"),
        ("1e400,1,answered", "calls.csv:2: the arrival '1e400' is no time"),
    ],
)
def test_a_bad_line_is_said_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    path = written(tmp_path, f"arrival,wait_s,outcome\n{line}\n2026-11-23 08:00,1,answered\n")
    with pytest.raises(ConfigError) as refused:
        read_calls(path)
    assert said in str(refused.value)
    assert "--bad-lines 1" in str(refused.value)
    borne = read_calls(path, bad_lines=1)
    assert len(borne.rows) == 1
    assert borne.remarks == {"bad lines passed over": 1}


def test_only_so_many_bad_lines_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, "arrival,wait_s,outcome\n" + "x,1,answered\n" * 500)
    with pytest.raises(ConfigError) as refused:
        read_calls(path)
    assert len(refused.value.faults) == 21
    assert "480 more lines; 500 bad lines" in refused.value.faults[-1]


def test_something_else_is_said_to_be_something_else(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="neither a queue_log nor a CSV"):
        read_calls(written(tmp_path, "once upon a time\n"))
    with pytest.raises(ConfigError, match="there is no call in it"):
        read_calls(written(tmp_path, "arrival,wait_s,outcome\n"))
    with pytest.raises(LogError, match="there is no log in"):
        read_calls(tmp_path)


QUEUE_LOG = """100|NONE|NONE|NONE|QUEUESTART|
101|1|sales|NONE|ENTERQUEUE||4711|1
104|1|sales|Ann|CONNECT|3|ch|1
109|2|sales|NONE|ENTERQUEUE||4712|1
120|1|sales|Ann|COMPLETECALLER|3|16|1
130|2|sales|NONE|ABANDON|1|1|21
131|3|sales|NONE|ENTERQUEUE||4713|1
133|3|sales|Ann|RINGNOANSWER|2000
140|3|sales|NONE|EXITWITHTIMEOUT|1|1|9
141|3|late|NONE|ENTERQUEUE||4713|1
142|3|late|Bob|CONNECT|1|ch|1
150|3|late|Bob|ATTENDEDTRANSFER|BRIDGE|x|1|8|1
151|9|sales|Ann|COMPLETEAGENT|3|4|1
160|4|sales|NONE|ENTERQUEUE||4714|1
170|NONE|NONE|NONE|QUEUESTART|
"""


def test_a_queue_log_is_followed_call_by_call(tmp_path: Path) -> None:
    calls = read_calls(written(tmp_path, QUEUE_LOG, "queue_log"))
    rows = calls.rows
    assert calls.types == ("sales", "late")
    assert rows["wait_ns"].tolist() == [seconds * SECOND_NS for seconds in (3, 21, 9, 1)]
    assert rows["handle_ns"].tolist() == [16 * SECOND_NS, UNKNOWN, UNKNOWN, 8 * SECOND_NS]
    assert rows["answered"].tolist() == [True, False, False, True]
    assert rows["abandoned"].tolist() == [False, True, False, False]
    assert rows["customer"][2] == rows["customer"][3]
    assert calls.remarks == {
        "COMPLETEAGENT of a call whose entry is not in the file": 1,
        "still in the queue when Asterisk started anew": 1,
    }


def test_nobody_in_particular_calls_again(tmp_path: Path) -> None:
    lines = []
    for number in range(400):
        name = ("anonymous", "<Unknown>", "4000", f"09{number}")[number % 4]
        at_s = 1_700_000_000 + 60 * number
        lines += [
            f"{at_s}|c{number}|sales|NONE|ENTERQUEUE||{name}|1",
            f"{at_s + 20}|c{number}|sales|NONE|ABANDON|1|1|20",
        ]
    calls = read_calls(written(tmp_path, "\n".join(lines) + "\n", "queue_log"))
    assert (calls.rows["customer"] == UNKNOWN).sum() == 300, "who has no name, and the number of a switchboard"
    assert calls.remarks["of a number that very many calls have: nobody knows whose"] == 100
    assert fit_retrials(calls).share.n == 100
    assert fit_retrials(calls).share.value == 0.0


def test_who_goes_on_in_another_queue_has_not_called_again(tmp_path: Path) -> None:
    lines = ["1|NONE|NONE|NONE|QUEUESTART|"]
    for number in range(60):
        at_s, call = 1_700_000_000 + 60 * number, f"c{number}"
        lines += [
            f"{at_s}|{call}|sales|NONE|ENTERQUEUE||09{number}|1",
            f"{at_s + 30}|{call}|sales|NONE|EXITWITHTIMEOUT|1|1|30",
            f"{at_s + 30}|{call}|late|NONE|ENTERQUEUE||09{number}|1",
            f"{at_s + 31}|{call}|late|Bob|CONNECT|1|ch|1",
            f"{at_s + 41}|{call}|late|Bob|{'ATTENDEDTRANSFER|BRIDGE|x' if number % 2 else 'COMPLETECALLER'}|1|10|1",
        ]
        if number % 2:
            lines += [
                f"{at_s + 41}|{call}|desk|NONE|ENTERQUEUE||09{number}|1",
                f"{at_s + 41}|{call}|desk|Eve|CONNECT|0|ch|1",
                f"{at_s + 46}|{call}|desk|Eve|COMPLETECALLER|0|5|1",
            ]
    path = written(tmp_path, "\n".join(lines) + "\n", "queue_log")
    found = fit(calls := read_calls(path))
    sales, late, desk = found.queues
    assert [sum(queue.arrivals.volumes) for queue in found.queues] == [60, 0, 0]
    assert [(way.to, way.talked, way.share.value, way.after_s) for way in sales.ways_on] == [("late", False, 1.0, 30.0)]
    assert [(way.to, way.talked, way.share.value) for way in late.ways_on] == [("desk", True, 0.5)]
    assert desk.ways_on == []
    out = tmp_path / "day.yaml"
    write_scenario(found, calls, out)
    file = Scenario.load(out).file
    assert [(step.after_ns, step.to) for step in file.queues["sales"].steps] == [(30 * SECOND_NS, "late")]
    transfers = file.queues["late"].transfers
    assert transfers is not None
    assert (transfers.share, transfers.to) == (0.5, "desk")
    assert file.queues["late"].arrivals is None, "nobody begins there"


@pytest.mark.parametrize(("between", "came_on"), [(1, True), (2, False)])
def test_where_calls_came_from_is_kept_of_so_many_that_left_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, between: int, came_on: bool
) -> None:
    monkeypatch.setattr("simulations.fit.read_queue_log.GONE_MAX", 2)
    lines = []
    for at_s, call in enumerate(["early", "c0", "early", *(f"c{number}" for number in range(1, between + 1))], 100):
        lines += [
            f"{at_s}|{call}|sales|NONE|ENTERQUEUE||4711|1",
            f"{at_s}|{call}|sales|NONE|EXITWITHTIMEOUT|1|1|0",
        ]
    lines += ["200|early|late|NONE|ENTERQUEUE||4711|1", "201|early|late|NONE|ABANDON|1|1|1"]
    calls = read_calls(written(tmp_path, "\n".join(lines) + "\n", "queue_log"))
    assert calls.rows["came_on"][-1] == came_on


async def test_of_our_own_log_too(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(AgentStatusChanged(agent="alice", status="available"))
        await h.tell(ContactArrived(contact="one", queue="sales"))
        await h.tell(OfferAnswered(contact="one", agent="alice"))
        await h.pass_time(60)
        await h.tell(TransferRequested(contact="one", queue="help"))
        await h.pass_time(30)
        calls = calls_of(h.log.read_runs(), "a log", "UTC")
    first, second = calls.rows
    assert calls.types[first["type"]] == "sales"
    assert not first["came_on"]
    assert second["came_on"]
    assert second["by_transfer"]
    assert calls.types[second["came_from"]] == "sales"


def test_a_csv_may_name_channels(tmp_path: Path) -> None:
    text = "arrival,wait_s,outcome,queue,channel\n2026-11-23 08:00,1,answered,web,chat\n"
    assert [told.channel for told in read_calls(written(tmp_path, text)).told] == ["chat"]
    for line, said in (
        ("2026-11-23 08:01,1,answered,web,email", "the queue 'web' is of the channel chat"),
        ("2026-11-23 08:01,1,answered,fax,fax", "the channel 'fax' is none of voice, chat, email, task"),
    ):
        with pytest.raises(ConfigError, match=said):
            read_calls(written(tmp_path, text + line + "\n"))


def test_a_queue_log_cut_off_within_a_line_says_so(tmp_path: Path) -> None:
    cut = "\n".join([*QUEUE_LOG.splitlines()[:3], "120|1|sales|Ann|COMPLETECALLER|3"])
    path = written(tmp_path, cut, "queue_log")
    with pytest.raises(ConfigError, match=r"queue_log:4: .*is the line cut off\?"):
        read_calls(path)


def test_the_recorded_queue_log_of_a_real_asterisk() -> None:
    path = SHARED / "asterisk" / "scenarios_and_sip_phones.queue_log"
    if not path.exists():
        pytest.skip("the recordings of Asterisk are not there")
    calls = read_calls(path)
    lines = path.read_text().splitlines()
    events = [line.split("|")[4] for line in lines]
    assert int(calls.rows["abandoned"].sum()) == events.count("ABANDON")
    assert int(calls.rows["answered"].sum()) == events.count("CONNECT")
    still = calls.remarks.get("still there when the file ends", 0)
    assert len(calls.rows) == events.count("ENTERQUEUE") - still


BANK = (
    "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\tq_exit\tq_time"
    "\toutcome\tser_start\tser_exit\tser_time\tserver\n"
    "A\t1\t9\t2\tPS\t990103\t8:00:00\t8:00:10\t10\t8:00:10\t8:00:40\t30\tAGENT\t8:00:40\t8:01:40\t60\tMICHAL\n"
    "A\t2\t0\t0\tNW\t990103\t8:00:00\t8:00:09\t9\t0:00:00\t0:00:00\t0\tAGENT\t8:00:09\t8:00:09\t0\tNO_SERVER\n"
    "A\t3\t8\t0\tPS\t990103\t8:01:00\t8:01:05\t5\t8:01:05\t8:01:07\t2\tHANG\t0:00:00\t0:00:00\t0\tNO_SERVER\n"
    "A\t4\t0\t0\tPS\t990103\t8:02:00\t8:02:05\t5\t0:00:00\t0:00:00\t0\tHANG\t0:00:00\t0:00:00\t0\tNO_SERVER\n"
    "A\t5\t0\t0\tPS\t990103\t8:02:00\t8:02:05\t5\t8:02:05\t8:02:09\t4\tPHANTOM\t0:00:00\t0:00:00\t0\tNO_SERVER\n"
)


@pytest.mark.parametrize("packed", [False, True])
def test_a_bank_file_with_all_its_traps(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "bank.txt"
    path.write_bytes(gzip.compress(BANK.encode()) if packed else BANK.encode())
    calls = read_calls(path)
    rows = calls.rows
    assert len(rows) == 3
    assert sorted(rows["wait_ns"].tolist()) == [0, 2 * SECOND_NS, 30 * SECOND_NS]
    assert calls.agents == ("MICHAL",)
    assert rows["handle_ns"][rows["wait_ns"] == 0] == UNKNOWN
    assert rows["customer"][rows["wait_ns"] == 0] == UNKNOWN
    clock = local_ns(rows["arrival_ns"], calls.time_zone) % (86_400 * SECOND_NS) // SECOND_NS
    assert sorted(clock.tolist()) == [8 * 3600 + 9, 8 * 3600 + 10, 8 * 3600 + 65]
    assert calls.remarks == {
        "phantom lines: no calls": 1,
        "hung up before the queue": 1,
        "answered, but nobody knows how long": 1,
    }


def test_a_bank_line_without_its_tabs_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"bank\.txt:7: there are 1 columns, not 17"):
        read_calls(written(tmp_path, BANK + "A 6 0\n", "bank.txt"))


async def test_a_log_of_our_own(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(AgentStatusChanged(agent="alice", status="available"))
        for contact, customer in (("one", "+84 1"), ("two", "+84 2"), ("three", "+84 1")):
            await h.tell(ContactArrived(contact=contact, queue="help", priority=2, customer=customer))
        await h.pass_time(3)
        await h.tell(OfferAnswered(contact="one", agent="alice"))
        await h.pass_time(60)
        await h.tell(ContactReleased(contact="two", by="customer"), ContactReleased(contact="one", by="agent"))
        await h.pass_time(10)
        calls = calls_of(h.log.read_runs(), "a log", "UTC")
    rows = np.sort(calls.rows, order="wait_ns")
    assert calls.agents == ("alice",)
    assert {calls.types[number] for number in rows["type"]} == {"help"}
    assert rows["wait_ns"].tolist() == [3 * SECOND_NS, 63 * SECOND_NS, 73 * SECOND_NS]
    assert rows["handle_ns"].tolist() == [60 * SECOND_NS, UNKNOWN, UNKNOWN]
    assert rows["wrap_up_ns"].tolist() == [10 * SECOND_NS, UNKNOWN, UNKNOWN]
    assert rows["priority"].tolist() == [2, 2, 2]
    assert rows["answered"].tolist() == [True, False, False]
    assert rows["abandoned"].tolist() == [False, True, False]
    assert rows["customer"][0] == rows["customer"][2] != rows["customer"][1]
    assert calls.remarks == {"still there when the log ends: counted as far as known": 1}


async def test_of_a_random_day_no_entry_to_a_queue_is_missed(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await Day(5).run(h, 400)
        kinds = h.kinds()
        calls = calls_of(h.log.read_runs(), "a log", "UTC")
    assert len(calls.rows) == kinds.count(CONTACT_QUEUED)
    assert calls.rows["answered"].sum() <= kinds.count(CONTACT_ANSWERED)
    assert calls.rows["answered"].sum() > 20
    assert (calls.rows["wait_ns"] >= 0).all()
