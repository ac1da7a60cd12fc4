"""The page of a report: what it holds, that nothing in a name can run, and that it stays small."""

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec
import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

import simulations.compare.sensitivity
from simulations.commands import report_run
from simulations.commands.report import report as report_command
from simulations.compare.paired import compared
from simulations.compare.sensitivity import kept_sensitivity
from simulations.compare.sweep import sweep
from simulations.compare.sweep_told import write_sweep
from simulations.compare.vary import parse_vary
from simulations.experiment.detail import pool_rows
from simulations.experiment.files import write_json
from simulations.experiment.intervals import interval_rows
from simulations.experiment.simulate import simulate
from simulations.queueing import agents_for, erlang_c
from simulations.report.comparison import comparison
from simulations.report.folder import Folder, ResultsUnreadable, read_folder
from simulations.report.heat_map import heat_map
from simulations.report.page import page, sections
from simulations.report.pools import pools_in
from simulations.report.section import Missing, Section
from simulations.report.wording import FOLDER, LANGUAGES, Words
from simulations.scenario.agent_time import at_once, place_s
from simulations.scenario.scenario import Scenario
from simulations.solve.demand import expected_contacts, needs_of
from simulations.solve.goals import goals_of
from tests.simulations.report.results import HOSTILE, RAW, TITLE, played, whole

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
BYTES_MAX = 300_000
PICTURES = ["staffing", "heat", "waits", "trade_off", "sensitivity", "trunks", "convergence"]


class Read(HTMLParser):
    """What a browser would make of a page: elements with attributes, and the text of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.cells: list[str] = []
        self._last = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._last = tag

    def handle_endtag(self, tag: str) -> None:
        self._last = ""

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._last in ("td", "th"):
            self.cells.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


@pytest.fixture(scope="module")
def text() -> str:
    return page(whole())


def by_key(found: list[Section | Missing]) -> dict[str, Section]:
    return {one.key: one for one in found if isinstance(one, Section)}


def said(*arguments: str) -> Result:
    """What the command said to these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(report_command)
    return CliRunner().invoke(app, list(arguments))


def test_a_page_that_no_browser_opens_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sweep.json").write_text(json.dumps({"points": [], "varied": [], "figures": {}}), encoding="utf-8")
    monkeypatch.setattr(report_run, "page", lambda *_: "")
    for opens, told in ((True, False), (False, True)):
        monkeypatch.setattr("webbrowser.open", lambda _, opens=opens: opens)
        done = said(str(tmp_path), "--open")
        assert (done.exit_code, "note: no browser could be opened here" in done.stderr) == (0, told), done.output


def test_every_picture_has_a_title_a_description_and_its_table(text: str) -> None:
    read = Read(text)
    assert [attributes["id"] for tag, attributes in read.elements if tag == "section"][:-2] == PICTURES
    pictures = [attributes for tag, attributes in read.elements if tag == "svg" and attributes.get("role") == "img"]
    named = {attributes["id"] for tag, attributes in read.elements if tag in ("title", "desc") and "id" in attributes}
    assert len(pictures) >= 12
    for one in pictures:
        assert set((one["aria-labelledby"] or "").split()) <= named
    assert read.count("details") == len(PICTURES)
    assert read.count("caption") == len(PICTURES) + 1, "and one table of the queues"


def test_nothing_in_a_name_can_run(text: str) -> None:
    read = Read(text)
    assert {"script", "img", "iframe", "object", "link", "b"}.isdisjoint(tag for tag, _ in read.elements)
    for _, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "action")]
        assert (attributes.get("href") or "#").startswith("#")
    assert HOSTILE in read.text
    assert TITLE in read.text
    assert read.text[read.text.index(f"{TITLE} – Trunkline")], "the title of the window, too"
    policy = next(one["content"] or "" for tag, one in read.elements if tag == "meta" and "http-equiv" in one)
    style = re.search(r"<style>(.*)</style>", text, re.DOTALL)
    assert style is not None
    digest = b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert not re.search(r"https?://|url\(|@import", text)
    assert len(text.encode()) < BYTES_MAX


def test_figures_are_those_of_the_folder(text: str) -> None:
    folder, read = whole(), Read(text)
    say = Words("en")
    row = folder.queues["sales"][2]
    assert say.shares((row["service_level"], row["sl_lo"], row["sl_hi"])) in read.cells
    assert folder.run is not None
    level = folder.run["queues"]["sales"]["service_level"]
    assert say.shares((level["value"], level["low"], level["high"])) in read.cells
    (threshold,) = (row for row in folder.waits if (row["queue"], row["within_s"]) == ("sales", 20.0))
    assert threshold["share"] == pytest.approx(level["value"])
    assert [row["channels"] for row in folder.trunks] == [14, 14, 5, 14], "half an hour of them cut"
    assert folder.trunks[2]["peak_p99"] <= 14, "calls that began before hold theirs"
    assert "City lines" in read.text, "the trunk group is called as it is shown"


def test_numbers_and_words_are_the_readers(text: str) -> None:
    vietnamese = Read(page(whole(), "vi"))
    assert vietnamese.elements[0] == ("html", {"lang": "vi"})
    assert "Nhân sự so với nhu cầu" in vietnamese.text
    assert Words("vi").limits((1234.5, 0.25, 2000.0)) == "1.234,5 (0,2–2.000,0)"
    assert Words("en").limits((-1.25, -2.0, 0.5), 1) == "−1.2 (−2.0 to 0.5)"
    assert Words("en").shares((0.99, 0.97, 1.01)) == "99.0 (97.0–100.0)"
    assert (Words("en").duration(200.0), Words("vi").duration(7500.0)) == ("3 min 20 s", "2 giờ 05 phút")
    assert Words("en").compact(-1_500_000) == "−1.5 M"


def test_catalogues_say_the_same() -> None:
    said_by = {name: json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) for name in LANGUAGES}
    fields = {
        name: {key: {field for _, field, _, _ in Formatter().parse(words) if field} for key, words in found.items()}
        for name, found in said_by.items()
    }
    assert fields["en"] == fields["vi"]


def test_what_is_required_and_traded_is_erlangs() -> None:
    raw: dict[str, Any] = {
        "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m", "warm_up": "10h"},
        "queues": {
            "calls": {
                "service_level": "80% in 20s",
                "arrivals": {"rate": "2.4/min"},
                "handle": {"talk": "exponential(4m)"},
                "strategy": "longest-idle",
                "agents": 12,
            }
        },
    }
    scenario = Scenario.of(raw)
    needed = needs_of(scenario, [[True]], list(goals_of(scenario.file, {}, {}).values()))
    assert needed[0].tolist() == [agents_for(144.0, 240.0, service_level=0.8, within_s=20.0)] * 4
    folder = Folder(Path(), scenario=scenario)
    folder.intervals = [{"queue": "calls", "interval_start": "2026-11-23T08:00", "interval_s": 1800.0}]
    folder.intervals[0] |= {"offered": 72.0, "aht_s": 240.0, "talk_s": 240.0, "wrap_s": 0.0}
    figures = ("offered", "service_level", "abandon_rate", "asa_s", "occupancy", "cost")
    row = {f"{name}{end}": 72.0 for name in figures for end in ("", "_lo", "_hi")}
    folder.pools = [row | {"pool": "calls", "aht_s": 240.0, "agents_actual": 12.0, "agents_scheduled": 12.0}]
    (pool,) = pools_in(folder)
    exact = erlang_c(144.0, 240.0, pool.agents, within_s=20.0)
    np.testing.assert_allclose(pool.level, exact.service_level_offered)
    np.testing.assert_allclose(pool.asa_s, exact.asa_s)
    chat = scenario.changed("queues.calls.channel=chat", "channels.chat={capacity: 4, slower: 10%}")
    calls = chat.file.queues["calls"]
    assert at_once(chat.file, calls) == 4
    assert place_s(chat.file, calls) == pytest.approx(1.3 * 240.0)


@pytest.mark.parametrize("formula", ["offered", "answered", "all"])
@pytest.mark.parametrize("ring", [None, "5s"])
def test_the_curve_counts_the_contacts_that_the_simulated_point_counts(formula: str, ring: str | None) -> None:
    """Impatient callers, a fifth of whom give up within `short_abandon`, and some of whom balk."""
    raw: dict[str, Any] = {
        "horizon": {"from": "2026-11-23 00:00", "to": "2026-11-24 00:00", "interval": "24h", "warm_up": "24h"},
        "service_level_formula": formula,
        "queues": {
            "calls": {
                "service_level": {"threshold": "30s", "target": 0.8, "short_abandon": "15s"},
                "arrivals": {"rate": "3/min"},
                "handle": {"talk": "exponential(4m)"},
                "patience": {"distribution": "exponential(1m)", "balk": "5%" if ring is None else "0%"},
                "strategy": "longest-idle",
                "agents": 10,
            }
            | ({"ring": {"answer": ring}} if ring else {})
        },
    }
    scenario = Scenario.of(raw)
    run = simulate(scenario, replications=30, seed=3)
    folder = Folder(Path(), scenario=scenario, intervals=interval_rows(run), pools=list(pool_rows(run)))
    (pool,) = pools_in(folder)
    at, found = pool.agents.tolist().index(10), run.estimate("service_level", "calls")
    assert pool.level[at] == pytest.approx(found.value, abs=2 * found.half_width)
    assert found.half_width < 0.01, "else it could not fail"


@pytest.mark.parametrize(("columns", "written"), [(16, ["100", "82"]), (48, ["82"])])
def test_numbers_of_a_map_do_not_run_into_each_other(columns: int, written: list[str]) -> None:
    rows: list[dict[str, Any]] = []
    for place in range(columns):
        start = f"2026-11-23T{place // 4:02}:{place % 4 * 15:02}+07:00"
        row = {"queue": "calls", "interval_start": start, "interval_s": 900.0, "service_level": 0.82 if place else 1.0}
        rows.append(row | {"sl_lo": None, "sl_hi": None})
    section = heat_map(Folder(Path(), intervals=rows), Words())
    assert isinstance(section, Section)
    (panel,) = section.panels
    groups = [shape for shape in panel.shapes if "cell" in shape.get("class", "")]
    assert sorted({text.text or "" for group in groups for text in group}) == written


def test_nobody_is_required_while_a_queue_is_closed() -> None:
    raw: dict[str, Any] = {
        "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"},
        "opening_hours": {"late": {"time_zone": "UTC", "weekly": {"monday": "9:15-20:00"}}},
        "queues": {
            "calls": {
                "service_level": "80% in 20s",
                "arrivals": {"rate": "2/min"},
                "handle": {"talk": "exponential(4m)"},
                "strategy": "longest-idle",
                "opening_hours": "late",
                "agents": 12,
            }
        },
    }
    scenario = Scenario.of(raw)
    queue = scenario.file.queues["calls"]
    assert expected_contacts(scenario, queue).tolist() == [0, 0, 30, 60]
    needed = needs_of(scenario, [[True]], list(goals_of(scenario.file, {}, {}).values()))[0].tolist()
    assert needed[:2] == [0, 0]
    assert 0 < needed[2] < needed[3]


def test_more_callers_cost_service_with_limits_that_leave_out_nothing() -> None:
    found = whole().sensitivity
    assert found is not None
    moved = {(row["factor"], row["change"] > 0): row for row in found["changes"]}
    assert moved["volume", True]["service_level"]["high"] < 0 < moved["volume", False]["service_level"]["low"]
    assert moved["shrinkage", True]["cost"]["value"] is not None
    assert set(moved["aht", True]["queues"]) == {"sales", HOSTILE}


def test_what_was_played_for_sensitivity_is_not_played_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("played again")

    monkeypatch.setattr(simulations.compare.sensitivity, "simulate", fail)
    folder = whole()
    assert folder.scenario is not None
    with pytest.raises(AssertionError, match="played again"):
        kept_sensitivity(folder.scenario, (folder.run or {}) | {"seed": 6}, played())


def test_sensitivity_is_played_again_when_a_file_that_the_scenario_names_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("60\n120\n500\n")
    sales = {"arrivals": {"trace": "trace.csv"}, "handle": {"talk": "5m"}, "patience": "exponential(1m)", "agents": 1}
    hours = {"from": "2026-11-23 08:00", "to": "2026-11-23 09:00"}
    raw = {"horizon": hours, "queues": {"sales": sales}}
    run = {"replications": 2, "seed": 1, "contacts": 6}
    found = kept_sensitivity(Scenario.of(raw, tmp_path), run, tmp_path)
    plays = []

    def counted(*of: Any, **more: Any) -> Any:
        plays.append(of)
        return simulate(*of, **more)

    monkeypatch.setattr(simulations.compare.sensitivity, "simulate", counted)
    assert kept_sensitivity(Scenario.of(raw, tmp_path), run, tmp_path) == found
    assert not plays
    trace.write_text("60\n61\n62\n")
    other = kept_sensitivity(Scenario.of(raw, tmp_path), run, tmp_path)
    assert plays
    assert other["base"] != found["base"]


def test_a_plan_and_the_run_of_another_are_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"scenario_hash": "a"}))
    (tmp_path / "plan.json").write_text(json.dumps({"scenario_hash": "b"}))
    with pytest.raises(ResultsUnreadable, match=r"run\.json is not of the plan in plan\.json"):
        read_folder(tmp_path)
    (tmp_path / "plan.json").write_text(json.dumps({"scenario_hash": "a"}))
    assert read_folder(tmp_path).plan == {"scenario_hash": "a"}


def test_the_command_writes_a_page_and_tells_what_it_lacks(tmp_path: Path) -> None:
    run = json.loads((played() / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(run))
    done = said(str(tmp_path), "-o", str(tmp_path / "page.html"), "--language", "vi")
    assert done.exit_code == 0, done.stderr
    read = Read((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "trunkline simulate FILE -o DIR" in read.text
    assert read.count("svg") == 0, "nothing is drawn empty"
    assert said(str(played()), "--no-sensitivity").exit_code == 0
    assert (played() / "report.html").stat().st_size < BYTES_MAX


def test_folders_without_results_are_refused(tmp_path: Path) -> None:
    done = said(str(tmp_path))
    assert (done.exit_code, "trunkline simulate FILE -o" in done.stderr) == (5, True)
    (tmp_path / "run.json").write_text("{")
    done = said(str(tmp_path))
    assert (done.exit_code, "run.json" in done.stderr) == (5, True)
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "intervals.csv").write_text("queue,offered\nsales,many\n")
    done = said(str(tmp_path))
    assert (done.exit_code, "intervals.csv" in done.stderr) == (5, True)


def test_a_comparison_tells_who_wins(tmp_path: Path) -> None:
    scenario = Scenario.of(RAW)
    rows = compared(simulate(scenario, 4), simulate(scenario.changed("agents.sellers.count=12"), 4))
    made = {"one": "eight", "other": "twelve", "seed": 5, "replications": 4, "confidence": 0.95, "currency": "VND"}
    write_json(made | {"figures": rows, "version": "1"}, tmp_path / "compare.json")
    found = by_key(sections(read_folder(tmp_path), Words("en")))
    assert any("twelve is better in service level" in sentence for sentence in found["comparison"].lead)
    assert Read(page(read_folder(tmp_path))).count("svg") >= 3


def test_amounts_of_a_comparison_are_rounded_and_what_is_not_drawn_is_no_evidence() -> None:
    same = {"value": -23_846_496.69, "low": -24_000_000.0, "high": -23_700_000.0}
    sure = {"value": -0.005, "low": -0.005, "high": -0.005}
    none = {"value": 0.1, "low": 0.1, "high": 0.1}
    rows = [
        {"queue": "all", "figure": "cost", "one": same, "other": same, "difference": same, "better": "other"},
        {"queue": "a", "figure": "abandon_rate", "one": none, "other": none, "difference": sure, "better": None},
    ]
    made = {"one": "x", "other": "y", "figures": rows, "currency": "VND"}
    section = comparison(Folder(Path(), compare=made), Words())
    assert isinstance(section, Section)
    assert "23.8" in section.lead[1]
    assert "496" not in " ".join(section.lead)
    assert section.table.rows[1][2] == "nothing drawn"


def test_a_comparison_tells_what_is_not_compared() -> None:
    nothing = {"value": None, "low": None, "high": None}
    some = {"value": 5.0, "low": 4.0, "high": 6.0}
    rows = [{"queue": "all", "figure": "cost", "one": some, "other": some, "difference": nothing, "better": None}]
    made: dict[str, Any] = {"one": "x", "other": "y", "figures": rows, "currency": "EUR", "other_currency": "VND"}
    made |= {"queues_of_one": [], "queues_of_other": ["mail"]}
    made |= {f"{side}_horizon": {"from": "8:00", "to": to} for side, to in (("one", "9:00"), ("other", "10:00"))}
    section = comparison(Folder(Path(), compare=made), Words())
    assert isinstance(section, Section)
    assert section.lead[1:] == [
        "Money is not compared: one is in EUR, other in VND.",
        "Queues of other alone, not compared: mail. All queues and money are of each side's own.",
        "The horizons differ: one is 8:00 – 9:00, other 8:00 – 10:00; each figure is of the whole of its own.",
    ]
    assert section.table.rows[0][1:3] == ["cost, EUR, VND", "not compared"]
    for unpriced, said, currency in (
        (["one"], "one says no prices", "VND"),
        (["other"], "other says no prices", "EUR"),
        (["one", "other"], "neither says prices", "EUR, VND"),
    ):
        section = comparison(Folder(Path(), compare=made | {"unpriced": unpriced}), Words())
        assert isinstance(section, Section)
        assert section.lead[1] == f"Money is not compared: {said}."
        assert section.table.rows[0][1] == f"cost, {currency}"


def test_a_sweep_is_drawn_along_what_has_the_most_values(tmp_path: Path) -> None:
    axes = [parse_vary("queues.sales.strategy=erlang,longest-idle"), parse_vary("volume=0.8:1.2:0.2")]
    write_sweep(sweep(Scenario.of(RAW), axes, 2), tmp_path)
    section = by_key(sections(read_folder(tmp_path), Words("en")))["sweep"]
    assert [name for _, name in section.legend[:2]] == [
        "queues.sales.strategy erlang",
        "queues.sales.strategy longest-idle",
    ]
    drawn = ["".join(shape.itertext()) for shape in section.panels[0].shapes]
    assert [text for text in drawn if text and "%" not in text] == ["0.8", "1", "1.2", "volume"]
    assert len(section.table.rows) == 2 * 3 * 3, "a row for both queues and for all"


def plain(value: float, half: float = 1.0) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half}


def test_a_what_if_is_a_comparison_of_the_record_with_the_policy(tmp_path: Path) -> None:
    figures = {"before": plain(0.7, 0.01), "now": plain(0.8, 0.01), "difference": plain(0.1, 0.02)}
    rows = [{"queue": name, "figure": "service_level", "verdict": "better"} | figures for name in ("sales", "all")]
    decided = {
        side: {"says": f"offered to {side}: the only one free", "why": "the only one free"}
        for side in ("before", "now")
    }
    sides = {"recorded": {"contacts": 21, "abandoned": 0.043, "wait_s": 12.25}}
    sides["model"] = {"contacts": 21, "abandoned": 0.048, "wait_s": 13.0}
    drawn = {"draws": {"abandoned": [0.031, 0.065], "wait_s": [11.5, 14.52]}}
    first = {"at": "2026-11-23T08:03", "contact": HOSTILE} | decided
    made = {
        "log": "/data",
        "seed": 1,
        "replications": 3,
        "confidence": 0.95,
        "figures": rows,
        "first_difference": first,
        "fidelity": {"same_agent": 0.7612, "queues": [{"queue": name} | sides | drawn for name in ("sales", "all")]},
    }
    write_json(made, tmp_path / "whatif.json")
    lead = by_key(sections(read_folder(tmp_path), Words("en")))["comparison"].lead
    assert lead[0] == "One: the recorded rules through the model. Other: the policy."
    assert lead[1] == (
        "How near the model is to the record: 76.1% of those answered got the agent of the record. "
        "sales: 4.3% gave up in the record, 4.8% in the model; mean wait 12.2 s and 13 s "
        "(single draws 3.1%–6.5% and 11.5 s–14.5 s)."
    )
    assert lead[2] == "The policy is better in service level, points: 10.00 (8.00–12.00) more."
    assert lead[3].endswith(
        "The recorded rules: offered to before: the only one free. The policy: offered to now: the only one free."
    ), "a reason stands once"
    assert HOSTILE in "".join(Read(page(read_folder(tmp_path))).text)


@pytest.mark.parametrize(
    ("figure", "apart", "verdict", "words"),
    [
        (
            "service_level",
            -0.1063,
            "worse",
            "The recorded rules through the model are better in service level, points: ",
        ),
        ("abandon_rate", -0.1063, "better", "The policy is better in abandoned, points: "),
        ("abandon_rate", 0.1063, "worse", "The recorded rules through the model are better in abandoned, points: "),
    ],
)
def test_who_is_better_is_told_with_so_much_more_or_less(
    tmp_path: Path, figure: str, apart: float, verdict: str, words: str
) -> None:
    row = {"queue": "all", "figure": figure, "verdict": verdict, "difference": plain(apart, 0.02)}
    figures = [row | {"before": plain(0.5, 0.01), "now": plain(0.5 + apart, 0.01)}]
    made = {"log": "/data", "seed": 1, "replications": 3, "confidence": 0.95, "figures": figures}
    write_json(made, tmp_path / "whatif.json")
    lead = by_key(sections(read_folder(tmp_path), Words("en")))["comparison"].lead
    amount = "more" if figure == "service_level" else "less"
    assert lead[-1] == f"{words}10.63 (8.63–12.63) {amount}."


def test_a_plan_that_keeps_its_targets_with_fewer_at_work_is_not_said_to_lack_them() -> None:
    rows = [
        {"queue": "sales", "interval_start": f"2026-11-23T{8 + place:02}:00:00+07:00", "interval_s": 3600.0}
        | {"agents_required": 5, "agents_scheduled": 5.0, "agents_actual": there, "service_level": 0.9}
        | {f"{name}{end}": 0.9 for name in ("sl", "offered") for end in ("", "_lo", "_hi")}
        for place, there in enumerate((5.0, 4.0, 5.0))
    ]

    def lead(plan: dict[str, Any] | None) -> list[str]:
        return by_key(sections(Folder(Path(), run={"queues": {}}, plan=plan, intervals=rows), Words()))["staffing"].lead

    def missed(count: int) -> dict[str, Any]:
        return {"queues": {"sales": {"target": 0.8, "within_s": 20.0, "intervals_missed": count}}, "groups": {}}

    at = "at most 1.0 at 09:00."
    short = [f"sales: fewer at work than required in 1 of 3 intervals, {at}"]
    assert lead(None) == lead(missed(1)) == short
    said = "sales: the targets hold, though in 1 of 3 intervals fewer are at work than are required by each for itself"
    assert lead(missed(0)) == [f"{said}, {at}"]


def test_structures_and_resilience_are_drawn_from_their_json(tmp_path: Path) -> None:
    months = [
        {"month": month, "volume": 1.0, "service_level": 0.9}
        | {name: plain(month * 10.0 - 15) for name in ("cost", "benefit", "balance")}
        for month in (1, 2, 3)
    ]
    paid = {"value": 2, "low": 2, "high": None}
    one = {"scenario": "central", "currency": "EUR", "investment": 25.0, "balance": plain(15.0)}
    write_json({"seed": 1, "structures": [one | {"payback_month": paid, "months": months}]}, tmp_path / "payback.json")
    amounts = {name: plain(5.0) for name in ("lost", "lost_more", "backlog", "damage")}
    case: dict[str, Any] = {
        "activated_s": None,
        "recovered_s": {"all": 3600.0},
        "service_level_during": {"all": plain(0.5, 0.1)},
    }
    cases = [{"case": name} | amounts | case for name in ("undisturbed", "plan")]
    write_json({"seed": 1, "currency": "EUR", "cases": cases}, tmp_path / "resilience.json")
    found = by_key(sections(read_folder(tmp_path), Words("en")))
    assert found["payback"].lead == [
        "central: 25 EUR at the start, paid back in month 2 (2 to later, if ever); balance after 3 months 15 (14–16)."
    ]
    assert found["resilience"].lead == ["plan: 5 (4–6) more contacts lost; recovered after 1 h."]
    never = [one | {"recovered_s": {"all": None}} for one in cases]
    write_json({"seed": 1, "currency": "EUR", "cases": never}, tmp_path / "resilience.json")
    for language, says in (
        ("en", "plan: 5 (4–6) more contacts lost; not recovered by the end of what was simulated."),
        ("vi", "có phương án: mất thêm 5 (4–6) liên hệ; chưa phục hồi khi mô phỏng kết thúc."),
    ):
        drawn = by_key(sections(read_folder(tmp_path), Words(language)))["resilience"]
        assert drawn.lead == [says]
        assert Words(language)("resilience_not_recovered") in drawn.table.rows[1]
    assert len(Read(page(read_folder(tmp_path), "vi")).text) > 50


def test_long_and_broad_results_make_a_small_page() -> None:
    folder = whole()
    intervals = []
    for number in range(12):
        for place in range(1488):
            row = folder.queues["sales"][place % 4] | {"queue": f"queue {number}"}
            day, minute = divmod(place * 30, 1440)
            row["interval_start"] = f"2026-10-{day + 1:02}T{minute // 60:02}:{minute % 60:02}:00+07:00"
            row["agents_actual"] += place % 7 + place % 11 / 10
            row["service_level"] = (place % 53) / 52
            intervals.append(row)
    waits = [
        row | {"queue": f"queue {number}"} for number in range(12) for row in folder.waits if row["queue"] == "sales"
    ]
    long = msgspec.structs.replace(folder, intervals=intervals, waits=waits, pools=[], scenario=None)
    text = page(long)
    assert len(text.encode()) < BYTES_MAX
    assert re.search(r"of 17,856; the CSV file", text), "and says where the rest is"


def test_amounts_are_told_in_words_to_three_digits() -> None:
    assert Words("en").amount((24_256_789_012.0, 21_900_000_000.0, 28_800_000_000.0)) == "24.3 (21.9–28.8) bn"
    assert Words("vi").amount((900_000_000.0, None, None)) == "900 triệu"
    assert Words("en").amount((-1_234_567.0, -1_500_000.0, 1_000.0)) == "−1.23 (−1.50 to 0.00) M"
    assert Words("en").amount((25.0, None, None)) == "25"
    assert Words("en").amount((None, None, None)) == "–"
